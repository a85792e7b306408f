import { invariant } from '../base/errors.js';
import { median, sortedAscending } from './quantile.js';

/** Shorter series say nothing of their neighbours. */
const SHORTEST = 5;
/** Below it, blocks of the bootstrap are enough. */
const NEGLIGIBLE = 0.1;
const LARGEST = 0.9;

/**
 * How much each sample resembles the one before it, 0 to 0.9, over several series that were taken
 * in the same way: by ranks, so that single values that stick out do not hide it, freed of the bias
 * of short series, and 0 where chance alone would bring it about.
 * Source: Marriott and Pope, "Bias in the estimation of autocorrelations", Biometrika 41, 1954.
 * @param series each in the order taken
 */
export function serialCorrelation(series: readonly ArrayLike<number>[]): number {
  let weighted = 0;
  let weight = 0;
  for (const values of series) {
    const count = values.length;
    if (count < SHORTEST) continue;
    const correlation = (lagOne(values) + 1 / count) / (1 - 3 / count);
    weighted += correlation * count;
    weight += count;
  }
  if (weight === 0) return 0;
  const pooled = weighted / weight;
  const chance = 2 / Math.sqrt(weight);
  return pooled <= Math.max(NEGLIGIBLE, chance) ? 0 : Math.min(LARGEST, pooled);
}

/**
 * So many samples make a batch whose median hardly depends on that of the batch before it: twice
 * the factor by which the correlation takes worth from samples; 1 without correlation.
 */
export function batchLength(correlation: number): number {
  if (correlation === 0) return 1;
  return Math.ceil((2 * (1 + correlation)) / (1 - correlation));
}

/**
 * Medians of batches of neighbours, in order. What does not fill a batch is dropped at the
 * beginning, where warming up would be.
 */
export function batchMedians(values: ArrayLike<number>, length: number): readonly number[] {
  invariant(length >= 1, 'a batch holds at least one sample', { length });
  const all = Array.from(values);
  if (length === 1) return all;
  const medians: number[] = [];
  for (let from = all.length % length; from < all.length; from += length) {
    medians.push(median(sortedAscending(all.slice(from, from + length))));
  }
  return medians;
}

/** Correlation of the ranks of neighbours; 0 where all are equal. */
function lagOne(values: ArrayLike<number>): number {
  const ranks = midranks(values);
  const middle = (values.length - 1) / 2;
  let products = 0;
  let squares = 0;
  for (let i = 0; i < ranks.length; i++) {
    const here = (ranks[i] as number) - middle;
    squares += here * here;
    if (i > 0) products += here * ((ranks[i - 1] as number) - middle);
  }
  return squares === 0 ? 0 : products / squares;
}

/** Ranks from 0; equal values share the middle of theirs. */
function midranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let i = from; i < to; i++) ranks[order[i] as number] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}
