import { PRICE_LIST, PRICE_NAMES } from '../../profiles/price-list.js';
import { CONFIDENCES, type Confidence, type Profile } from '../../profiles/profile.js';
import { profileRecord } from '../../profiles/record.js';
import { CATALOGUE } from '../catalogue.js';
import { textTable } from '../text-table.js';
import type { Listing } from './list-things.js';

export function listProfiles(): Listing {
  const { profiles } = CATALOGUE;
  return {
    items: profiles.map(profileRecord),
    header: ['profile', 'clock', 'prices', 'description'],
    rows: profiles.map((profile) => [
      profile.name,
      `${profile.clockHz / 1e9} GHz`,
      confidences(profile),
      profile.description,
    ]),
    detail: (name, width) => {
      const profile = profiles.find((one) => one.name === name);
      return profile === undefined ? '' : detail(profile, width);
    },
  };
}

/** "12 measured, 30 estimate": how much of it is known. */
function confidences(profile: Profile): string {
  const counts = new Map<Confidence, number>(CONFIDENCES.map((confidence) => [confidence, 0]));
  for (const { confidence } of Object.values(profile.prices)) {
    counts.set(confidence, (counts.get(confidence) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([confidence, count]) => `${count} ${confidence}`)
    .join(', ');
}

function detail(profile: Profile, width: number): string {
  const features = Object.entries(profile.features).map(([name, value]) => [name, String(value)]);
  const prices = PRICE_NAMES.map((name) => {
    const { value, low, high, unit, confidence, source } = profile.prices[name];
    const range = low === high ? '' : `${round(low)} to ${round(high)}`;
    const meaning = PRICE_LIST[name].meaning;
    return [name, `${round(value)} ${unit}`, range, confidence, `${meaning}. Source: ${source}`];
  });
  return [
    `${profile.name}: ${profile.description} (${profile.clockHz / 1e9} GHz)\n`,
    textTable(['feature', 'value'], features, width),
    textTable(['price', 'value', 'range', 'confidence', 'meaning and source'], prices, width),
  ].join('\n');
}

function round(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
