import { invariant } from '../base/errors.js';
import { Prng } from '../base/prng.js';

/** A place where a series of measurements changes its kind. */
export interface ChangePoint {
  /** The first value of the new kind. */
  readonly index: number;
  /** Probability of so clear a change in a series that has none; 0 where nothing varies. */
  readonly p: number;
}

export interface ChangePointOptions {
  readonly seed: number;
  /** Largest p of a change that counts. */
  readonly significance: number;
  /** Values on each side at least. */
  readonly shortest: number;
}

const PERMUTATIONS = 199;

/**
 * Change points of a series by hierarchical divisive estimation with energy statistics: the split
 * that sets its two sides apart most is kept while hardly any shuffled series splits so clearly,
 * and then both sides are looked at again. Assumes nothing of the distribution; finds changes of
 * level and of spread.
 * Source: Matteson and James, "A Nonparametric Approach for Multiple Change Point Analysis of
 * Multivariate Data", JASA 109, 2014 (E-divisive; exponent 1, and segments that end where the
 * series does); Daly et al., "The Use of Change Point Detection to Identify Software Performance
 * Regressions in a Continuous Integration System", ICPE 2020.
 * @returns in the order of the series
 */
export function changePoints(
  values: readonly number[],
  { seed, significance, shortest }: ChangePointOptions,
): readonly ChangePoint[] {
  invariant(shortest >= 2, 'a side needs two values to have a spread', { shortest });
  const prng = new Prng(seed);
  const borders = [0, values.length];
  const found: ChangePoint[] = [];
  const settled = new Set<number>();
  for (;;) {
    let best: { from: number; to: number; split: Split } | undefined;
    for (let i = 0; i + 1 < borders.length; i++) {
      const from = borders[i] as number;
      const to = borders[i + 1] as number;
      if (settled.has(from)) continue;
      const split = bestSplit(values.slice(from, to), shortest);
      if (split !== undefined && (best === undefined || split.quality > best.split.quality)) {
        best = { from, to, split };
      }
    }
    if (best === undefined) break;
    const segment = values.slice(best.from, best.to);
    const p = chanceOf(best.split.quality, segment, shortest, prng, significance);
    if (p > significance) {
      settled.add(best.from);
      continue;
    }
    const index = best.from + best.split.at;
    found.push({ index, p });
    borders.push(index);
    borders.sort((a, b) => a - b);
  }
  return found.sort((a, b) => a.index - b.index);
}

interface Split {
  /** Values before it. */
  readonly at: number;
  /** Energy distance of the two sides, weighted by their sizes. */
  readonly quality: number;
}

/** Goes through all splits in the square of the length: one value changes sides at a time. */
function bestSplit(values: readonly number[], shortest: number): Split | undefined {
  const count = values.length;
  if (count < 2 * shortest) return undefined;
  let insideLeft = 0;
  let insideRight = 0;
  let across = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) insideRight += distance(values, i, j);
  }
  let best: Split | undefined;
  for (let at = 1; at <= count - shortest; at++) {
    const moved = at - 1;
    let toLeft = 0;
    let toRight = 0;
    for (let j = 0; j < moved; j++) toLeft += distance(values, moved, j);
    for (let j = at; j < count; j++) toRight += distance(values, moved, j);
    insideRight -= toRight;
    across += toRight - toLeft;
    insideLeft += toLeft;
    if (at < shortest) continue;
    const right = count - at;
    const energy =
      (2 * across) / (at * right) -
      (2 * insideLeft) / (at * (at - 1)) -
      (2 * insideRight) / (right * (right - 1));
    const quality = ((at * right) / count) * energy;
    if (best === undefined || quality > best.quality) best = { at, quality };
  }
  return best;
}

function distance(values: readonly number[], i: number, j: number): number {
  return Math.abs((values[i] as number) - (values[j] as number));
}

/** How often a shuffled segment splits at least as clearly; gives up once it is clearly chance. */
function chanceOf(
  quality: number,
  segment: readonly number[],
  shortest: number,
  prng: Prng,
  significance: number,
): number {
  if (segment.every((value) => value === segment[0])) return 1;
  const shuffled = [...segment];
  let asClear = 1;
  for (let i = 0; i < PERMUTATIONS; i++) {
    const split = bestSplit(prng.shuffle(shuffled), shortest);
    if (split !== undefined && split.quality >= quality) asClear++;
    if (asClear / (PERMUTATIONS + 1) > significance) return 1;
  }
  return asClear / (PERMUTATIONS + 1);
}
