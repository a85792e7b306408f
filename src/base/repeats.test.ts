import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { repeats } from './repeats.js';

describe('what repeats itself in a row', () => {
  it('is taken together: single members at once, patterns from the third time on', () => {
    assert.deepEqual(repeats([...'aab'], 4), [
      { start: 0, length: 1, times: 2 },
      { start: 2, length: 1, times: 1 },
    ]);
    assert.deepEqual(repeats([...'xabcabcabcy'], 4), [
      { start: 0, length: 1, times: 1 },
      { start: 1, length: 3, times: 3 },
      { start: 10, length: 1, times: 1 },
    ]);
    assert.equal(repeats([...'abab'], 4).length, 4);
    assert.equal(repeats([...'abcdeabcdeabcde'], 4).length, 15);
  });

  it('gives the row back, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 }), (row) => {
        const back = repeats(row, 5).flatMap(({ start, length, times }) =>
          Array.from({ length: times }, () => row.slice(start, start + length)).flat(),
        );
        assert.deepEqual(back, row);
      }),
      runs(100),
    );
  });
});
