import type { PriceRecord, ProfileRecord } from '../../results/types.js';

export interface NamedPrice extends PriceRecord {
  readonly name: string;
}

/** The prices that are charged under a cause and are not zero. */
export function pricesOf(profile: ProfileRecord, cause: string): readonly NamedPrice[] {
  return Object.entries(profile.prices)
    .filter(([, price]) => price.high > 0 && price.causes?.includes(cause) === true)
    .map(([name, price]) => ({ name, ...price }));
}

/** How much of a cause rests on guesses: no price of it, some, or all are estimates. */
export type Certainty = 'known' | 'partly-estimated' | 'estimated';

export function certaintyOf(profile: ProfileRecord | undefined, cause: string): Certainty {
  const prices = profile === undefined ? [] : pricesOf(profile, cause);
  const estimates = prices.filter((price) => price.confidence === 'estimate').length;
  if (estimates === 0) return 'known';
  return estimates === prices.length ? 'estimated' : 'partly-estimated';
}
