import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type NameAtEnd, placeNames } from './line-names.js';

const area = { top: 0, bottom: 200 };
const HEIGHT = 14;
const name = (left: number, y: number, others: NameAtEnd['others'] = []): NameAtEnd => ({
  left,
  right: left + 30,
  y,
  others,
});

describe('names at the ends of lines', () => {
  it('stand at the ends where nothing is in the way', () => {
    assert.deepEqual(placeNames([name(100, 50), name(100, 80)], HEIGHT, area), [50, 80]);
  });

  it('stand below one another, in the order of the ends, where several lines end together', () => {
    assert.deepEqual(placeNames([name(100, 52), name(100, 50)], HEIGHT, area), [64, 50]);
    assert.deepEqual(placeNames([name(100, 200), name(100, 199)], HEIGHT, area), [200, 186]);
  });

  it('do not push one another where they stand apart', () => {
    assert.deepEqual(placeNames([name(100, 50), name(160, 51)], HEIGHT, area), [50, 51]);
  });

  it('make way for a line that goes on', () => {
    const passing = [
      { x: 40, y: 70 },
      { x: 90, y: 48 },
      { x: 180, y: 46 },
    ];
    const [middle = 0] = placeNames([name(100, 50, [passing])], HEIGHT, area);
    assert.ok(middle - HEIGHT / 2 >= 47, `${middle}`);
    const ended = passing.slice(0, 2);
    assert.deepEqual(placeNames([name(100, 50, [ended])], HEIGHT, area), [50]);
  });
});
