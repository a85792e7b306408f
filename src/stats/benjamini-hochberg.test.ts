import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adjustedPValues } from './benjamini-hochberg.js';

describe("Benjamini and Hochberg's adjustment", () => {
  // Their example, section 3.2: thrombolytic therapy, fifteen hypotheses.
  const published = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
    0.6528, 0.759, 1.0,
  ];

  it('rejects the four hypotheses of the paper at 5 %, where Bonferroni rejects three', () => {
    const adjusted = adjustedPValues(published);
    assert.equal(adjusted.filter((p) => p <= 0.05).length, 4);
    assert.equal(published.filter((p) => p * 15 <= 0.05).length, 3);
  });

  it('gives the values that R gives (p.adjust, method "BH")', () => {
    const adjusted = adjustedPValues([0.01, 0.04, 0.03, 0.005]);
    assert.deepEqual(
      adjusted.map((p) => Number(p.toFixed(12))),
      [0.02, 0.04, 0.04, 0.02],
    );
  });

  it('keeps the order of the hypotheses, not that of the values', () => {
    const shuffled = [...published].reverse();
    assert.deepEqual(adjustedPValues(shuffled), [...adjustedPValues(published)].reverse());
  });

  it('leaves one hypothesis as it is, and none as none', () => {
    assert.deepEqual(adjustedPValues([0.03]), [0.03]);
    assert.deepEqual(adjustedPValues([]), []);
  });

  it('refuses what is no probability', () => {
    assert.throws(() => adjustedPValues([1.5]), /between 0 and 1/);
  });
});
