import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '../base/prng.js';
import { batchLength, batchMedians, serialCorrelation } from './serial-correlation.js';

function nearlyNormal(prng: Prng): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += prng.fraction();
  return sum;
}

/** A series in which each value keeps a part of the one before it. */
function series(prng: Prng, count: number, correlation: number): number[] {
  const fresh = Math.sqrt(1 - correlation * correlation);
  let state = nearlyNormal(prng);
  return Array.from({ length: count }, () => {
    state = correlation * state + fresh * nearlyNormal(prng);
    return 100 + state;
  });
}

describe('serial correlation', () => {
  for (const correlation of [0.3, 0.6, 0.8]) {
    it(`of ${correlation} is found in many short series together`, () => {
      const prng = new Prng(1);
      const found = serialCorrelation(
        Array.from({ length: 400 }, () => series(prng, 24, correlation)),
      );
      assert.ok(Math.abs(found - correlation) < 0.1, `${found}`);
    });
  }

  it('is 0 where there is none, in one series and in many', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const prng = new Prng(seed);
      const many = Array.from({ length: 100 }, () => series(prng, 10, 0));
      assert.equal(serialCorrelation(many), 0);
    }
    let found = 0;
    for (let seed = 1; seed <= 100; seed++) {
      if (serialCorrelation([series(new Prng(seed), 20, 0)]) > 0) found++;
    }
    assert.ok(found <= 10, `${found} of 100`);
  });

  it('is found in one series that only drifts', () => {
    const drifting = Array.from({ length: 20 }, (_, i) => 100 + i);
    assert.ok(serialCorrelation([drifting]) > 0.7);
  });

  it('is 0 of constant values, of few values and of none', () => {
    assert.equal(serialCorrelation([[5, 5, 5, 5, 5, 5, 5, 5]]), 0);
    assert.equal(serialCorrelation([[1, 2, 3, 4]]), 0);
    assert.equal(serialCorrelation([]), 0);
  });
});

describe('batches', () => {
  it('grow with the correlation', () => {
    assert.equal(batchLength(0), 1);
    assert.equal(batchLength(0.2), 3);
    assert.equal(batchLength(0.6), 8);
  });

  it('have medians in order, and drop at the beginning what fills none', () => {
    assert.deepEqual(batchMedians([99, 1, 2, 9, 4, 5, 6], 3), [2, 5]);
    assert.deepEqual(batchMedians([3, 1, 2], 1), [3, 1, 2]);
    assert.deepEqual(batchMedians([3, 1], 3), []);
  });
});
