import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { UserError } from '../base/errors.js';
import { PROFILES } from './index.js';
import { PRICE_LIST, PRICE_NAMES, type PriceName } from './price-list.js';
import { type Price, priceTable } from './profile.js';
import { parseProfile } from './user-profile.js';

const SOME_PRICES = fc.uniqueArray(fc.constantFrom(...PRICE_NAMES), { maxLength: 8 });
const RANGE = fc
  .tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(1000), fc.nat(1000))
  .map(([low, up, further]) => ({ low, value: low + up, high: low + up + further }));
const CONFIDENCE = fc.constantFrom<Price['confidence'][]>(
  'measured',
  'derived',
  'recalled',
  'estimate',
);

function unitFor(name: PriceName): fc.Arbitrary<Price['unit']> {
  return PRICE_LIST[name].kind === 'time'
    ? fc.constantFrom<Price['unit'][]>('ps', 'ns', 'us', 'cycles')
    : fc.constantFrom<Price['unit'][]>('ps/B', 'ns/B');
}

const OVERRIDES = SOME_PRICES.chain((names) =>
  fc.record(
    Object.fromEntries(
      names.map((name) => [
        name,
        fc
          .tuple(RANGE, unitFor(name), CONFIDENCE)
          .map(([range, unit, confidence]) => ({ ...range, unit, source: 'drawn', confidence })),
      ]),
    ),
  ),
);

/** JSON that is nearly a profile: the right names, and any values. */
const NEARLY = fc.record(
  {
    name: fc.oneof(fc.constant('mine'), fc.jsonValue()),
    like: fc.oneof(fc.constantFrom(...PROFILES.map(({ name }) => name)), fc.jsonValue()),
    clockHz: fc.oneof(fc.double(), fc.jsonValue()),
    features: fc.oneof(
      fc.dictionary(fc.constantFrom('lazyFpu', 'l1Bytes', 'x'), fc.jsonValue()),
      fc.jsonValue(),
    ),
    prices: fc.oneof(
      fc.dictionary(
        fc.constantFrom(...PRICE_NAMES, '__proto__', 'toString'),
        fc.oneof(
          fc.dictionary(fc.constantFrom('value', 'low', 'high', 'unit', 'source'), fc.jsonValue()),
          fc.jsonValue(),
        ),
      ),
      fc.jsonValue(),
    ),
  },
  { requiredKeys: [] },
);

describe("a user's own profile", () => {
  it('has exactly the prices that it names, and the others of the profile that it is like', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROFILES), OVERRIDES, (base, prices) => {
        const text = JSON.stringify({ name: 'mine', like: base.name, prices });
        const profile = parseProfile(text, 'p.json');
        for (const name of PRICE_NAMES) {
          assert.deepEqual(profile.prices[name], prices[name] ?? base.prices[name], name);
        }
      }),
      runs(100),
    );
  });

  it('with a value alone keeps the value inside a range of the old proportions', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PROFILES),
        fc.constantFrom(...PRICE_NAMES),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (base, name, value) => {
          const text = JSON.stringify({
            name: 'mine',
            like: base.name,
            prices: { [name]: { value } },
          });
          const price = parseProfile(text, 'p.json').prices[name];
          const old = base.prices[name];
          // -0 is written to JSON as 0.
          assert.equal(price.value, value + 0);
          assert.ok(price.low <= price.value && price.value <= price.high);
          if (old.value > 0 && value > 1e-9) {
            assert.ok(Math.abs(price.low / value - old.low / old.value) < 1e-9);
            assert.ok(Math.abs(price.high / value - old.high / old.value) < 1e-9);
          }
        },
      ),
      runs(100),
    );
  });

  it('is accepted sound or refused with a UserError that names the file, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.oneof(NEARLY, fc.jsonValue()), (document) => {
        try {
          const profile = parseProfile(JSON.stringify(document), 'p.json');
          for (const ps of Object.values(priceTable(profile))) assert.ok(ps >= 0 && ps <= 3.6e15);
          for (const { low, value, high } of Object.values(profile.prices)) {
            assert.ok(low <= value && value <= high);
          }
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          assert.equal(error.where, 'p.json');
        }
      }),
      runs(500),
    );
  });

  it('is refused with a UserError where it is not even JSON', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!isJson(text));
        assert.throws(() => parseProfile(text, 'p.json'), UserError);
      }),
      runs(100),
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
