import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { Prng } from '../base/prng.js';
import { ratioOfMedians } from './block-bootstrap.js';

const options = (seed = 1) => ({ prng: new Prng(seed), confidence: 0.95, resamples: 300 });
const samples = fc.array(fc.double({ min: 0.5, max: 1000, noNaN: true }), {
  minLength: 2,
  maxLength: 40,
});

/** Nearly normal: the sum of twelve uniform values has variance 1. */
function nearlyNormal(prng: Prng): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += prng.fraction();
  return sum;
}

describe('the ratio of medians', () => {
  it('lies in its interval, or beside it only by the luck of few samples', () => {
    fc.assert(
      fc.property(samples, samples, (first, second) => {
        const { ratio, low, high } = ratioOfMedians(first, second, options());
        assert.ok(low <= high);
        assert.ok(low >= Math.min(...second) / Math.max(...first) - 1e-12);
        assert.ok(high <= Math.max(...second) / Math.min(...first) + 1e-12);
        assert.ok(ratio > 0);
      }),
      runs(60),
    );
  });

  it('is the same for the same seed, and scales with its samples', () => {
    fc.assert(
      fc.property(samples, samples, (first, second) => {
        const once = ratioOfMedians(first, second, options(7));
        assert.deepEqual(ratioOfMedians(first, second, options(7)), once);
        const doubled = ratioOfMedians(
          first,
          second.map((value) => value * 2),
          options(7),
        );
        assert.deepEqual(doubled, {
          ratio: once.ratio * 2,
          low: once.low * 2,
          high: once.high * 2,
        });
      }),
      runs(40),
    );
  });

  it('has an interval without width where nothing varies', () => {
    assert.deepEqual(ratioOfMedians([2, 2, 2, 2], [3, 3, 3], options()), {
      ratio: 1.5,
      low: 1.5,
      high: 1.5,
    });
  });

  it('covers the true ratio about as often as it promises', () => {
    const prng = new Prng(5);
    const draw = (scale: number) =>
      Array.from({ length: 20 }, () => scale * (1 + 0.03 * nearlyNormal(prng)));
    let covered = 0;
    for (let trial = 0; trial < 400; trial++) {
      const { low, high } = ratioOfMedians(draw(100), draw(110), options(trial));
      if (low <= 1.1 && 1.1 <= high) covered++;
    }
    assert.ok(covered >= 0.9 * 400 && covered <= 0.99 * 400, `covered ${covered} of 400`);
  });

  it('is wider where neighbours resemble each other, as it must be', () => {
    // The same values: once in an order without memory, once in long waves.
    const prng = new Prng(11);
    const values = Array.from({ length: 64 }, () => 100 * (1 + 0.03 * nearlyNormal(prng)));
    const waves = [...values].sort((a, b) => a - b);
    const shuffled = prng.shuffle([...values]);
    const width = (list: readonly number[]): number => {
      const { low, high } = ratioOfMedians(list, list, options(3));
      return high - low;
    };
    assert.ok(width(waves) > 1.3 * width(shuffled), `${width(waves)} ${width(shuffled)}`);
  });

  it('refuses values that have no ratio', () => {
    assert.throws(() => ratioOfMedians([0, 1], [1, 1], options()), /above 0/);
    assert.throws(() => ratioOfMedians([], [1], options()), /no samples/);
  });
});
