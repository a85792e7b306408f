import { PRICE_LIST, PRICE_NAMES } from './price-list.js';
import type { Price, Profile } from './profile.js';

/** A profile as results files hold it: plain data that belongs to nobody else. */
export interface RecordedProfile {
  readonly name: string;
  readonly description: string;
  readonly clockHz: number;
  readonly features: Readonly<Record<string, string | number | boolean>>;
  readonly prices: Readonly<Record<string, Price & { readonly causes: readonly string[] }>>;
}

/**
 * Features and prices in full, so that a report can show every source. Fits ProfileRecord of the
 * results file.
 */
export function profileRecord(profile: Profile): RecordedProfile {
  const prices: Record<string, Price & { readonly causes: readonly string[] }> = {};
  for (const name of PRICE_NAMES) {
    const { value, low, high, unit, source, confidence } = profile.prices[name];
    const causes = [...PRICE_LIST[name].causes];
    prices[name] = { value, low, high, unit, source, confidence, causes };
  }
  return {
    name: profile.name,
    description: profile.description,
    clockHz: profile.clockHz,
    features: { ...profile.features },
    prices,
  };
}
