import { PS_PER_MS, PS_PER_NS, PS_PER_US } from '../base/units.js';
import type { Features } from './feature-list.js';
import { PRICE_NAMES, type PriceName, type PriceTable } from './price-list.js';

/** How a price is known, the best first. Only `estimate` is a guess; `recalled` could not be looked up again. */
export const CONFIDENCES = ['measured', 'derived', 'recalled', 'estimate'] as const;
export type Confidence = (typeof CONFIDENCES)[number];
export type PriceUnit = 'ps' | 'ns' | 'us' | 'ms' | 'cycles' | 'ps/B' | 'ns/B';

export interface Price {
  readonly value: number;
  /** Range in which the true value is believed to lie: the draws of `--uncertainty` stay inside. */
  readonly low: number;
  readonly high: number;
  readonly unit: PriceUnit;
  readonly source: string;
  readonly confidence: Confidence;
}

/** One hardware generation: what happens on it, and what that costs. */
export interface Profile {
  readonly name: string;
  readonly description: string;
  readonly clockHz: number;
  readonly features: Features;
  readonly prices: Readonly<Record<PriceName, Price>>;
}

/** Picoseconds (or picoseconds a byte) of an amount in one of the units of prices. */
export function picoseconds(amount: number, unit: PriceUnit, clockHz: number): number {
  switch (unit) {
    case 'ps':
    case 'ps/B':
      return amount;
    case 'ns':
    case 'ns/B':
      return amount * PS_PER_NS;
    case 'us':
      return amount * PS_PER_US;
    case 'ms':
      return amount * PS_PER_MS;
    case 'cycles':
      return (amount * 1e12) / clockHz;
  }
}

/**
 * The prices in the form in which the machine charges them. Prices of `time` are whole picoseconds.
 *
 * @param draw position of each price in its range, for uncertainty runs: 0 is low, 1 is high; without it the values
 */
export function priceTable(
  profile: Profile,
  draw?: Readonly<Record<PriceName, number>>,
): PriceTable {
  const table: Partial<PriceTable> = {};
  for (const name of PRICE_NAMES) {
    const price = profile.prices[name];
    const amount =
      draw === undefined ? price.value : price.low + draw[name] * (price.high - price.low);
    const ps = picoseconds(amount, price.unit, profile.clockHz);
    table[name] = price.unit.endsWith('/B') ? ps : Math.round(ps);
  }
  return table as PriceTable;
}
