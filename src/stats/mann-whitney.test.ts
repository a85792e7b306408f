import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mannWhitney, smallestTwoSidedP } from './mann-whitney.js';

const close = (actual: number, expected: number, within: number): void => {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
};

describe("Mann and Whitney's test", () => {
  it('gives the published answer for permeability constants (Hollander and Wolfe, 1973, p. 69)', () => {
    // Also the example of wilcox.test in R: W = 35, p = 0.1272 one-sided.
    const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const early = [1.15, 0.88, 0.9, 0.74, 1.21];
    const { u, secondSmaller, secondLarger, twoSided, method } = mannWhitney(term, early);
    assert.equal(u, 15, 'W of R counts the other way: 50 - 35');
    assert.equal(method, 'exact');
    close(secondSmaller, 0.1272, 5e-5);
    close(twoSided, 0.2544, 1e-4);
    close(secondLarger + secondSmaller, 1 + pointProbability(term.length, early.length, 15), 1e-12);
  });

  it('gives the published answer for ages at diagnosis (the example of SciPy)', () => {
    const males = [19, 22, 16, 29, 24];
    const females = [20, 11, 17, 12];
    const result = mannWhitney(females, males);
    assert.equal(result.u, 17);
    close(result.twoSided, 0.1111111111111111, 1e-15);
  });

  // Mann and Whitney, 1947, table I: probability of U or less for n = 3..8.
  for (const [n, m, u, expected] of [
    [3, 3, 0, 0.05],
    [3, 3, 4, 0.5],
    [4, 4, 2, 0.057],
    [5, 4, 3, 0.056],
    [5, 5, 4, 0.048],
    [6, 6, 7, 0.047],
    [7, 7, 11, 0.049],
    [8, 8, 13, 0.025],
    [8, 8, 9, 0.007],
  ] as const) {
    it(`agrees with the table of 1947: P(U <= ${u}) with ${n} and ${m} is ${expected}`, () => {
      let probability = 0;
      for (let k = 0; k <= u; k++) probability += pointProbability(n, m, k);
      const [first, second] = samplesWithU(n, m, u);
      const result = mannWhitney(first, second);
      assert.equal(result.u, u);
      close(result.secondSmaller, expected, 6e-4);
      close(result.secondSmaller, probability, 1e-12);
    });
  }

  it('counts ties out: every deal of the midranks is as likely as any other', () => {
    const first = [1, 2, 2, 3];
    const second = [2, 3, 4];
    const all = [...first, ...second];
    let atLeast = 0;
    let deals = 0;
    const observed = pairsLarger(first, second);
    for (let mask = 0; mask < 128; mask++) {
      const chosen = all.filter((_, i) => (mask >> i) % 2 === 1);
      if (chosen.length !== 3) continue;
      deals++;
      const rest = all.filter((_, i) => (mask >> i) % 2 === 0);
      if (pairsLarger(rest, chosen) >= observed) atLeast++;
    }
    const result = mannWhitney(first, second);
    assert.equal(result.u, observed);
    close(result.secondLarger, atLeast / deals, 1e-12);
  });

  it('is nearly normal where there are many samples', () => {
    // One sample fewer a side is still counted out, and must give nearly the same.
    const many = Array.from({ length: 31 }, (_, i) => i * 1.5);
    const others = Array.from({ length: 31 }, (_, i) => i * 1.5 + 6.1);
    const { twoSided, method } = mannWhitney(many, others);
    assert.equal(method, 'normal');
    const exactNearby = mannWhitney(many.slice(1), others.slice(1));
    assert.equal(exactNearby.method, 'exact');
    assert.ok(Math.abs(twoSided - exactNearby.twoSided) < 0.01);
  });

  it('cannot tell equal values apart', () => {
    assert.equal(mannWhitney([5, 5, 5], [5, 5, 5]).twoSided, 1);
    const many = Array.from({ length: 40 }, () => 7);
    assert.equal(mannWhitney(many, many).twoSided, 1);
  });

  it('says how small p can become: 0.05 wants four a side, 0.01 wants five', () => {
    assert.equal(smallestTwoSidedP(3, 3), 0.1);
    assert.ok(smallestTwoSidedP(4, 4) < 0.05);
    assert.ok(smallestTwoSidedP(4, 4) > 0.01);
    assert.ok(smallestTwoSidedP(5, 5) < 0.01);
    const apart = mannWhitney([1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16]);
    assert.equal(apart.twoSided, smallestTwoSidedP(6, 6));
  });

  it('refuses what is no number, and no samples', () => {
    assert.throws(() => mannWhitney([1], []), /needs samples/);
    assert.throws(() => mannWhitney([1, Number.NaN], [2]), /not a finite number/);
  });
});

function pairsLarger(first: readonly number[], second: readonly number[]): number {
  let pairs = 0;
  for (const a of first) for (const b of second) pairs += b > a ? 1 : b === a ? 0.5 : 0;
  return pairs;
}

/** Samples without ties in which exactly `u` pairs have the larger value in the second. */
function samplesWithU(n: number, m: number, u: number): [number[], number[]] {
  const second: number[] = [];
  let left = u;
  for (let i = 0; i < m; i++) {
    const above = Math.min(n, left);
    left -= above;
    second.push(above + 0.5 + (m - i) / 100);
  }
  return [Array.from({ length: n }, (_, i) => i + 1), second];
}

/** P(U = u) by the recursion of Mann and Whitney, an implementation that shares nothing. */
function pointProbability(n: number, m: number, u: number): number {
  if (u < 0) return 0;
  if (n === 0 || m === 0) return u === 0 ? 1 : 0;
  return (
    (m / (n + m)) * pointProbability(n, m - 1, u - n) +
    (n / (n + m)) * pointProbability(n - 1, m, u)
  );
}
