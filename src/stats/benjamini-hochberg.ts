import { invariant } from '../base/errors.js';

/**
 * P-values adjusted so that calling all below q significant keeps the expected share of false ones
 * among them at q, for independent or positively dependent tests. In the order given.
 * Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57(1), 1995.
 */
export function adjustedPValues(pValues: readonly number[]): readonly number[] {
  const count = pValues.length;
  const falling = pValues.map((p, index) => {
    invariant(p >= 0 && p <= 1, 'a p-value lies between 0 and 1', { p });
    return { p, index };
  });
  falling.sort((a, b) => b.p - a.p);
  const adjusted = new Array<number>(count);
  let least = 1;
  falling.forEach(({ p, index }, place) => {
    least = Math.min(least, (p * count) / (count - place));
    adjusted[index] = least;
  });
  return adjusted;
}
