import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { PageRanges } from './page-ranges.js';

const PAGES = 64;

test('gives the lowest adjacent free pages, and joins what comes back', () => {
  const step = fc.record({ take: fc.boolean(), pages: fc.integer({ min: 1, max: 12 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const ranges = new PageRanges();
      ranges.add(0, PAGES);
      const free = new Array<boolean>(PAGES).fill(true);
      const taken: [number, number][] = [];
      for (const { take, pages } of steps) {
        if (take) {
          const expected = lowest(free, pages);
          assert.equal(ranges.take(pages), expected);
          if (expected < 0) continue;
          free.fill(false, expected, expected + pages);
          taken.push([expected, pages]);
        } else {
          const [first, count] = taken.splice(pages % Math.max(1, taken.length), 1)[0] ?? [0, 0];
          if (count === 0) continue;
          ranges.add(first, count);
          free.fill(true, first, first + count);
        }
        assert.equal(ranges.pages, free.filter((isFree) => isFree).length);
      }
    }),
    runs(100),
  );
});

function lowest(free: readonly boolean[], pages: number): number {
  for (let first = 0; first + pages <= free.length; first++) {
    if (free.slice(first, first + pages).every((isFree) => isFree)) return first;
  }
  return -1;
}
