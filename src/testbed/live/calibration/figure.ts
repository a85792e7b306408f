import { percentile, sortedAscending } from '../../../stats/quantile.js';

/** One thing that was measured on this host. */
export interface Figure {
  readonly name: string;
  readonly meaning: string;
  readonly unit: 'ns' | 'ps/B';
  /** Median of the repeats. */
  readonly value: number;
  /** Where repeats lay, and a margin: another calibration of this host is expected inside. */
  readonly low: number;
  readonly high: number;
  /** One figure a repeat, in the order taken. */
  readonly repeats: readonly number[];
  /** `high`: repeats lie close together; `low`: other load or a noisy host has spread them. */
  readonly confidence: 'high' | 'medium' | 'low';
}

/** The margin of what is a small difference of larger figures. */
export const SMALL_DIFFERENCE = 0.5;
/** So far beyond its repeats may a figure lie another time. */
const MARGIN = 0.25;
const CLOSE = 1.15;
const WIDE = 1.6;

/** Repeats that are left out: the compiler is still at work. */
export const COLD_REPEATS = 2;

/**
 * Makes a figure of repeats. Each repeat must be robust by itself (a low quantile of many short samples): load by others
 * only ever adds time.
 */
export function figureOf(
  name: string,
  unit: Figure['unit'],
  meaning: string,
  repeats: readonly number[],
  margin = MARGIN,
): Figure {
  const sorted = sortedAscending(repeats);
  const low = sorted[0] as number;
  const high = sorted[sorted.length - 1] as number;
  const ratio = percentile(sorted, 90) / Math.max(percentile(sorted, 10), Number.MIN_VALUE);
  return {
    name,
    unit,
    meaning,
    value: percentile(sorted, 50),
    low: low * (1 - margin),
    high: high * (1 + margin),
    repeats,
    confidence: ratio < CLOSE ? 'high' : ratio < WIDE ? 'medium' : 'low',
  };
}

/** The best tenth of samples, of which the worst counts: what the machine does when nobody disturbs it. */
export function bestTenth(samples: ArrayLike<number>): number {
  return percentile(sortedAscending(samples), 10);
}

/** What could not be measured here, and why. */
export interface Missing {
  readonly name: string;
  readonly reason: string;
}
