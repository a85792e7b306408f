import { nearest } from '../base/did-you-mean.js';
import { FEATURE_KINDS, type Features } from './feature-list.js';
import { PROFILES } from './index.js';
import { type JsonPlace, parseJson } from './json-place.js';
import { free } from './price-builders.js';
import { PRICE_LIST, PRICE_NAMES, type PriceName } from './price-list.js';
import type { Price, Profile } from './profile.js';
import { readPrice } from './user-price.js';

const MEMBERS = ['name', 'description', 'like', 'clockHz', 'features', 'prices', 'measurements'];
/** Names stand in the ids of cells, in file names and in lists on the command line. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SLOWEST_HZ = 1e3;
const FASTEST_HZ = 1e12;

const FEATURE_NAMES = Object.keys(FEATURE_KINDS) as (keyof Features)[];
const GIB = 1024 * 1024 * 1024;

/** Bounds within which a simulated machine makes sense and fits into memory. */
const FEATURE_LIMITS: Readonly<Partial<Record<keyof Features, readonly [number, number]>>> = {
  tlbEntries: [1, 1 << 20],
  l1Bytes: [4096, GIB],
  l2Bytes: [4096, GIB],
  l3Bytes: [4096, 4 * GIB],
  // 0: guests without a periodic tick.
  deepIdleAfterUs: [0, 10_000_000],
  longCopyBytes: [0, 1_073_741_824],
  cacheGrainBytes: [64, 4096],
  guestTickHz: [0, 100_000],
  schedulerRatelimitUs: [0, 1_000_000],
  schedulerTimesliceUs: [100, 10_000_000],
};

/**
 * Reads a user's own profile from JSON text: either complete, or like another one but for what it
 * names.
 *
 *     { "name": "my-xeon", "like": "skylake-2017",
 *       "features": { "l3Bytes": 16777216 }, "prices": { "vmexit": { "value": 700 } } }
 *
 * Prices in cycles follow `clockHz`. What `measurements` holds (of `interdom calibrate`) is for people. Throws UserError with the place and the reason for anything
 * else.
 *
 * @param where path of the file, for messages
 * @param known the profiles that `like` may name, and whose names are taken
 */
export function parseProfile(
  text: string,
  where: string,
  known: readonly Profile[] = PROFILES,
): Profile {
  const root = parseJson(text, where);
  root.expectMembers(MEMBERS, 'member of a profile');
  const name = readName(root.member('name'), known);
  const base = root.member('like').isMissing ? undefined : likeProfile(root.member('like'), known);
  const clock = root.member('clockHz');
  if (base === undefined) {
    for (const member of ['description', 'clockHz', 'features', 'prices']) {
      if (root.member(member).isMissing) throw incomplete(root.member(member));
    }
  }
  const clockHz =
    base !== undefined && clock.isMissing ? base.clockHz : clock.number(SLOWEST_HZ, FASTEST_HZ);
  const description = root.member('description');
  return {
    name,
    description: description.isMissing ? `like ${base?.name}, but ...` : description.text(),
    clockHz,
    features: readFeatures(root.member('features'), base?.features),
    prices: readPrices(root.member('prices'), clockHz, base?.prices),
  };
}

function readName(place: JsonPlace, known: readonly Profile[]): string {
  const name = place.text();
  if (!NAME.test(name)) {
    throw place.fault(
      `is ${JSON.stringify(name)}`,
      'use letters, digits, ".", "_" and "-", 64 at most, a letter or digit first',
    );
  }
  if (known.some((profile) => profile.name === name)) {
    throw place.fault(
      `is "${name}", which is the name of a built-in profile`,
      'choose another name: results of different profiles must not be mistaken for each other',
    );
  }
  return name;
}

function likeProfile(place: JsonPlace, known: readonly Profile[]): Profile {
  const name = place.text();
  const profile = known.find((candidate) => candidate.name === name);
  if (profile !== undefined) return profile;
  const names = known.map((candidate) => candidate.name);
  const meant = nearest(name, names);
  throw place.fault(
    `names no profile: "${name}"`,
    meant === undefined ? `there are ${names.join(', ')}` : `did you mean "${meant}"?`,
  );
}

/** Features that older profiles, written whole, do not name. */
const LATER_FEATURES: Partial<Features> = { cacheGrainBytes: 4096 };

/** Likewise. */
const LATER_PRICES: Partial<Record<PriceName, Price>> = {
  copyClaimed: free('ps/B', 'the profile does not name it'),
};

function readFeatures(place: JsonPlace, base: Features | undefined): Features {
  if (place.isMissing && base !== undefined) return base;
  place.expectMembers(FEATURE_NAMES, 'feature');
  const features: Partial<Record<keyof Features, string | number | boolean>> = {};
  for (const name of FEATURE_NAMES) {
    const member = place.member(name);
    if (!member.isMissing) features[name] = readFeature(member, name);
    else if (base !== undefined) features[name] = base[name];
    else if (name in LATER_FEATURES) features[name] = LATER_FEATURES[name] as number;
    else throw incomplete(member);
  }
  return features as unknown as Features;
}

function readFeature(place: JsonPlace, name: keyof Features): string | number | boolean {
  const kind = FEATURE_KINDS[name];
  if (kind === 'boolean') return place.flag();
  if (kind !== 'count' && kind !== 'power of two') return place.word(kind);
  const [least, most] = FEATURE_LIMITS[name] ?? [0, Number.MAX_SAFE_INTEGER];
  const count = place.number(least, most);
  if (!Number.isInteger(count)) throw place.fault(`is ${count}; it should be a whole number`);
  if (kind === 'power of two' && (count & (count - 1)) !== 0) {
    throw place.fault(`is ${count}; it should be a power of two`);
  }
  return count;
}

function readPrices(
  place: JsonPlace,
  clockHz: number,
  base: Profile['prices'] | undefined,
): Profile['prices'] {
  if (place.isMissing && base !== undefined) return base;
  place.expectMembers(PRICE_NAMES, 'price');
  const prices: Partial<Record<PriceName, Price>> = {};
  for (const name of PRICE_NAMES) {
    const member = place.member(name);
    const inherited = base?.[name];
    if (member.isMissing) {
      const known = inherited ?? LATER_PRICES[name];
      if (known === undefined) throw incomplete(member);
      prices[name] = known;
    } else {
      prices[name] = readPrice(member, {
        kind: PRICE_LIST[name].kind,
        clockHz,
        ...(inherited === undefined ? {} : { base: inherited }),
      });
    }
  }
  return prices as Record<PriceName, Price>;
}

function incomplete(place: JsonPlace): Error {
  return place.fault(
    'is missing',
    'give it, or name a profile to take it from: "like": "skylake-2017"',
  );
}
