import { invariant } from '../base/errors.js';
import type { Prng } from '../base/prng.js';
import { median, nearestRank, sortedAscending } from './quantile.js';

/** A ratio of two medians, and how sure it is. */
export interface MedianRatio {
  /** Median of the second sample over that of the first. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly prng: Prng;
  /** Of the two-sided percentile interval: above 0, below 1. */
  readonly confidence: number;
  readonly resamples: number;
}

/**
 * The ratio of two medians with its interval by the circular block bootstrap: blocks of neighbouring
 * samples are drawn, not single ones, since samples that were taken one after the other resemble
 * each other. Blocks are as long as the cube root of the sample, rounded up.
 * Source: Politis and Romano, "A circular block-resampling procedure for stationary data", 1992;
 * Efron and Tibshirani, "An Introduction to the Bootstrap", 13.3.
 * @param first in the order taken; its median must be above 0, like all its values
 * @param second the same
 */
export function ratioOfMedians(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { prng, confidence, resamples }: BootstrapOptions,
): MedianRatio {
  invariant(confidence > 0 && confidence < 1, 'a confidence lies between 0 and 1', { confidence });
  const below = new Resampler(first);
  const above = new Resampler(second);
  const ratios = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    const denominator = below.median(prng);
    ratios[i] = above.median(prng) / denominator;
  }
  ratios.sort();
  const outside = ((1 - confidence) / 2) * 100;
  const percent = Math.round(outside * 1000) / 1000;
  return {
    ratio: above.observed / below.observed,
    low: ratios[nearestRank(resamples, percent) - 1] as number,
    high: ratios[nearestRank(resamples, 100 - percent) - 1] as number,
  };
}

/**
 * Medians of resamples without sorting them: each value's rank is known beforehand, so that it is
 * enough to count how often each rank was drawn.
 */
class Resampler {
  readonly observed: number;
  private readonly sorted: Float64Array;
  /** Rank of each sample, in the order taken, twice: so a block may run over the end. */
  private readonly ranks: Int32Array;
  private readonly drawn: Int32Array;
  private readonly blockLength: number;

  constructor(samples: ArrayLike<number>) {
    const count = samples.length;
    invariant(count > 0, 'there are no samples to draw from');
    this.sorted = sortedAscending(samples);
    invariant((this.sorted[0] as number) > 0, 'a ratio of medians needs values above 0', {
      smallest: this.sorted[0],
    });
    this.observed = median(this.sorted);
    const order = Array.from({ length: count }, (_, i) => i).sort(
      (a, b) => (samples[a] as number) - (samples[b] as number),
    );
    this.ranks = new Int32Array(2 * count);
    order.forEach((index, rank) => {
      this.ranks[index] = rank;
      this.ranks[index + count] = rank;
    });
    this.drawn = new Int32Array(count);
    this.blockLength = cubeRootUp(count);
  }

  median(prng: Prng): number {
    const { drawn, ranks, sorted, blockLength } = this;
    const count = sorted.length;
    drawn.fill(0);
    for (let left = count; left > 0; ) {
      const from = prng.below(count);
      const length = Math.min(blockLength, left);
      for (let i = from; i < from + length; i++) {
        const rank = ranks[i] as number;
        drawn[rank] = (drawn[rank] as number) + 1;
      }
      left -= length;
    }
    const upperPlace = count >>> 1;
    const lowerPlace = count % 2 === 1 ? upperPlace : upperPlace - 1;
    let seen = 0;
    let rank = -1;
    while (seen <= lowerPlace) seen += drawn[++rank] as number;
    const lower = sorted[rank] as number;
    while (seen <= upperPlace) seen += drawn[++rank] as number;
    const upper = sorted[rank] as number;
    return lower + (upper - lower) / 2;
  }
}

/** The smallest whole number whose cube is not below `count`. */
function cubeRootUp(count: number): number {
  let root = 1;
  while (root * root * root < count) root++;
  return root;
}
