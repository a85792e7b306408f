import { invariant } from '../base/errors.js';
import { median, medianInterval, sortedAscending } from './quantile.js';

/** A sampled series in brief. The minimum is a secondary figure: it says what was possible once. */
export interface SeriesSummary {
  readonly count: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Of the median. Undefined with too few samples for a finite interval at this confidence. */
  readonly interval: readonly [low: number, high: number] | undefined;
  /** What was asked for. */
  readonly confidence: number;
}

/**
 * Summarises samples in any order; throws InvariantViolation when there are none or one is not
 * finite.
 */
export function summarise(samples: ArrayLike<number>, confidence = 0.95): SeriesSummary {
  invariant(samples.length > 0, 'a series without samples has no summary');
  const sorted = sortedAscending(samples);
  const interval = medianInterval(sorted, confidence);
  return {
    count: sorted.length,
    median: median(sorted),
    min: sorted[0] as number,
    max: sorted[sorted.length - 1] as number,
    interval: interval === undefined ? undefined : [interval.low, interval.high],
    confidence,
  };
}

/** The mean that suits rates over equal amounts of work. All values above 0. */
export function harmonicMean(values: ArrayLike<number>): number {
  const sorted = positiveSorted(values, 'harmonic');
  let reciprocals = 0;
  for (let i = sorted.length - 1; i >= 0; i--) reciprocals += 1 / (sorted[i] as number);
  return sorted.length / reciprocals;
}

/**
 * The mean that suits ratios: n-th root of the product. All values above 0. Exact arithmetic only
 * (no logarithm, which differs between machines): the product is kept as mantissa and power of two,
 * and the root is found by halving. The order of the values does not matter.
 */
export function geometricMean(values: ArrayLike<number>): number {
  const sorted = positiveSorted(values, 'geometric');
  let product: Scaled = { mantissa: 1, exponent: 0 };
  for (const value of sorted) product = multiply(product, scaled(value));
  // product = m * 2^(n*q + r) with 0 <= r < n, so its n-th root is 2^q times a root that lies in
  // [1, 2].
  const count = sorted.length;
  const quotient = Math.floor(product.exponent / count);
  const root = rootBetweenOneAndTwo(
    { mantissa: product.mantissa, exponent: product.exponent - quotient * count },
    count,
  );
  return timesPowerOfTwo(root, quotient);
}

function positiveSorted(values: ArrayLike<number>, kind: string): Float64Array {
  invariant(values.length > 0, `a ${kind} mean needs values`);
  const sorted = sortedAscending(values);
  invariant((sorted[0] as number) > 0, `a ${kind} mean needs values above 0`, {
    smallest: sorted[0],
  });
  return sorted;
}

/** mantissa * 2^exponent with 1 <= mantissa < 2: cannot overflow however many factors there are. */
interface Scaled {
  readonly mantissa: number;
  readonly exponent: number;
}

const TWO_POW_54 = 18014398509481984;
const wordView = new DataView(new ArrayBuffer(8));

function scaled(value: number): Scaled {
  // Subnormal numbers carry no hidden bit: lift them into the normal range first.
  const lifted = value < 2.3e-308;
  wordView.setFloat64(0, lifted ? value * TWO_POW_54 : value);
  const high = wordView.getUint32(0);
  wordView.setUint32(0, (high & 0x800fffff) | 0x3ff00000);
  return {
    mantissa: wordView.getFloat64(0),
    exponent: ((high >>> 20) & 0x7ff) - 1023 - (lifted ? 54 : 0),
  };
}

function multiply(a: Scaled, b: Scaled): Scaled {
  const mantissa = a.mantissa * b.mantissa;
  const exponent = a.exponent + b.exponent;
  return mantissa >= 2
    ? { mantissa: mantissa / 2, exponent: exponent + 1 }
    : { mantissa, exponent };
}

function power(base: Scaled, exponent: number): Scaled {
  let result: Scaled = { mantissa: 1, exponent: 0 };
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

function atMost(a: Scaled, b: Scaled): boolean {
  return a.exponent === b.exponent ? a.mantissa <= b.mantissa : a.exponent < b.exponent;
}

/** 53 halvings: as many bits as a double has. */
function rootBetweenOneAndTwo(target: Scaled, degree: number): number {
  let low = 1;
  let high = 2;
  for (let step = 0; step < 53; step++) {
    const middle = (low + high) / 2;
    if (atMost(power(scaled(middle), degree), target)) low = middle;
    else high = middle;
  }
  return low;
}

function timesPowerOfTwo(value: number, exponent: number): number {
  let result = value;
  let left = exponent;
  for (; left > 0; left--) result *= 2;
  for (; left < 0; left++) result /= 2;
  return result;
}
