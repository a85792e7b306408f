import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SKYLAKE_2017 } from '../../../profiles/data/skylake-2017.js';
import { parseProfile } from '../../../profiles/user-profile.js';
import type { Calibration } from './calibrate-host.js';
import { bestTenth, figureOf } from './figure.js';
import { hostProfile } from './host-profile.js';

const CALIBRATION: Calibration = {
  figures: [
    figureOf('copyL1', 'ps/B', 'a copy', [10, 11, 12, 10.5, 11.5]),
    figureOf('wakeUp', 'ns', 'a wake-up', [30_000, 31_000, 29_000]),
    figureOf('vmexit', 'ns', 'CPUID', [100, 100, 100]),
  ],
  missing: [{ name: 'copyDram', reason: 'the caches are too large' }],
  caches: { l1Bytes: 49_152, l2Bytes: 2 << 20, l3Bytes: 8 << 20 },
  copyTable: { 'copy 64': 8 },
  wakeUpsNs: [30_000],
  warnings: [],
};

describe('a profile of a host', () => {
  it('is read by --profile, with what was measured and the rest of the base', () => {
    const written = hostProfile('host-x', CALIBRATION, SKYLAKE_2017, 3e9);
    const read = parseProfile(JSON.stringify(written), 'host-x.json');
    assert.equal(read.features.l1Bytes, 49_152);
    assert.equal(read.prices.copyL1.value, 11);
    assert.equal(read.prices.copyL1.confidence, 'measured');
    assert.deepEqual(read.prices.copyDram, SKYLAKE_2017.prices.copyDram);
    assert.equal(written.measurements.missing['copyDram'], 'the caches are too large');
  });

  it('has as the price of claiming lines back what a copy takes beyond itself', () => {
    const claimed = (ps: number) =>
      hostProfile(
        'host-x',
        {
          ...CALIBRATION,
          figures: [
            figureOf('copyL1', 'ps/B', '', [10]),
            figureOf('copyL2', 'ps/B', '', [20]),
            figureOf('claimedWrite', 'ps/B', '', [ps]),
          ],
        },
        SKYLAKE_2017,
        3e9,
      ).prices['copyClaimed']?.value;
    assert.equal(claimed(80), 65);
    assert.equal(claimed(12), 0);
    const { prices } = hostProfile('x', CALIBRATION, SKYLAKE_2017, 3e9);
    assert.equal('copyClaimed' in prices, false, 'not measured: as the base has it');
  });

  it('pays no part of a figure twice that was measured whole', () => {
    const { prices } = hostProfile('host-x', CALIBRATION, SKYLAKE_2017, 3e9);
    const { vcpuWake, vmexit } = prices;
    assert.ok(vcpuWake !== undefined && vmexit !== undefined);
    assert.ok(vcpuWake.value > 20_000 && vcpuWake.value < 30_000, String(vcpuWake.value));
    assert.match(vcpuWake.source, /less .* ns for vcpuUnblock, ipi/);
    // An exit that is quicker than the handler's own price leaves nothing, and nothing negative.
    assert.equal(vmexit.value, 0);
  });
});

describe('figures', () => {
  it('state a spread that holds their repeats, and how far they agree', () => {
    const close = figureOf('a', 'ns', '', [100, 101, 102, 103, 104, 105, 99, 98, 97, 100]);
    assert.equal(close.confidence, 'high');
    assert.ok(close.low < 97 && close.high > 105);
    assert.equal(figureOf('b', 'ns', '', [100, 300, 100, 300, 100, 300]).confidence, 'low');
  });

  it('take the best of many samples, for load only ever adds time', () => {
    const samples = Array.from({ length: 100 }, (_, i) => (i % 5 === 0 ? 10 : 1000));
    assert.equal(bestTenth(samples), 10);
  });
});
