import {
  judgeSampled,
  type SampledJudgement,
  type SampledPair,
} from '../judge/gate/sampled-figure.js';
import type { ComparedRow, ComparedTable, ComparedValue } from './comparison.js';

/** What the statistics of the gate say of two sampled figures. */
export interface SampledDifference {
  /** False: nobody can tell them apart. */
  readonly established: boolean;
  /** New over old, or second over best, with its 95 % interval; undefined where there are too few samples. */
  readonly ratio: readonly [low: number, middle: number, high: number] | undefined;
  /** P of the rank test, adjusted over all sampled figures that are compared; undefined as above. */
  readonly adjustedP: number | undefined;
}

/**
 * Tables in which sampled figures are told apart as the gate does it: by the bootstrap interval of the ratio of their medians,
 * and by the rank test, adjusted for how many are compared at once. Exact figures stay as they are.
 */
export function withStatistics(tables: readonly ComparedTable[]): readonly ComparedTable[] {
  const pairs = new Map<ComparedRow, SampledPair>();
  for (const table of tables) {
    for (const row of table.rows) {
      const pair = pairOf(table, row);
      if (pair !== undefined) pairs.set(row, pair);
    }
  }
  if (pairs.size === 0) return tables;
  const judgements = new Map(
    judgeSampled([...pairs.values()]).map((judgement) => [judgement.pair, judgement]),
  );
  return tables.map((table) => ({
    ...table,
    rows: table.rows.map((row): ComparedRow => {
      const pair = pairs.get(row);
      const judgement = pair && judgements.get(pair);
      if (judgement === undefined) return row;
      const sampled = differenceOf(judgement);
      return { ...row, sampled, best: sampled.established ? bestOf(table, row) : -1 };
    }),
  }));
}

/** The two figures that a row sets against each other, if both are sampled: before and after, or the two best. */
function pairOf(table: ComparedTable, row: ComparedRow): SampledPair | undefined {
  const known = row.values.filter((value) => value !== undefined);
  const [before, after] = table.isBeforeAfter ? row.values : byMerit(table, known);
  if (before?.samples === undefined || after?.samples === undefined) return undefined;
  const { name, unit, better } = table.metric;
  const metric = (samples: readonly number[], value: number) =>
    ({ value, unit, better, assume: 'nothing', samples }) as const;
  return {
    cell: JSON.stringify([table.scenario, row.keys]),
    metric: name,
    before: metric(before.samples, before.value),
    after: metric(after.samples, after.value),
    samples: after.samples,
    threshold: 0,
    noiseFloor: 0,
  };
}

function byMerit(
  { metric }: ComparedTable,
  values: readonly ComparedValue[],
): readonly ComparedValue[] {
  return [...values].sort((a, b) =>
    metric.better === 'lower' ? a.value - b.value : b.value - a.value,
  );
}

function bestOf(table: ComparedTable, row: ComparedRow): number {
  const known = row.values.filter((value) => value !== undefined);
  return row.values.indexOf(byMerit(table, known)[0]);
}

/** The gate counts how many times as bad; here it is new over old. */
function differenceOf({ pair, verdict, evidence }: SampledJudgement): SampledDifference {
  const established = verdict === 'worse' || verdict === 'better' || verdict === 'different';
  if (evidence === undefined) return { established, ratio: undefined, adjustedP: undefined };
  const { ratio, interval, adjustedP } = evidence;
  const [low, high] = interval;
  return {
    established,
    ratio: pair.after.better === 'higher' ? [1 / high, 1 / ratio, 1 / low] : [low, ratio, high],
    adjustedP,
  };
}
