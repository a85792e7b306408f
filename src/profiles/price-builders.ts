import type { Confidence, Price, PriceUnit } from './profile.js';

type Build = (value: number, unit: PriceUnit, low: number, high: number, source: string) => Price;

const build =
  (confidence: Confidence): Build =>
  (value, unit, low, high, source) => ({ value, low, high, unit, source, confidence });

/** A figure measured in the named source; low and high are the spread of that source. */
export const measured = build('measured');

/** A figure derived from a measurement by the arithmetic in its source. */
export const derived = build('derived');

/** A figure of a published table that could not be opened again. */
export const recalled = build('recalled');

/** A guess whose bounds are better known than by a factor. */
export const estimateBetween = build('estimate');

/**
 * Guesses are good for a factor of two; for software whose speed nobody has published, for five.
 */
const USUAL_FACTOR = 2;
export const WIDE_FACTOR = 5;

/** A guess: low and high are the value divided and multiplied by the factor. */
export function estimate(
  value: number,
  unit: PriceUnit,
  why: string,
  factor: number = USUAL_FACTOR,
): Price {
  return estimateBetween(value, unit, value / factor, value * factor, why);
}

/** Nothing to pay here, by the definition of the profile. */
export function free(unit: PriceUnit, why: string): Price {
  return derived(0, unit, 0, 0, why);
}

/** The time a byte takes at a rate of copied bytes, e.g. 50 GB/s: 20 ps/B. */
export function psPerByte(gigabytesPerSecond: number): number {
  return Math.round(10_000 / gigabytesPerSecond) / 10;
}
