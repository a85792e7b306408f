import { invariant } from '../base/errors.js';

const SQRT_TWO_PI = 2.5066282746310002;
const ONE_OVER_E = 0.36787944117144233;
/** Below it the power series converges fast, above it the continued fraction. */
const SERIES_UP_TO = 2.5;
const FRACTION_TERMS = 80;

/**
 * The probability that a standard normal variable exceeds z. Basic arithmetic only, so that every
 * machine gives the same bits; correct to about twelve digits.
 * Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.11 and 26.2.14.
 */
export function normalUpperTail(z: number): number {
  invariant(!Number.isNaN(z), 'z is not a number');
  if (z < 0) return 1 - normalUpperTail(-z);
  const density = exponentialOfMinus((z * z) / 2) / SQRT_TWO_PI;
  if (density === 0) return 0;
  return z < SERIES_UP_TO ? 0.5 - density * oddSeries(z) : density * millsRatio(z);
}

/** z + z^3/3 + z^5/15 + ...: what the density is multiplied by between 0 and z. */
function oddSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; term > sum * 1e-18; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return sum;
}

/** 1/(z + 1/(z + 2/(z + 3/(z + ...)))), from its end. */
function millsRatio(z: number): number {
  let below = z;
  for (let k = FRACTION_TERMS; k >= 1; k--) below = z + k / below;
  return 1 / below;
}

/** e to the power of -x, for x from 0. Whole part by squaring, the rest by its power series. */
export function exponentialOfMinus(x: number): number {
  invariant(x >= 0, 'the exponent has the wrong sign', { x });
  // Smaller than the smallest double.
  if (x > 746) return 0;
  const whole = Math.floor(x);
  let result = 1;
  let square = ONE_OVER_E;
  for (let left = whole; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  const rest = x - whole;
  let term = 1;
  let sum = 1;
  for (let k = 1; k <= 24; k++) {
    term *= rest / k;
    sum += term;
  }
  // e^-r as 1 / e^r: all terms of that series have one sign, and nothing cancels.
  return result / sum;
}
