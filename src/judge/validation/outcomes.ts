import { formatBytes } from '../../base/units.js';
import type { Cell } from '../../results/types.js';
import { knownDifference } from './known-differences.js';

/** One thing that was seen, on both sides. */
export interface OutcomeField {
  readonly name: string;
  readonly model: string;
  readonly real: string;
  readonly agrees: boolean;
  /** Why they differ, where that is known. */
  readonly why?: string;
}

/**
 * - `agrees`: in every field that both have.
 * - `explained`: they differ, and it is known why.
 * - `differs`: nobody can say why; the model does not hold.
 * - `not compared`: one side has nothing to compare; the row says why.
 */
export type OutcomeVerdict = 'agrees' | 'explained' | 'differs' | 'not compared';

/** What became of one cell, in the model and on real Xen. */
export interface OutcomeRow {
  readonly cell: string;
  readonly transport: string;
  readonly scenario: string;
  readonly guestType: string;
  readonly fields: readonly OutcomeField[];
  readonly verdict: OutcomeVerdict;
  readonly reason?: string;
}

export interface OutcomeSummary {
  readonly cells: number;
  readonly agree: number;
  readonly explained: number;
  readonly differ: number;
  readonly notCompared: number;
}

/** Metrics that are outcomes as well: how many of something there were. */
const COUNTED = ['framesStuck', 'connections', 'eventChannelsPerConnection'];
/** Sentences, which each side words for itself. */
const WORDED = ['reason'];
/** Parameters in which cells of the two testbeds may differ: all domains of real Xen share one CPU here. */
const NOT_IN_KEY = ['placement', 'seed', 'messages'];
/** A part of a whole number of event channels: which of both sides took the last before the limit. */
const SHARE = 0.05;

/** What breaks, on both sides: cells of real Xen with the model's of the same parameters. */
export function compareOutcomes(
  model: readonly Cell[],
  real: readonly Cell[],
): readonly OutcomeRow[] {
  const byKey = new Map(real.map((cell) => [keyOf(cell), cell]));
  return model.flatMap((cell) => {
    const met = byKey.get(keyOf(cell));
    return met === undefined ? [] : [rowOf(cell, met)];
  });
}

export function summariseOutcomes(rows: readonly OutcomeRow[]): OutcomeSummary {
  const of = (verdict: OutcomeVerdict): number =>
    rows.filter((row) => row.verdict === verdict).length;
  const notCompared = of('not compared');
  return {
    cells: rows.length - notCompared,
    agree: of('agrees'),
    explained: of('explained'),
    differ: of('differs'),
    notCompared,
  };
}

function keyOf({ transport, scenario, parameters }: Cell): string {
  const names = Object.keys(parameters)
    .filter((name) => !NOT_IN_KEY.includes(name))
    .sort();
  return JSON.stringify([transport, scenario, ...names.map((name) => [name, parameters[name]])]);
}

function rowOf(model: Cell, real: Cell): OutcomeRow {
  const frame = {
    cell: outcomeLabel(model),
    transport: model.transport,
    scenario: model.scenario,
    guestType: String(model.parameters['guestType'] ?? ''),
  };
  const unsound = [model, real].find(({ verdict }) => verdict !== 'valid');
  if (unsound !== undefined) {
    const side = unsound === model ? "the model's" : "real Xen's";
    const reason = `${side} cell is ${unsound.verdict}: ${unsound.reason?.split('\n')[0] ?? ''}`;
    return { ...frame, fields: [], verdict: 'not compared', reason };
  }
  const seen = seenIn(real);
  const fields = [...seenIn(model)].flatMap(([name, value]) => {
    const other = seen.get(name);
    return other === undefined ? [] : [fieldOf(model, name, value, other)];
  });
  return { ...frame, fields, verdict: verdictOf(fields) };
}

type Seen = string | number | boolean;

/** Everything of a cell that says what became of it. */
function seenIn(cell: Cell): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>(
    Object.entries(cell.outcome ?? {}).filter(([name]) => !WORDED.includes(name)),
  );
  for (const name of COUNTED) {
    const metric = cell.metrics[name];
    if (metric !== undefined) seen.set(name, metric.value);
  }
  return seen;
}

function fieldOf(cell: Cell, name: string, model: Seen, real: Seen): OutcomeField {
  const agrees = isSame(name, model, real);
  const why = agrees ? undefined : knownDifference(cell, name, model, real);
  return {
    name,
    model: text(model),
    real: text(real),
    agrees,
    ...(why === undefined ? {} : { why }),
  };
}

function isSame(name: string, model: Seen, real: Seen): boolean {
  if (name !== 'eventChannelsPerConnection') return model === real;
  return Math.abs(Number(model) - Number(real)) <= SHARE * Math.max(1, Number(model));
}

function text(value: Seen): string {
  return typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value);
}

function verdictOf(fields: readonly OutcomeField[]): OutcomeVerdict {
  const off = fields.filter(({ agrees }) => !agrees);
  if (off.length === 0) return 'agrees';
  return off.every(({ why }) => why !== undefined) ? 'explained' : 'differs';
}

/** Parameters that all scenarios have; what is left are the settings of one. */
const COMMON = [
  'ringSizeBytes',
  'messageSizeBytes',
  'messages',
  'guestType',
  'grantMode',
  'placement',
  'seed',
];

/** "v2v broker-outage, pvh, ring 4 KiB, downMs=500, service=broker, when=before" */
export function outcomeLabel({ transport, scenario, parameters }: Cell): string {
  const settings = Object.keys(parameters)
    .filter((name) => !COMMON.includes(name))
    .sort()
    .map((name) => `${name}=${parameters[name]}`);
  const ring = formatBytes(Number(parameters['ringSizeBytes']));
  return [
    `${transport} ${scenario}`,
    String(parameters['guestType']),
    `ring ${ring}`,
    ...settings,
  ].join(', ');
}
