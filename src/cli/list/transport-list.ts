import { formatBytes } from '../../base/units.js';
import type { TransportDriver } from '../../transport/contract.js';
import { CATALOGUE } from '../catalogue.js';
import { textTable } from '../text-table.js';
import type { Listing } from './list-things.js';
import { settingTable } from './setting-table.js';

type Item = ReturnType<typeof transportItem>;

/** Larger rings than this no transport has. */
const LARGEST_ASKED = 2 ** 31;

export function listTransports(): Listing {
  const items = CATALOGUE.transports.map(transportItem);
  return {
    items,
    header: [
      'transport',
      'framing',
      'payload goes by',
      'largest ring',
      'grant modes',
      'settings (--set)',
      'summary',
    ],
    rows: items.map((item) => [
      item.name,
      item.framing,
      item.dataPath,
      item.largestRing.text,
      item.grantModes.join(', '),
      Object.keys(item.settings).join(', ') || '-',
      item.summary + (item.comparable ? '' : ' (tests the harness: run it by name)'),
    ]),
    detail: (name, width) => detail(items.find((item) => item.name === name) as Item, width),
  };
}

function detail(item: Item, width: number): string {
  const { sharedFields, usesXenstore, usesBroker } = item;
  const facts: readonly (readonly [string, string])[] = [
    ['framing', item.framing],
    ['payload goes by', item.dataPath],
    ['largest ring', item.largestRing.text],
    ['grant modes', item.grantModes.join(', ')],
    [
      'to connect',
      [usesXenstore && 'xenstore', usesBroker && 'a broker in dom0'].filter(Boolean).join(', ') ||
        'nothing',
    ],
    ['fields that a peer can write', sharedFields.map((field) => field.name).join(', ') || 'none'],
  ];
  const parts = [`${item.name}: ${item.summary}\n`, textTable(['what', 'value'], facts, width)];
  if (Object.keys(item.settings).length > 0) parts.push(settingTable(item.settings, width));
  return parts.join('\n');
}

function transportItem(driver: TransportDriver) {
  return {
    name: driver.name,
    ...driver.capabilities,
    settings: driver.settings,
    largestRing: largestRing(driver),
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
