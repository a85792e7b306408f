import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { PROFILES } from './index.js';
import { PRICE_NAMES } from './price-list.js';
import { picoseconds, priceTable } from './profile.js';
import { latinHypercube } from './uncertainty.js';

const SEEDS = fc.integer();
const DRAWS = fc.integer({ min: 1, max: 60 });

describe('latinHypercube', () => {
  it('names every price in every draw, strictly inside its range', () => {
    fc.assert(
      fc.property(SEEDS, DRAWS, (seed, count) => {
        const draws = latinHypercube(seed, count);
        assert.equal(draws.length, count);
        for (const draw of draws) {
          assert.deepEqual(Object.keys(draw), [...PRICE_NAMES]);
          for (const fraction of Object.values(draw)) assert.ok(fraction > 0 && fraction < 1);
        }
      }),
      runs(100),
    );
  });

  it('meets each stratum of each price exactly once', () => {
    fc.assert(
      fc.property(SEEDS, DRAWS, (seed, count) => {
        const draws = latinHypercube(seed, count);
        for (const name of PRICE_NAMES) {
          const strata = new Set(draws.map((draw) => Math.floor(draw[name] * count)));
          assert.equal(strata.size, count, name);
        }
      }),
      runs(100),
    );
  });

  it('draws the same for the same seed, and otherwise for another', () => {
    fc.assert(
      fc.property(SEEDS, DRAWS, (seed, count) => {
        assert.deepEqual(latinHypercube(seed, count), latinHypercube(seed, count));
        assert.notDeepEqual(latinHypercube(seed, count), latinHypercube(seed + 1, count));
      }),
      runs(100),
    );
  });

  it('is the same on every machine: the first fractions of seed 1 are known', () => {
    const [first] = latinHypercube(1, 4);
    assert.deepEqual(
      PRICE_NAMES.slice(0, 3).map((name) => first?.[name]),
      [0.4366949460527394, 0.051908654713770375, 0.6819845737481955],
    );
  });

  it('orders the strata of two prices differently', () => {
    const draws = latinHypercube(7, 50);
    const orders = PRICE_NAMES.map((name) =>
      draws.map((draw) => Math.floor(draw[name] * 50)).join(),
    );
    assert.equal(new Set(orders).size, PRICE_NAMES.length);
  });

  it('keeps every price of every profile between its low and its high', () => {
    fc.assert(
      fc.property(SEEDS, fc.constantFrom(...PROFILES), (seed, profile) => {
        for (const draw of latinHypercube(seed, 5)) {
          const table = priceTable(profile, draw);
          for (const name of PRICE_NAMES) {
            const { low, high, unit } = profile.prices[name];
            assert.ok(table[name] >= Math.floor(picoseconds(low, unit, profile.clockHz)), name);
            assert.ok(table[name] <= Math.ceil(picoseconds(high, unit, profile.clockHz)), name);
          }
        }
      }),
      runs(20),
    );
  });

  it('refuses a number of draws that is no count', () => {
    for (const count of [0, -1, 1.5, Number.NaN]) assert.throws(() => latinHypercube(1, count));
  });
});
