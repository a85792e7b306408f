import { invariant } from '../base/errors.js';

/**
 * A confidence interval of the median that assumes nothing of the distribution but independent
 * samples.
 */
export interface MedianInterval {
  readonly low: number;
  readonly high: number;
  /** Ranks of the two order statistics, from 1. */
  readonly lowRank: number;
  readonly highRank: number;
  /** What the interval really covers: at least what was asked for, since ranks are whole. */
  readonly confidence: number;
}

/** A sorted copy. Refuses NaN and infinities, which have no place in an order of measurements. */
export function sortedAscending(values: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(values);
  for (let i = 0; i < sorted.length; i++) {
    invariant(Number.isFinite(sorted[i]), 'a sample is not a finite number', {
      index: i,
      value: sorted[i],
    });
  }
  return sorted.sort();
}

/** The middle value, or the mean of the two middle ones. Throws InvariantViolation when empty. */
export function median(sorted: ArrayLike<number>): number {
  invariant(sorted.length > 0, 'the median of no samples does not exist');
  const upper = sorted[sorted.length >>> 1] as number;
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[(sorted.length >>> 1) - 1] as number;
  return lower + (upper - lower) / 2;
}

/**
 * The percentile by nearest rank: the smallest sample that at least `percent` of all samples do not
 * exceed. It is always a sample that was taken, never an interpolation (so the 50th percentile of
 * an even number of samples is the lower middle one, unlike `median`).
 * @param sorted ascending, not empty
 * @param percent see nearestRank
 */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  return sorted[nearestRank(sorted.length, percent) - 1] as number;
}

/**
 * Percentiles have three decimals at most, so that ranks come from whole numbers and never from
 * rounding luck.
 */
const PARTS_PER_PERCENT = 1000;

/**
 * The rank (from 1) of a percentile among `count` samples: ceil(percent / 100 * count), computed in
 * integers, since 99.9 / 100 * 1000 in floating point is not always 999.
 * @param count 1 to 9e10
 * @param percent 0 to 100, three decimals at most; 0 gives the first rank
 */
export function nearestRank(count: number, percent: number): number {
  invariant(Number.isSafeInteger(count) && count > 0, 'a percentile needs samples', { count });
  const parts = Math.round(percent * PARTS_PER_PERCENT);
  invariant(
    percent >= 0 && percent <= 100 && Math.abs(parts / PARTS_PER_PERCENT - percent) < 1e-9,
    'a percentile is 0 to 100 with three decimals at most',
    { percent },
  );
  const whole = 100 * PARTS_PER_PERCENT;
  const product = count * parts;
  invariant(product <= Number.MAX_SAFE_INTEGER, 'too many samples for an exact rank', { count });
  const remainder = product % whole;
  const rank = (product - remainder) / whole + (remainder === 0 ? 0 : 1);
  return Math.max(rank, 1);
}

/**
 * Order-statistic interval of the median: the closest pair of symmetric ranks that covers the
 * median with at least the given confidence, by the binomial distribution with p = 1/2. Undefined
 * when there are too few samples for a finite interval: 95 % needs six, 99 % needs eight.
 * Source: David and Nagaraja, "Order Statistics", 3rd edition, 7.1; Le Boudec, "Performance
 * Evaluation", 2.2.2.
 * @param sorted ascending
 * @param confidence above 0, below 1
 */
export function medianInterval(
  sorted: ArrayLike<number>,
  confidence = 0.95,
): MedianInterval | undefined {
  invariant(confidence > 0 && confidence < 1, 'a confidence lies between 0 and 1', { confidence });
  const ranks = medianRanks(sorted.length, confidence);
  if (ranks === undefined) return undefined;
  return {
    low: sorted[ranks.lowRank - 1] as number,
    high: sorted[ranks.highRank - 1] as number,
    ...ranks,
  };
}

/** A confidence that is met but for rounding counts as met. */
const ROUNDING = 1e-12;

function medianRanks(
  count: number,
  confidence: number,
): { lowRank: number; highRank: number; confidence: number } | undefined {
  if (count === 0) return undefined;
  const { weights, total } = fairBinomialWeights(count);
  let below = 0;
  let covered: number | undefined;
  let lowRank = 0;
  for (let k = 0; k < weights.length && lowRank < count - lowRank; k++) {
    below += weights[k] as number;
    const inside = 1 - (2 * below) / total;
    if (inside < confidence - ROUNDING) break;
    covered = inside;
    lowRank = k + 1;
  }
  if (covered === undefined) return undefined;
  return { lowRank, highRank: count - lowRank + 1, confidence: covered };
}

/**
 * Weights of 0 .. floor(n/2) successes in n fair trials, relative to the largest of them, and the
 * sum over 0 .. n. Scaled so because 2^-n itself is zero in a double from n = 1075 on; far tails
 * underflow to zero harmlessly.
 */
function fairBinomialWeights(count: number): { weights: Float64Array; total: number } {
  const middle = Math.floor(count / 2);
  const weights = new Float64Array(middle + 1);
  weights[middle] = 1;
  for (let k = middle; k > 0; k--) {
    weights[k - 1] = ((weights[k] as number) * k) / (count - k + 1);
  }
  let half = 0;
  for (let k = 0; k < middle; k++) half += weights[k] as number;
  return { weights, total: count % 2 === 0 ? 2 * half + 1 : 2 * (half + 1) };
}
