import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { geometricMean, harmonicMean, summarise } from './summary.js';

test('a summary gives median, extremes and, from six samples on, an interval', () => {
  assert.deepEqual(summarise([5, 1, 3, 4, 2, 6]), {
    count: 6,
    median: 3.5,
    min: 1,
    max: 6,
    interval: [1, 6],
    confidence: 0.95,
  });
  assert.equal(summarise([5, 1, 3]).interval, undefined);
  assert.equal(summarise(Array.from({ length: 20 }, (_, i) => i + 1)).interval?.[0], 6);
  assert.throws(() => summarise([]), /without samples/);
});

test('a summary leaves the samples in their order', () => {
  const samples = [3, 1, 2];
  summarise(samples);
  assert.deepEqual(samples, [3, 1, 2]);
});

test('geometric means of known series', () => {
  assert.equal(geometricMean([2, 8]), 4);
  assert.equal(geometricMean([5]), 5);
  assert.equal(geometricMean([0.5, 2]), 1);
  assert.equal(geometricMean([1e300, 1e300, 1e300]), 1e300);
  assert.equal(geometricMean([Number.MIN_VALUE, Number.MIN_VALUE]), Number.MIN_VALUE);
  assert.ok(Math.abs(geometricMean([1, 2, 3, 4, 5]) / 2.605171084697352 - 1) < 1e-15);
  assert.throws(() => geometricMean([1, 0]), /above 0/);
  assert.throws(() => geometricMean([]), /needs values/);
});

test('the harmonic mean of rates over equal work is total work over total time', () => {
  assert.equal(harmonicMean([60, 30]), 40);
  assert.throws(() => harmonicMean([-1]), /above 0/);
});

const positives = fc.array(fc.double({ noNaN: true, min: 1e-300, max: 1e300 }), {
  minLength: 1,
  maxLength: 60,
});

test('the geometric mean does not depend on order and agrees with logarithms', () => {
  fc.assert(
    fc.property(positives, (values) => {
      const mean = geometricMean(values);
      assert.equal(geometricMean([...values].reverse()), mean);
      const logarithms = values.reduce((sum, value) => sum + Math.log(value), 0);
      assert.ok(Math.abs(Math.log(mean) - logarithms / values.length) < 1e-11);
    }),
    runs(100),
  );
});

test('harmonic <= geometric <= largest value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: 1e-3, max: 1e9 }), { minLength: 1 }),
      (values) => {
        const geometric = geometricMean(values);
        assert.ok(harmonicMean(values) <= geometric * (1 + 1e-12));
        assert.ok(geometric <= Math.max(...values) * (1 + 1e-12));
      },
    ),
    runs(100),
  );
});
