import { PS_PER_S } from '../base/units.js';
import type { JsonPlace } from './json-place.js';
import type { PriceMeaning } from './price-list.js';
import { CONFIDENCES, type Price, type PriceUnit, picoseconds } from './profile.js';

const MEMBERS = ['value', 'low', 'high', 'unit', 'source', 'confidence'] as const;
/** What a results file adds to a price: accepted, so that a profile can be taken out of one, and not used. */
const RECORDED_MEMBERS = ['causes'] as const;
const UNITS: Readonly<Record<PriceMeaning['kind'], readonly PriceUnit[]>> = {
  time: ['ps', 'ns', 'us', 'ms', 'cycles'],
  'per-byte': ['ps/B', 'ns/B'],
};

/**
 * Sums of picoseconds stay exact below 2^53, two and a half hours: nothing that happens once may
 * take one.
 */
const MOST_PS = 3600 * PS_PER_S;

/** Where a price that says little takes the rest from. */
export interface PriceContext {
  readonly kind: PriceMeaning['kind'];
  readonly clockHz: number;
  /** The same price of the profile that this one is like. */
  readonly base?: Price;
}

/**
 * Reads one price of a user's profile.
 *
 * Without a base every member is wanted. With one, what is missing comes from there, except that a
 * new value brings its own range (as wide in proportion as the base's), and that it is an estimate
 * unless it says better.
 */
export function readPrice(place: JsonPlace, context: PriceContext): Price {
  place.expectMembers([...MEMBERS, ...RECORDED_MEMBERS], 'member of a price');
  const { base, kind, clockHz } = context;
  if (base === undefined) requireAll(place);
  const unit = place.member('unit').isMissing
    ? (base as Price).unit
    : place.member('unit').word(UNITS[kind]);
  const most = mostIn(unit, clockHz);
  const given = (name: 'value' | 'low' | 'high'): number | undefined =>
    place.member(name).isMissing ? undefined : place.member(name).number(0, most);

  const stated = given('value');
  if (stated === undefined && unit !== base?.unit) {
    throw place.fault(`gives a unit but no value (${base?.unit} in the profile that it is like)`);
  }
  const value = stated ?? (base as Price).value;
  const low = given('low') ?? inProportion(value, base, 'low', stated === undefined);
  const high = given('high') ?? inProportion(value, base, 'high', stated === undefined);
  if (low > value) throw place.fault(`has a low of ${low} above its value of ${value}`);
  if (high < value) throw place.fault(`has a high of ${high} below its value of ${value}`);

  const changed = stated !== undefined && base !== undefined;
  const source = place.member('source');
  const confidence = place.member('confidence');
  return {
    value,
    low,
    high,
    unit,
    source: source.isMissing ? defaultSource(place, base as Price, changed) : source.text(),
    confidence: confidence.isMissing
      ? changed
        ? 'estimate'
        : (base as Price).confidence
      : confidence.word(CONFIDENCES),
  };
}

function requireAll(place: JsonPlace): void {
  for (const name of MEMBERS) {
    if (place.member(name).isMissing) {
      throw place
        .member(name)
        .fault('is missing', 'give it, or name a profile to take it from: "like": "skylake-2017"');
    }
  }
}

function mostIn(unit: PriceUnit, clockHz: number): number {
  return Math.floor(MOST_PS / picoseconds(1, unit, clockHz));
}

/** A range as wide, in proportion, as that of the price that it replaces. */
function inProportion(
  value: number,
  base: Price | undefined,
  end: 'low' | 'high',
  unchanged: boolean,
): number {
  if (base === undefined) return value;
  if (unchanged) return base[end];
  if (base.value === 0) return value;
  const scaled = (value * base[end]) / base.value;
  // Where the base's own value is an end of its range, rounding must not leave the new value outside.
  return end === 'low' ? Math.min(value, scaled) : Math.max(value, scaled);
}

function defaultSource(place: JsonPlace, base: Price, changed: boolean): string {
  return changed ? `given without a source in ${place.file}` : base.source;
}
