import { formatBytes } from '../../base/units.js';
import type { TransportDriver } from '../../transport/contract.js';
import { CATALOGUE } from '../catalogue.js';
import type { Listing } from './list-things.js';

/** Larger rings than this no transport has. */
const LARGEST_ASKED = 2 ** 31;

export function listTransports(): Listing {
  const items = CATALOGUE.transports.map((driver) => ({
    name: driver.name,
    ...driver.capabilities,
    largestRing: largestRing(driver),
  }));
  return {
    items,
    header: ['transport', 'framing', 'payload goes by', 'largest ring', 'grant modes', 'summary'],
    rows: items.map((item) => [
      item.name,
      item.framing,
      item.dataPath,
      item.largestRing.text,
      item.grantModes.join(', '),
      item.summary + (item.comparable ? '' : ' (tests the harness: run it by name)'),
    ]),
  };
}

/** The largest ring in effect, by halving: drivers refuse everything above some size. */
function largestRing(driver: TransportDriver): { bytes: number | null; text: string } {
  const inEffect = (asked: number): number | undefined => {
    const size = driver.ringSize(asked);
    return 'bytes' in size ? size.bytes : undefined;
  };
  if (inEffect(LARGEST_ASKED) !== undefined) return { bytes: null, text: 'any' };
  let accepted = 1;
  let refused = LARGEST_ASKED;
  while (refused - accepted > 1) {
    const middle = Math.floor((accepted + refused) / 2);
    if (inEffect(middle) === undefined) refused = middle;
    else accepted = middle;
  }
  const bytes = inEffect(accepted) ?? 0;
  return { bytes, text: formatBytes(bytes) };
}
