import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantViolation } from '../base/errors.js';
import { median, medianInterval, nearestRank, percentile, sortedAscending } from './quantile.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

test('the median is the middle value, or the mean of the two middle ones', () => {
  assert.equal(median([7]), 7);
  assert.equal(median([1, 2, 4]), 2);
  assert.equal(median([1, 2, 4, 100]), 3);
  assert.throws(() => median([]), InvariantViolation);
});

test('percentiles by nearest rank agree with the worked example of the definition', () => {
  // Wikipedia, "Percentile", the nearest-rank method, example 1.
  const list = [15, 20, 35, 40, 50];
  assert.deepEqual(
    [5, 30, 40, 50, 100].map((percent) => percentile(list, percent)),
    [15, 20, 20, 35, 50],
  );
});

test('ranks are exact where floating point is not', () => {
  assert.equal(nearestRank(1000, 99.9), 999);
  assert.equal(nearestRank(1_000_000, 99.9), 999_000);
  assert.equal(nearestRank(10_000_000_000, 99.9), 9_990_000_000);
  assert.equal(nearestRank(100, 7), 7, '0.07 * 100 is 7.000000000000001');
  assert.equal(nearestRank(100, 0), 1);
  assert.equal(nearestRank(1, 99.999), 1);
});

test('ranks refuse what has no answer', () => {
  assert.throws(() => nearestRank(0, 50), /needs samples/);
  assert.throws(() => nearestRank(10, 101), /0 to 100/);
  assert.throws(() => nearestRank(10, Number.NaN), /0 to 100/);
  assert.throws(() => nearestRank(10, 33.33333), /three decimals/);
  assert.throws(() => nearestRank(1e12, 50.001), /too many/);
});

test('sorting is numeric and refuses what is no number', () => {
  assert.deepEqual([...sortedAscending([10, 9, -1])], [-1, 9, 10]);
  assert.throws(() => sortedAscending([1, Number.NaN]), /index=1 value=NaN/);
  assert.throws(() => sortedAscending([Number.POSITIVE_INFINITY]), InvariantViolation);
});

test('a finite interval needs six samples for 95 % and eight for 99 %', () => {
  assert.equal(medianInterval(upTo(5), 0.95), undefined);
  assert.equal(medianInterval(upTo(6), 0.95)?.confidence, 1 - 2 / 64);
  assert.equal(medianInterval(upTo(7), 0.99), undefined);
  assert.equal(medianInterval(upTo(8), 0.99)?.confidence, 1 - 2 / 256);
  assert.equal(medianInterval([], 0.95), undefined);
});

test('interval ranks agree with the published table', () => {
  // Le Boudec, "Performance Evaluation of Computer and Communication Systems", table A.1 (95 %).
  const table: [count: number, low: number, high: number, confidence: number][] = [
    [6, 1, 6, 0.969],
    [9, 2, 8, 0.961],
    [10, 2, 9, 0.979],
    [20, 6, 15, 0.959],
    [25, 8, 18, 0.957],
    [30, 10, 21, 0.957],
    [50, 18, 33, 0.967],
    [70, 27, 44, 0.959],
  ];
  for (const [count, low, high, confidence] of table) {
    const interval = medianInterval(upTo(count), 0.95);
    assert.deepEqual([interval?.low, interval?.high], [low, high], `n = ${count}`);
    assert.ok(Math.abs((interval?.confidence ?? 0) - confidence) < 0.0006, `n = ${count}`);
  }
});

test('an interval exists where 2^-n is below the smallest double', () => {
  const interval = medianInterval(upTo(10_000), 0.95);
  // Normal approximation: 5000.5 -+ 1.96 * sqrt(10000) / 2.
  assert.ok(Math.abs((interval?.lowRank ?? 0) - 4902) <= 1);
  assert.equal((interval?.lowRank ?? 0) + (interval?.highRank ?? 0), 10_001);
  assert.ok((interval?.confidence ?? 0) >= 0.95 && (interval?.confidence ?? 1) < 0.953);
});

test('a confidence that ranks meet exactly is met', () => {
  assert.equal(medianInterval(upTo(5), 1 - 2 / 32)?.lowRank, 1);
  assert.throws(() => medianInterval(upTo(9), 1), /between 0 and 1/);
});
