import { invariant } from '../base/errors.js';

/** Which way is better; the same words as a metric's `better`. */
export type Direction = 'lower' | 'higher' | 'none';

/** `different`: changed, in a metric that has no better side. */
export type ComparisonVerdict = 'same' | 'better' | 'worse' | 'different';

/** What still counts as the same: the larger of the two allowances. Both default to 0. */
export interface Tolerance {
  /** Part of the old value, e.g. 0.02. */
  readonly relative?: number;
  /** In the unit of the metric. */
  readonly absolute?: number;
}

export interface ExactComparison {
  readonly old: number;
  readonly new: number;
  /** new - old. */
  readonly difference: number;
  /** new / old; undefined where the old value is 0 and the new is not. */
  readonly ratio: number | undefined;
  /**
   * Equal to the last bit. `same` without `identical` means that the tolerance covered the
   * difference.
   */
  readonly identical: boolean;
  readonly verdict: ComparisonVerdict;
}

/**
 * Compares two values that cannot vary for a seed (counts, virtual times), so that one value a side
 * is enough and equality is the test. Sampled values must not come here.
 */
export function compareExact(
  oldValue: number,
  newValue: number,
  better: Direction,
  tolerance: Tolerance = {},
): ExactComparison {
  invariant(
    Number.isFinite(oldValue) && Number.isFinite(newValue),
    'only finite values can be compared',
    { old: oldValue, new: newValue },
  );
  const identical = oldValue === newValue;
  const difference = newValue - oldValue;
  return {
    old: oldValue,
    new: newValue,
    difference,
    ratio: identical ? 1 : oldValue === 0 ? undefined : newValue / oldValue,
    identical,
    verdict:
      identical || isWithin(oldValue, newValue, tolerance) ? 'same' : side(difference, better),
  };
}

/**
 * A value on the border of the tolerance is inside: 1.02 against 1 at 2 % must not fail because
 * 1.02 - 1 is 0.020000000000000018 in binary. Without a tolerance there is no such slack.
 */
function isWithin(oldValue: number, newValue: number, tolerance: Tolerance): boolean {
  const relative = tolerance.relative ?? 0;
  const absolute = tolerance.absolute ?? 0;
  invariant(relative >= 0 && absolute >= 0, 'a tolerance is not negative', { relative, absolute });
  const allowed = Math.max(relative * Math.abs(oldValue), absolute);
  if (allowed === 0) return false;
  const rounding = 2 * Number.EPSILON * Math.max(Math.abs(oldValue), Math.abs(newValue));
  return Math.abs(newValue - oldValue) <= allowed + rounding;
}

function side(difference: number, better: Direction): ComparisonVerdict {
  if (better === 'none') return 'different';
  return difference < 0 === (better === 'lower') ? 'better' : 'worse';
}
