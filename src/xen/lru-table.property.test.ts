import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { LruTable } from './lru-table.js';

interface Entry {
  readonly page: number;
  readonly tag: number;
  stamp: number;
}

/** The same by an array, most recent first. */
class NaiveLru {
  private entries: Entry[] = [];
  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.length;
  }

  touch(page: number, tag: number, stamp: number, valid: number): boolean {
    const at = this.at(page, tag);
    const known = at < 0 ? undefined : this.entries.splice(at, 1)[0];
    this.entries.unshift({ page, tag, stamp });
    this.entries.length = Math.min(this.entries.length, this.capacity);
    return known?.stamp === valid;
  }

  holds(page: number, tag: number, stamp: number): boolean {
    return this.entries[this.at(page, tag)]?.stamp === stamp;
  }

  remove(page: number, tag: number): boolean {
    const at = this.at(page, tag);
    if (at >= 0) this.entries.splice(at, 1);
    return at >= 0;
  }

  removeTag(tag: number): number {
    const before = this.size;
    this.entries = this.entries.filter((entry) => entry.tag !== tag);
    return before - this.size;
  }

  clear(): number {
    const before = this.size;
    this.entries = [];
    return before;
  }

  private at(page: number, tag: number): number {
    return this.entries.findIndex((entry) => entry.page === page && entry.tag === tag);
  }
}

type Step =
  | { readonly do: 'touch'; page: number; tag: number; stamp: number; valid: number }
  | { readonly do: 'holds'; page: number; tag: number; stamp: number }
  | { readonly do: 'remove'; page: number; tag: number }
  | { readonly do: 'removeTag'; tag: number }
  | { readonly do: 'clear' };

function steps(pages: number): fc.Arbitrary<Step[]> {
  const page = fc.oneof(fc.integer({ min: 0, max: pages }), fc.integer({ min: 0, max: 3 }));
  const tag = fc.integer({ min: 0, max: 3 });
  const stamp = fc.integer({ min: 0, max: 2 });
  const touch = fc.record({
    do: fc.constant('touch' as const),
    page,
    tag,
    stamp,
    valid: stamp,
  });
  return fc.array(
    fc.oneof(
      { weight: 40, arbitrary: touch },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('holds' as const), page, tag, stamp }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), page, tag }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('removeTag' as const), tag }) },
      { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
    ),
    { maxLength: 400, size: 'max' },
  );
}

function carryOut(table: LruTable | NaiveLru, step: Step): boolean | number {
  switch (step.do) {
    case 'touch':
      return table.touch(step.page, step.tag, step.stamp, step.valid);
    case 'holds':
      return table.holds(step.page, step.tag, step.stamp);
    case 'remove':
      return table.remove(step.page, step.tag);
    case 'removeTag':
      return table.removeTag(step.tag);
    case 'clear':
      return table.clear();
  }
}

test('answers as a plain list of entries in order of use does, at every capacity', () => {
  const cases = fc
    .integer({ min: 1, max: 90 })
    .chain((capacity) => fc.tuple(fc.constant(capacity), steps(capacity * 2)));
  fc.assert(
    fc.property(cases, ([capacity, sequence]) => {
      const table = new LruTable(capacity);
      const naive = new NaiveLru(capacity);
      sequence.forEach((step, index) => {
        assert.equal(carryOut(table, step), carryOut(naive, step), `step ${index}: ${step.do}`);
        assert.equal(table.size, naive.size);
      });
    }),
    runs(300),
  );
});

test('grows to a large capacity, keeps all, and then forgets the least recently used', () => {
  const table = new LruTable(5000);
  for (let page = 0; page < 5000; page++) assert.equal(table.touch(page, page & 1, 0), false);
  for (let page = 0; page < 5000; page++) assert.equal(table.touch(page, page & 1, 0), true);
  table.touch(0, 0, 0);
  table.touch(9999, 0, 0);
  assert.equal(table.size, 5000);
  assert.equal(table.holds(1, 1, 0), false);
  assert.equal(table.holds(0, 0, 0), true);
  assert.equal(table.holds(2, 0, 0), true);
});
