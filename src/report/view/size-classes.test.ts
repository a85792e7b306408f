import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../test/property-runs.js';
import { classOf, SIZE_TOLERANCE, sizeClasses } from './size-classes.js';

test('the 65472 bytes of V4V stand beside the 65536 of the others', () => {
  const classes = sizeClasses([
    { owner: 'v4v', size: 65_472 },
    { owner: 'libvchan', size: 65_536 },
    { owner: 'v2v', size: 65_536 },
  ]);
  assert.deepEqual(classes, [{ size: 65_536, smallest: 65_472, largest: 65_536 }]);
});

test('small steps of one transport around a power of two stay apart', () => {
  const sizes = [65_533, 65_536, 65_539];
  const classes = sizeClasses(sizes.map((size) => ({ owner: 'libvchan', size })));
  assert.deepEqual(
    classes.map((one) => one.size),
    sizes,
  );
});

test('sizes that differ by more than the tolerance are not called equal', () => {
  const classes = sizeClasses([
    { owner: 'v4v', size: 4096 },
    { owner: 'libvchan', size: 8192 },
  ]);
  assert.equal(classes.length, 2);
});

test('every size lies in exactly one class, no class is wider than the tolerance or has a transport twice', () => {
  const owned = fc.record({
    owner: fc.constantFrom('v4v', 'libvchan', 'v2v'),
    size: fc.integer({ min: 16, max: 1 << 20 }),
  });
  fc.assert(
    fc.property(fc.array(owned, { minLength: 1, maxLength: 60 }), (sizes) => {
      const classes = sizeClasses(sizes);
      for (const { size } of sizes) {
        const holding = classes.filter((one) => size >= one.smallest && size <= one.largest);
        assert.equal(holding.length, 1);
        assert.equal(classOf(classes, size), holding[0]);
      }
      for (const one of classes) {
        assert.ok(one.largest <= one.smallest * (1 + SIZE_TOLERANCE));
        assert.ok(one.size >= one.smallest && one.size <= one.largest);
        const mine = new Map<string, Set<number>>();
        for (const { owner, size } of sizes) {
          if (classOf(classes, size) !== one) continue;
          mine.set(owner, (mine.get(owner) ?? new Set()).add(size));
        }
        for (const its of mine.values()) assert.equal(its.size, 1);
      }
    }),
    runs(100),
  );
});
