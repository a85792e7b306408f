import type { MetricValue } from '../../results/types.js';
import { type ComparisonVerdict, compareExact } from '../../stats/comparison.js';
import { changeText, differenceText, figureText, shareText } from './figure-text.js';
import type { Allowance } from './policy.js';

/** How a figure is compared. */
export type Method =
  /** Cannot vary: equality, or within what the policy allows. */
  | 'exact'
  /** A count on real Xen: against the spread of runs whose phases were shifted. */
  | 'spread'
  /** A wall-clock figure: a sample. */
  | 'sampled';

/** What can be said of a figure without statistics. */
export interface FigureComparison {
  readonly verdict: ComparisonVerdict | 'inconclusive';
  /** By which part of the old value it is worse; below 0: better. */
  readonly worse: number;
  readonly message: string;
}

export function methodOf(metric: MetricValue): Method {
  if (metric.assume === 'exact') return 'exact';
  // Only counts say by what they are determined; times of the wall clock are by everything.
  return metric.determinedBy === undefined ? 'sampled' : 'spread';
}

/** Two values of one seed, or two counts with their spreads. Sampled figures must not come here. */
export function compareFigure(
  before: MetricValue,
  after: MetricValue,
  allowance: Allowance | undefined,
): FigureComparison {
  const spread = [before, after].some((metric) => methodOf(metric) === 'spread');
  return spread ? compareSpread(before, after, allowance) : compareOne(before, after, allowance);
}

function compareOne(
  before: MetricValue,
  after: MetricValue,
  allowance: Allowance | undefined,
): FigureComparison {
  const { verdict } = compareExact(before.value, after.value, after.better, allowance ?? {});
  if (verdict === 'same') return { verdict, worse: 0, message: '' };
  return {
    verdict,
    worse: worseBy(before.value, after.value, after.better),
    message: movement(before, after) + allowedText(allowance),
  };
}

/**
 * Worse where even the lowest of the new values is above the highest of the old ones (where lower
 * is better); the same while the typical new value lies within the old spread; between the two,
 * nobody can tell.
 */
function compareSpread(
  before: MetricValue,
  after: MetricValue,
  allowance: Allowance | undefined,
): FigureComparison {
  const [oldLow, oldHigh] = before.interval ?? [before.value, before.value];
  const [low, high] = after.interval ?? [after.value, after.value];
  const slack = Math.max(
    (allowance?.relative ?? 0) * Math.abs(before.value),
    allowance?.absolute ?? 0,
  );
  const above = low > oldHigh + slack;
  const below = high < oldLow - slack;
  const inside = after.value <= oldHigh + slack && after.value >= oldLow - slack;
  const worse = worseBy(before.value, after.value, after.better);
  const spreads = ` (before ${rangeText(oldLow, oldHigh, before.unit)}, now ${rangeText(low, high, after.unit)})`;
  const message = movement(before, after) + spreads + allowedText(allowance);
  if (above || below) {
    if (after.better === 'none') return { verdict: 'different', worse: 0, message };
    return { verdict: above === (after.better === 'lower') ? 'worse' : 'better', worse, message };
  }
  if (inside) return { verdict: 'same', worse: 0, message: '' };
  return { verdict: 'inconclusive', worse, message: `${message}: the spreads overlap` };
}

/** By which part of the old value the new one is worse; infinite where the old one was 0. */
export function worseBy(before: number, after: number, better: MetricValue['better']): number {
  if (before === after) return 0;
  const sign = better === 'higher' ? -1 : 1;
  if (before === 0) return sign * (after > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
  const share = (after - before) / Math.abs(before);
  return better === 'none' ? Math.abs(share) : sign * share;
}

/** "12.44 -> 12.63 us (+190 ns, +1.53 %)". */
export function movement(before: MetricValue, after: MetricValue): string {
  const { unit } = after;
  const difference = differenceText(after.value - before.value, unit);
  const share = shareText((after.value - before.value) / Math.abs(before.value));
  const both = share === '' ? difference : `${difference}, ${share}`;
  return `${changeText(before.value, after.value, unit)} (${both})`;
}

function allowedText(allowance: Allowance | undefined): string {
  return allowance === undefined ? '' : `, allowed ${allowance.text}`;
}

function rangeText(low: number, high: number, unit: string): string {
  return low === high
    ? figureText(low, unit)
    : `${figureText(low, unit)} to ${figureText(high, unit)}`;
}
