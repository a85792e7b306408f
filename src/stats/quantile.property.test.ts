import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { Prng } from '../base/prng.js';
import { median, medianInterval, nearestRank, percentile, sortedAscending } from './quantile.js';

const samples = fc.array(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), {
  minLength: 1,
  maxLength: 200,
});

test('at least the asked part of the samples is at or below a percentile, and less is below it', () => {
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 100_000 }), (values, parts) => {
      const sorted = sortedAscending(values);
      const value = percentile(sorted, parts / 1000);
      const atOrBelow = sorted.filter((sample) => sample <= value).length;
      const below = sorted.filter((sample) => sample < value).length;
      assert.ok(atOrBelow * 100_000 >= parts * sorted.length);
      assert.ok(below * 100_000 < parts * sorted.length);
    }),
    runs(100),
  );
});

test('ranks agree with exact integer arithmetic', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90_000_000_000 }),
      fc.integer({ min: 1, max: 100_000 }),
      (count, parts) => {
        const exact = (BigInt(count) * BigInt(parts) + 99_999n) / 100_000n;
        assert.equal(BigInt(nearestRank(count, parts / 1000)), exact);
      },
    ),
    runs(100),
  );
});

test('the median has as many samples on either side', () => {
  fc.assert(
    fc.property(samples, (values) => {
      const sorted = sortedAscending(values);
      const middle = median(sorted);
      assert.ok(sorted.filter((sample) => sample < middle).length <= sorted.length / 2);
      assert.ok(sorted.filter((sample) => sample > middle).length <= sorted.length / 2);
    }),
    runs(100),
  );
});

test('interval ranks agree with binomial sums in exact integers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.constantFrom(0.5, 0.9, 0.95, 0.99, 0.999),
      (count, confidence) => {
        const covered = (rank: number): number => {
          let choose = 1n;
          let sum = 0n;
          for (let k = 0; k < rank; k++) {
            sum += choose;
            choose = (choose * BigInt(count - k)) / BigInt(k + 1);
          }
          const scale = 10n ** 15n;
          return 1 - Number((2n * sum * scale) / 2n ** BigInt(count)) / Number(scale);
        };
        let rank = 0;
        while (2 * (rank + 1) <= count && covered(rank + 1) >= confidence - 1e-12) rank++;
        const found = medianInterval(
          Array.from({ length: count }, (_, i) => i),
          confidence,
        );
        assert.equal(found?.lowRank ?? 0, rank);
        if (found !== undefined) assert.ok(Math.abs(found.confidence - covered(rank)) < 1e-12);
      },
    ),
    runs(100),
  );
});

test('the 95 % interval covers the true median in 95 % of seeded trials', () => {
  const random = new Prng(7);
  const trials = 2000;
  let covered = 0;
  for (let trial = 0; trial < trials; trial++) {
    const values = sortedAscending(Array.from({ length: 15 }, () => random.fraction()));
    const interval = medianInterval(values, 0.95);
    if (interval !== undefined && interval.low <= 0.5 && 0.5 <= interval.high) covered++;
  }
  // n = 15: ranks 4 and 12 cover with 96.5 %; three standard errors of 2000 trials are 1.2 %.
  assert.ok(
    covered / trials > 0.953 && covered / trials < 0.977,
    `covered ${covered} of ${trials}`,
  );
});
