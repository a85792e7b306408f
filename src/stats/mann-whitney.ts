import { invariant } from '../base/errors.js';
import { normalUpperTail } from './normal-tail.js';

/** What the rank test of Mann and Whitney says of two samples. */
export interface MannWhitney {
  /** Pairs in which the value of the second sample is larger; a tie counts one half. */
  readonly u: number;
  /** Probability of a result at least so far from the middle, were both samples of one kind. */
  readonly twoSided: number;
  /** Probability that chance alone makes the second sample look so much larger. */
  readonly secondLarger: number;
  readonly secondSmaller: number;
  /** `exact`: every way to deal the ranks was counted, ties included. */
  readonly method: 'exact' | 'normal';
}

/** Together so many samples are counted out; beyond them the normal approximation is good. */
const MOST_EXACT = 60;

/**
 * Mann and Whitney's test of two independent samples in any order. Assumes nothing of their
 * distributions. Up to 60 values together the p-values are exact, also with ties (the permutation
 * distribution of the midranks); beyond, normal with corrections for ties and continuity.
 * Source: Mann and Whitney, Annals of Mathematical Statistics 18(1), 1947; Lehmann,
 * "Nonparametrics", 1.2 and 1.4.
 * @param first at least one value, all finite
 * @param second the same
 */
export function mannWhitney(first: ArrayLike<number>, second: ArrayLike<number>): MannWhitney {
  invariant(first.length > 0 && second.length > 0, 'a rank test needs samples on both sides');
  const ranks = doubledRanks(first, second);
  const n = first.length;
  const m = second.length;
  let sum = 0;
  for (let i = n; i < n + m; i++) sum += ranks.ofValue[i] as number;
  const u = (sum - m * (m + 1)) / 2;
  const tails =
    n + m <= MOST_EXACT ? exactTails(ranks, m, sum) : normalTails(n, m, u, ranks.tieCubes);
  return {
    u,
    twoSided: Math.min(1, 2 * Math.min(tails.atLeast, tails.atMost)),
    secondLarger: tails.atLeast,
    secondSmaller: tails.atMost,
    method: n + m <= MOST_EXACT ? 'exact' : 'normal',
  };
}

/**
 * The smallest two-sided p-value that samples of these sizes can give: 2 over the ways to choose.
 */
export function smallestTwoSidedP(n: number, m: number): number {
  let ways = 1;
  for (let k = 1; k <= Math.min(n, m); k++) ways = (ways * (n + m + 1 - k)) / k;
  return Math.min(1, 2 / ways);
}

interface Ranks {
  /** Twice the midrank of each value, first sample first: always a whole number. */
  readonly ofValue: Float64Array;
  /** Sum of t^3 - t over groups of t equal values; 0 without ties. */
  readonly tieCubes: number;
}

interface Tails {
  readonly atLeast: number;
  readonly atMost: number;
}

function doubledRanks(first: ArrayLike<number>, second: ArrayLike<number>): Ranks {
  const values = new Float64Array(first.length + second.length);
  values.set(Array.from(first));
  values.set(Array.from(second), first.length);
  const order = Array.from(values.keys()).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const ofValue = new Float64Array(values.length);
  let tieCubes = 0;
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] as number] as number;
    invariant(Number.isFinite(value), 'a sample is not a finite number', { value });
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === value) to++;
    for (let i = from; i < to; i++) ofValue[order[i] as number] = from + to + 1;
    const ties = to - from;
    tieCubes += ties * ties * ties - ties;
    from = to;
  }
  return { ofValue, tieCubes };
}

/** Distributions without ties depend on the two sizes alone, and one gate asks for few sizes. */
const withoutTies = new Map<string, Float64Array>();

function exactTails({ ofValue, tieCubes }: Ranks, m: number, sum: number): Tails {
  const key = `${ofValue.length} ${m}`;
  let ways = tieCubes === 0 ? withoutTies.get(key) : undefined;
  if (ways === undefined) {
    ways = waysOfSums(ofValue, m);
    if (tieCubes === 0) withoutTies.set(key, ways);
  }
  let total = 0;
  let atMost = 0;
  let atLeast = 0;
  for (let s = 0; s < ways.length; s++) {
    const count = ways[s] as number;
    total += count;
    if (s <= sum) atMost += count;
    if (s >= sum) atLeast += count;
  }
  return { atLeast: atLeast / total, atMost: atMost / total };
}

/** In how many ways `size` of the doubled ranks add up to each sum. */
function waysOfSums(doubled: Float64Array, size: number): Float64Array {
  const largest = [...doubled].sort((a, b) => b - a).slice(0, size);
  const width = largest.reduce((sum, rank) => sum + rank, 0) + 1;
  const table = Array.from({ length: size + 1 }, () => new Float64Array(width));
  (table[0] as Float64Array)[0] = 1;
  doubled.forEach((rank, used) => {
    for (let k = Math.min(size, used + 1); k >= 1; k--) {
      const from = table[k - 1] as Float64Array;
      const to = table[k] as Float64Array;
      for (let s = width - 1; s >= rank; s--)
        to[s] = (to[s] as number) + (from[s - rank] as number);
    }
  });
  return table[size] as Float64Array;
}

function normalTails(n: number, m: number, u: number, tieCubes: number): Tails {
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - tieCubes / (all * (all - 1)));
  // All values are equal: nothing can be told apart.
  if (!(variance > 0)) return { atLeast: 1, atMost: 1 };
  const deviation = Math.sqrt(variance);
  const middle = (n * m) / 2;
  return {
    atLeast: normalUpperTail((u - middle - 0.5) / deviation),
    atMost: normalUpperTail((middle - u - 0.5) / deviation),
  };
}
