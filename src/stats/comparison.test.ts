import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { type ComparisonVerdict, compareExact, type Direction } from './comparison.js';

test('equal values are the same, and identical', () => {
  assert.deepEqual(compareExact(2.04, 2.04, 'lower'), {
    old: 2.04,
    new: 2.04,
    difference: 0,
    ratio: 1,
    identical: true,
    verdict: 'same',
  });
});

test('the verdict follows the direction of the metric', () => {
  const verdicts: [number, number, Direction, ComparisonVerdict][] = [
    [100, 101, 'lower', 'worse'],
    [100, 99, 'lower', 'better'],
    [100, 101, 'higher', 'better'],
    [100, 99, 'higher', 'worse'],
    [100, 99, 'none', 'different'],
    [0, 1, 'lower', 'worse'],
    [-3, -2, 'higher', 'better'],
  ];
  for (const [old, value, better, verdict] of verdicts) {
    assert.equal(compareExact(old, value, better).verdict, verdict, `${old} ${value} ${better}`);
  }
});

test('without a tolerance the last bit counts', () => {
  assert.equal(compareExact(1, 1 + Number.EPSILON, 'lower').verdict, 'worse');
});

test('a value on the border of the tolerance is inside', () => {
  assert.equal(compareExact(1, 1.02, 'lower', { relative: 0.02 }).verdict, 'same');
  assert.equal(compareExact(1, 1.0201, 'lower', { relative: 0.02 }).verdict, 'worse');
  assert.equal(compareExact(0.1, 0.4, 'lower', { absolute: 0.3 }).verdict, 'same');
  assert.equal(compareExact(1, 1.02, 'lower', { relative: 0.02 }).identical, false);
});

test('the larger of both tolerances holds', () => {
  assert.equal(compareExact(100, 104, 'lower', { relative: 0.01, absolute: 5 }).verdict, 'same');
  assert.equal(compareExact(1000, 1009, 'lower', { relative: 0.01, absolute: 5 }).verdict, 'same');
  assert.equal(compareExact(1000, 1011, 'lower', { relative: 0.01, absolute: 5 }).verdict, 'worse');
});

test('a ratio to nothing does not exist', () => {
  assert.equal(compareExact(0, 1, 'lower').ratio, undefined);
  assert.equal(compareExact(0, 0, 'lower').ratio, 1);
  assert.equal(compareExact(4, 0, 'lower').ratio, 0);
});

test('what is no number cannot be compared', () => {
  assert.throws(() => compareExact(1, Number.NaN, 'lower'), /finite/);
  assert.throws(() => compareExact(1, 2, 'lower', { relative: -1 }), /not negative/);
});

test('swapping old and new, or the direction, swaps better and worse', () => {
  const swapped = { same: 'same', better: 'worse', worse: 'better', different: 'different' };
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(value, value, fc.constantFrom('lower' as const, 'higher' as const), (a, b, d) => {
      const { verdict } = compareExact(a, b, d);
      assert.equal(compareExact(b, a, d).verdict, swapped[verdict]);
      assert.equal(
        compareExact(a, b, d === 'lower' ? 'higher' : 'lower').verdict,
        swapped[verdict],
      );
    }),
    runs(100),
  );
});
