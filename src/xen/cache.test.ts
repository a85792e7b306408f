import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CacheHierarchy, CLAIMED, IN_DRAM, IN_L1, IN_L2, IN_L3 } from './cache.js';
import { LruTable } from './lru-table.js';
import { MachineMemory, PAGE_SIZE } from './memory.js';

/** Two pCPUs with 2 pages of L1, 4 of L2, 8 of L3 in common, and so many frames. */
function machine(frames: number) {
  const memory = new MachineMemory();
  for (let i = 0; i < frames; i++) memory.allocate(0);
  const l3 = new LruTable(8);
  const features = { l1Bytes: 2 * PAGE_SIZE, l2Bytes: 4 * PAGE_SIZE };
  return {
    memory,
    a: new CacheHierarchy(memory, 0, l3, features),
    b: new CacheHierarchy(memory, 1, l3, features),
  };
}

describe('CacheHierarchy of one pCPU', () => {
  it('finds a page in the smallest cache that still holds it', () => {
    const { a } = machine(20);
    for (let page = 0; page < 12; page++) assert.equal(a.touch(page * PAGE_SIZE, false), IN_DRAM);
    assert.equal(a.touch(11 * PAGE_SIZE, false), IN_L1);
    assert.equal(a.touch(10 * PAGE_SIZE, true), IN_L1);
    assert.equal(a.touch(8 * PAGE_SIZE, false), IN_L2);
    assert.equal(a.touch(4 * PAGE_SIZE, false), IN_L3);
    assert.equal(a.touch(0 * PAGE_SIZE, false), IN_DRAM);
  });

  it('reads and writes its own pages at the same level', () => {
    const { a } = machine(2);
    assert.equal(a.touch(0 * PAGE_SIZE, true), IN_DRAM);
    for (let i = 0; i < 5; i++) {
      assert.equal(a.touch(0 * PAGE_SIZE, true), IN_L1);
      assert.equal(a.touch(0 * PAGE_SIZE, false), IN_L1);
    }
  });
});

describe('CacheHierarchy of two pCPUs', () => {
  it('a page that another pCPU wrote comes from L3, and is then in L1', () => {
    const { a, b } = machine(2);
    a.touch(0 * PAGE_SIZE, true);
    assert.equal(b.touch(0 * PAGE_SIZE, false), IN_L3);
    assert.equal(b.touch(0 * PAGE_SIZE, false), IN_L1);
    assert.equal(a.touch(0 * PAGE_SIZE, false), IN_L1, 'reading takes nothing from the writer');
  });

  it('each new write of the same pCPU makes the reader fetch again', () => {
    const { a, b } = machine(2);
    for (let round = 0; round < 3; round++) {
      a.touch(0 * PAGE_SIZE, true);
      assert.equal(b.touch(0 * PAGE_SIZE, false), IN_L3, `round ${round}`);
      assert.equal(b.touch(0 * PAGE_SIZE, false), IN_L1);
    }
  });

  it('a write to what another pCPU has read since claims it, the next one does not', () => {
    const { a, b } = machine(2);
    a.touch(0 * PAGE_SIZE, true);
    assert.equal(a.touch(0 * PAGE_SIZE, true), IN_L1);
    for (let round = 0; round < 3; round++) {
      b.touch(0 * PAGE_SIZE, false);
      assert.equal(a.touch(0 * PAGE_SIZE, false), IN_L1, 'its own copy is good');
      assert.equal(a.touch(0 * PAGE_SIZE, true), IN_L1 + CLAIMED, 'but the reader must let go');
      assert.equal(a.touch(0 * PAGE_SIZE, true), IN_L1);
    }
  });

  it('writers by turns take the page from each other', () => {
    const { a, b } = machine(2);
    a.touch(0 * PAGE_SIZE, true);
    for (let round = 0; round < 3; round++) {
      assert.equal(b.touch(0 * PAGE_SIZE, true), IN_L3);
      assert.equal(b.touch(0 * PAGE_SIZE, true), IN_L1);
      assert.equal(a.touch(0 * PAGE_SIZE, true), IN_L3);
    }
  });

  it('readers only do not disturb each other', () => {
    const { a, b } = machine(2);
    assert.equal(a.touch(0 * PAGE_SIZE, false), IN_DRAM);
    assert.equal(b.touch(0 * PAGE_SIZE, false), IN_L3);
    assert.equal(a.touch(0 * PAGE_SIZE, false), IN_L1);
    assert.equal(b.touch(0 * PAGE_SIZE, false), IN_L1);
  });

  it('a frame that is given to somebody else is nowhere near', () => {
    const { memory, a } = machine(1);
    a.touch(0 * PAGE_SIZE, true);
    assert.equal(a.touch(0 * PAGE_SIZE, false), IN_L1);
    memory.release(0);
    memory.allocate(5);
    assert.equal(
      a.touch(0 * PAGE_SIZE, false),
      IN_L3,
      'the L3 has scrubbed it, which also touches it',
    );
  });
});
