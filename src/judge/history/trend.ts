import { RunningHash } from '../../base/running-hash.js';
import { countText } from '../../base/units.js';
import { shortCommit } from '../../results/short-commit.js';
import { changePoints } from '../../stats/change-points.js';
import type { Better } from '../../stats/metric.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import type { HistoryEntry } from './history-entry.js';

/** Changes of sampled figures that chance brings about once in a hundred series. */
const SIGNIFICANCE = 0.01;
/** Runs on each side of a change of a sampled figure. */
const SHORTEST = 4;

/** One run's figure. */
export interface TrendPoint {
  readonly runId: string;
  readonly startedAt: string;
  readonly commit: string;
  readonly value: number;
}

/** A place where a figure changes its level. */
export interface TrendChange {
  /** Index of the first point at the new level. */
  readonly index: number;
  /** Of the levels before and after, up to the next change. */
  readonly before: number;
  readonly after: number;
  /** Commits that come into question: after the first, up to and including the second. */
  readonly commits: readonly [after: string, upTo: string];
  /** Probability of so clear a change by chance; 0 for an exact figure. */
  readonly p: number;
}

/** One figure over all runs that have it, oldest first. */
export interface Trend {
  readonly cell: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: Better;
  readonly sampled: boolean;
  /** Of a sampled figure; others do not depend on it. */
  readonly hostClass: string;
  readonly points: readonly TrendPoint[];
  readonly changes: readonly TrendChange[];
}

/** "7 runs, 24 figures, of which 6 changed". */
export function trendsHeadline(trends: readonly Trend[], runs: number): string {
  const changed = trends.filter(({ changes }) => changes.length > 0).length;
  return `${countText(runs, 'run')}, ${countText(trends.length, 'figure')}, of which ${changed} changed`;
}

/**
 * The figures of a history with their changes. An exact figure changes wherever its value does; a
 * sampled one where E-divisive says so, separately for each kind of host, since another host is not
 * a change of the program.
 * @param wanted which figures; all others are not looked at
 */
export function trendsOf(
  entries: readonly HistoryEntry[],
  wanted: (cell: string, metric: string) => boolean,
): readonly Trend[] {
  const series = new Map<string, Omit<Trend, 'changes' | 'points'> & { points: TrendPoint[] }>();
  const ordered = [...entries].sort(
    (a, b) => compare(a.startedAt, b.startedAt) || compare(a.runId, b.runId),
  );
  for (const { cells, metrics, runId, startedAt, commit, hostClass } of ordered) {
    for (const [cell, figures] of Object.entries(cells)) {
      for (const [metric, figure] of Object.entries(figures)) {
        if (!wanted(cell, metric)) continue;
        const sampled = typeof figure !== 'number';
        const key = JSON.stringify([cell, metric, sampled ? hostClass : '']);
        const { unit, better } = metrics[metric] ?? { unit: '1', better: 'none' };
        const known = series.get(key) ?? {
          cell,
          metric,
          unit,
          better,
          sampled,
          hostClass,
          points: [],
        };
        series.set(key, known);
        const value = typeof figure === 'number' ? figure : figure.sampled;
        known.points.push({ runId, startedAt, commit, value });
      }
    }
  }
  return [...series.values()].map((one) => ({ ...one, changes: changesOf(one) }));
}

function changesOf(trend: {
  readonly cell: string;
  readonly metric: string;
  readonly sampled: boolean;
  readonly points: readonly TrendPoint[];
}): readonly TrendChange[] {
  const { points, sampled } = trend;
  const values = points.map(({ value }) => value);
  const found = sampled
    ? changePoints(values, {
        seed: seedOf(trend),
        significance: SIGNIFICANCE,
        shortest: SHORTEST,
      })
    : steps(values);
  return found.map(({ index, p }, i) => {
    const from = found[i - 1]?.index ?? 0;
    const to = found[i + 1]?.index ?? values.length;
    return {
      index,
      p,
      before: median(sortedAscending(values.slice(from, index))),
      after: median(sortedAscending(values.slice(index, to))),
      commits: [points[index - 1]?.commit ?? '', points[index]?.commit ?? ''],
    };
  });
}

/** "worse" or "better", where the figure has a better side; else "other". */
export function directionOf(
  { better }: Pick<Trend, 'better'>,
  { before, after }: TrendChange,
): 'worse' | 'better' | 'other' {
  if (better === 'none' || before === after) return 'other';
  return after > before === (better === 'higher') ? 'better' : 'worse';
}

/** As git takes it, what is in the second and not in the first; or that the two runs are of one commit, which explains nothing. */
export function commitRange([after, upTo]: TrendChange['commits']): string {
  if (after !== upTo) return `${shortCommit(after)}..${shortCommit(upTo)}`;
  return after === '' ? shortCommit(after) : `${shortCommit(after)} (both runs)`;
}

function steps(values: readonly number[]): readonly { index: number; p: number }[] {
  return values.flatMap((value, index) =>
    index > 0 && value !== values[index - 1] ? [{ index, p: 0 }] : [],
  );
}

function seedOf({ cell, metric }: { readonly cell: string; readonly metric: string }): number {
  const hash = new RunningHash();
  for (const char of `${cell}:${metric}`) hash.add(char.codePointAt(0) as number);
  return Number.parseInt(hash.digest().slice(0, 8), 16);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
