import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialOfMinus, normalUpperTail } from './normal-tail.js';

const close = (actual: number, expected: number, relative: number): void => {
  assert.ok(
    Math.abs(actual - expected) <= relative * Math.abs(expected),
    `${actual} is not ${expected}`,
  );
};

describe('the tail of the normal distribution', () => {
  // Abramowitz and Stegun, tables 26.1 and 26.2; further digits by Wichura's AS 241 run backwards.
  for (const [z, expected] of [
    [0, 0.5],
    [0.5, 0.3085375387259869],
    [1, 0.15865525393145707],
    [1.6448536269514722, 0.05],
    [1.959963984540054, 0.025],
    [2.4, 0.008197535924596131],
    [2.6, 0.004661188023718748],
    [3, 0.0013498980316300957],
    [4, 3.167124183311992e-5],
    [6, 9.865876450376946e-10],
    [10, 7.61985302416059e-24],
    [30, 4.906713927148187e-198],
  ] as const) {
    it(`is ${expected} beyond ${z}`, () => close(normalUpperTail(z), expected, 1e-11));
  }

  it('is symmetric', () => {
    for (const z of [0.1, 1, 2, 2.5, 3, 5]) {
      close(normalUpperTail(-z), 1 - normalUpperTail(z), 1e-15);
    }
  });

  it('is 0 where no double can say how little it is', () => {
    assert.equal(normalUpperTail(60), 0);
    assert.equal(normalUpperTail(Number.POSITIVE_INFINITY), 0);
  });
});

describe('the exponential function', () => {
  it('agrees with that of the machine', () => {
    for (let x = 0; x < 700; x += 0.37) close(exponentialOfMinus(x), Math.exp(-x), 1e-13);
    assert.equal(exponentialOfMinus(800), 0);
  });
});
