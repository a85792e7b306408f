import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '../base/prng.js';
import { changePoints } from './change-points.js';

const OPTIONS = { seed: 1, significance: 0.01, shortest: 4 };

function noisy(prng: Prng, count: number, level: number, noise = 0.03): number[] {
  return Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += prng.fraction();
    return level * (1 + noise * sum);
  });
}

describe('change points', () => {
  it('finds the one place where a clean series steps', () => {
    const series = [...Array(10).fill(1), ...Array(10).fill(7)];
    assert.deepEqual(
      changePoints(series, OPTIONS).map(({ index }) => index),
      [10],
    );
  });

  it('finds steps up and down, each where it is', () => {
    const prng = new Prng(3);
    const series = [...noisy(prng, 20, 100), ...noisy(prng, 15, 115), ...noisy(prng, 25, 95)];
    const found = changePoints(series, OPTIONS);
    assert.equal(found.length, 2);
    for (const [i, expected] of [20, 35].entries()) {
      assert.ok(Math.abs((found[i]?.index ?? 0) - expected) <= 1, JSON.stringify(found));
      assert.ok((found[i]?.p ?? 1) <= 0.01);
    }
  });

  it('finds a step of 10 % in 3 % noise nearly always, within one run', () => {
    const prng = new Prng(9);
    let hits = 0;
    for (let trial = 0; trial < 40; trial++) {
      const series = [...noisy(prng, 12, 100), ...noisy(prng, 12, 110)];
      const found = changePoints(series, { ...OPTIONS, seed: trial });
      if (found.some(({ index }) => Math.abs(index - 12) <= 1)) hits++;
    }
    assert.ok(hits >= 37, `${hits} of 40`);
  });

  it('seldom finds anything in noise alone', () => {
    const prng = new Prng(4);
    let alarms = 0;
    for (let trial = 0; trial < 200; trial++) {
      if (changePoints(noisy(prng, 30, 100), { ...OPTIONS, seed: trial }).length > 0) alarms++;
    }
    // 1 % are promised: more than eight of two hundred would happen once in a thousand.
    assert.ok(alarms <= 8, `${alarms} of 200`);
  });

  it('is not led astray by one value that sticks out', () => {
    const prng = new Prng(6);
    const series = noisy(prng, 30, 100);
    series[14] = 160;
    assert.deepEqual(changePoints(series, OPTIONS), []);
  });

  it('finds nothing in a series that is constant, or too short to have sides', () => {
    assert.deepEqual(changePoints(Array(30).fill(5), OPTIONS), []);
    assert.deepEqual(changePoints([1, 1, 1, 9, 9, 9], OPTIONS), []);
    assert.deepEqual(changePoints([], OPTIONS), []);
  });

  it('is the same for the same seed', () => {
    const series = [...noisy(new Prng(8), 15, 100), ...noisy(new Prng(9), 15, 104)];
    assert.deepEqual(changePoints(series, OPTIONS), changePoints(series, OPTIONS));
  });
});
