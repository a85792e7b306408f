import type { Price, Profile } from './profile.js';

/** A profile as results files hold it: plain data that belongs to nobody else. */
export interface RecordedProfile {
  readonly name: string;
  readonly description: string;
  readonly clockHz: number;
  readonly features: Readonly<Record<string, string | number | boolean>>;
  readonly prices: Readonly<Record<string, Price>>;
}

/**
 * Features and prices in full, so that a report can show every source. Fits ProfileRecord of the
 * results file.
 */
export function profileRecord(profile: Profile): RecordedProfile {
  const prices: Record<string, Price> = {};
  for (const [name, price] of Object.entries(profile.prices)) {
    const { value, low, high, unit, source, confidence } = price;
    prices[name] = { value, low, high, unit, source, confidence };
  }
  return {
    name: profile.name,
    description: profile.description,
    clockHz: profile.clockHz,
    features: { ...profile.features },
    prices,
  };
}
