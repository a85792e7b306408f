import { invariant } from '../base/errors.js';
import { Prng } from '../base/prng.js';
import { PRICE_NAMES, type PriceName } from './price-list.js';

const UINT32_VALUES = 4294967296;

/**
 * Draws of all prices for `--uncertainty`, as positions in their ranges (0 low, 1 high; both ends
 * excluded).
 *
 * A Latin hypercube (McKay, Beckman and Conover, Technometrics 21(2), 1979): the range of each
 * price is cut into as many equal strata as there are draws, and each stratum is met exactly once,
 * in an order of its own for each price. So a few draws already cover every price evenly. Prices
 * are drawn independently of each other.
 *
 * The same seed and number give the same draws on every machine; a draw means the same for every
 * transport.
 *
 * @param seed any integer
 * @param draws how many, from 1
 */
export function latinHypercube(seed: number, draws: number): Record<PriceName, number>[] {
  invariant(Number.isSafeInteger(draws) && draws >= 1, 'the number of draws is not a count', {
    draws,
  });
  const prng = new Prng(seed);
  const result = Array.from({ length: draws }, () => ({}) as Record<PriceName, number>);
  for (const name of PRICE_NAMES) {
    const strata = prng.shuffle(Array.from({ length: draws }, (_, stratum) => stratum));
    strata.forEach((stratum, index) => {
      // Half a step of the generator away from both borders of the stratum.
      const within = (prng.uint32() + 0.5) / UINT32_VALUES;
      (result[index] as Record<PriceName, number>)[name] = (stratum + within) / draws;
    });
  }
  return result;
}
