import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FEATURE_KINDS } from './feature-list.js';
import { DEFAULT_PROFILE_NAME, findProfile, PROFILES } from './index.js';
import { PRICE_LIST, PRICE_NAMES, type PriceName } from './price-list.js';
import { type Profile, priceTable } from './profile.js';

function profile(name: string): Profile {
  const found = findProfile(name);
  assert.ok(found, name);
  return found;
}

describe('built-in profiles', () => {
  it('are the eight that are promised, each under its own name', () => {
    assert.deepEqual(
      PROFILES.map(({ name }) => name),
      [
        'nehalem-2009',
        'sandybridge-2012',
        'skylake-2017',
        'skylake-2017-mitigated',
        'icelake-2021',
        'zen4-2023',
        'ntua-2013',
        'qemu-svm',
      ],
    );
    for (const one of PROFILES) assert.equal(findProfile(one.name), one);
    assert.equal(findProfile('skylake'), undefined);
    assert.ok(findProfile(DEFAULT_PROFILE_NAME));
  });

  for (const { name, prices, features, clockHz, description } of PROFILES) {
    it(`${name} has every price, in order, with a source and a range around its value`, () => {
      assert.ok(clockHz > 0);
      assert.notEqual(description, '');
      assert.deepEqual(Object.keys(prices).sort(), [...PRICE_NAMES].sort());
      for (const price of PRICE_NAMES) {
        const { value, low, high, unit, source } = prices[price];
        assert.ok(0 <= low && low <= value && value <= high, `${price}: ${low} ${value} ${high}`);
        assert.ok(Number.isFinite(high), price);
        assert.ok(source.length > 5, price);
        assert.ok(!source.includes('@'), `${price}: ${source}`);
        assert.equal(unit.endsWith('/B'), PRICE_LIST[price].kind === 'per-byte', price);
      }
    });

    it(`${name} gives its guesses a factor of two, and of five to what nobody has timed`, () => {
      for (const price of ['xenstoreOperation', 'brokerStep', 'crashDetection'] as const) {
        const { value, low, high, confidence } = prices[price];
        if (confidence === 'estimate') assert.deepEqual([low, high], [value / 5, value * 5], price);
      }
      for (const price of ['argoSendv', 'taskSwitch', 'eventDevice'] as const) {
        const { value, low, high, confidence } = prices[price];
        if (confidence === 'estimate') assert.deepEqual([low, high], [value / 2, value * 2], price);
      }
    });

    it(`${name} has every feature, of its kind`, () => {
      assert.deepEqual(Object.keys(features).sort(), Object.keys(FEATURE_KINDS).sort());
      for (const [feature, kind] of Object.entries(FEATURE_KINDS)) {
        const value = features[feature as keyof typeof FEATURE_KINDS];
        if (kind === 'boolean') assert.equal(typeof value, 'boolean', feature);
        else if (kind === 'count' || kind === 'power of two')
          assert.ok(Number.isSafeInteger(value) && Number(value) >= 0, feature);
        else assert.ok(kind.includes(String(value)), feature);
      }
      assert.ok(features.l1Bytes < features.l2Bytes && features.l2Bytes < features.l3Bytes);
    });

    it(`${name} becomes a table of whole picoseconds, at the value and at both ends of the range`, () => {
      const at = (fraction: number) =>
        priceTable(
          profile(name),
          Object.fromEntries(PRICE_NAMES.map((price) => [price, fraction])) as Record<
            PriceName,
            number
          >,
        );
      const [table, low, high] = [priceTable(profile(name)), at(0), at(1)];
      for (const price of PRICE_NAMES) {
        if (PRICE_LIST[price].kind === 'time') assert.ok(Number.isSafeInteger(table[price]), price);
        assert.ok(low[price] <= table[price] && table[price] <= high[price], price);
      }
    });
  }

  it('decide by their features what exits', () => {
    const exits = (name: string) => {
      const { nestedPaging, virtualApic, upcallVector, lazyFpu, l1tfFlush } =
        profile(name).features;
      return { nestedPaging, eoiExits: upcallVector && !virtualApic, lazyFpu, l1tfFlush };
    };
    const intel = { nestedPaging: 'ept', eoiExits: false, lazyFpu: false, l1tfFlush: false };
    assert.deepEqual(exits('nehalem-2009'), intel);
    assert.deepEqual(exits('sandybridge-2012'), intel);
    assert.deepEqual(exits('skylake-2017'), intel);
    assert.deepEqual(exits('icelake-2021'), intel);
    assert.deepEqual(exits('skylake-2017-mitigated'), { ...intel, l1tfFlush: true });
    assert.deepEqual(exits('zen4-2023'), { ...intel, nestedPaging: 'npt', eoiExits: true });
    const emulated = { nestedPaging: 'npt', eoiExits: true, lazyFpu: true, l1tfFlush: false };
    assert.deepEqual(exits('qemu-svm'), emulated);
  });

  it('keep hardware, hypervisor and mitigations apart: only mitigations differ on one machine', () => {
    const bare = profile('skylake-2017');
    const mitigated = profile('skylake-2017-mitigated');
    for (const price of ['vmexit', 'hypercall', 'exitHandler', 'evtchnSend', 'cr3Write'] as const) {
      assert.deepEqual(mitigated.prices[price], bare.prices[price]);
    }
    assert.equal(bare.prices.mitigationEntry.value, 0);
    assert.ok(mitigated.prices.mitigationEntry.value > 0);
  });
});

/**
 * Figures that became prices as they stand. Rows of published tables: nehalem-2009, sandybridge-2012, skylake-2017,
 * skylake-2017-mitigated, icelake-2021, zen4-2023.
 */
const DIRECT: Partial<Record<PriceName, readonly number[]>> = {
  vmexit: [1009, 784, 676, 676, 750, 1100],
  invlpg: [250, 240, 230, 230, 230, 150],
  cr3Write: [500, 500, 440, 440, 450, 400],
  tlbRefill: [86, 80, 60, 60, 55, 60],
  shootdownFirst: [1000, 1200, 1250, 1800, 1200, 1200],
  shootdownFurther: [250, 300, 300, 300, 300, 300],
  cacheLine: [26, 40, 54, 54, 60, 25],
  copyL1: [43, 31, 52, 52, 60, 90],
  copyL2: [18, 14, 30, 30, 35, 70],
  copyL3: [9, 8, 9, 8, 10, 30],
  copyDram: [5, 5, 6, 6, 8, 15],
  xenstoreOperation: [7500, 100, 60, 80, 50, 50],
  domainTeardownPerGib: [530, 530, 40, 40, 40, 40],
  crashDetection: [90, 2, 1, 1, 1, 1],
};

describe('published figures that are prices as they stand', () => {
  for (const [price, row] of Object.entries(DIRECT) as [PriceName, readonly number[]][]) {
    it(`${price} is what was published`, () => {
      row.forEach((figure, index) => {
        const { name, prices } = PROFILES[index] as Profile;
        const { value, unit } = prices[price];
        // Rates of copying were published in GB/s.
        const shown = unit === 'ps/B' ? 1000 / value : value;
        assert.ok(Math.abs(shown / figure - 1) < 0.005, `${name}: ${shown} instead of ${figure}`);
      });
    });
  }
});
