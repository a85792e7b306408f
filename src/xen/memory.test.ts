import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation } from '../base/errors.js';
import { MachineMemory, NO_DOMAIN, PAGE_SIZE } from './memory.js';

describe('MachineMemory', () => {
  it('gives every frame to one owner, zeroed, also after another used it', () => {
    const memory = new MachineMemory();
    const first = memory.allocate(1);
    memory.bytes.fill(0xff, first * PAGE_SIZE, (first + 1) * PAGE_SIZE);
    memory.release(first);
    assert.equal(memory.owners[first], NO_DOMAIN);
    const again = memory.allocate(2);
    assert.equal(again, first);
    assert.equal(memory.owners[again], 2);
    const bytes = memory.bytes.subarray(again * PAGE_SIZE, (again + 1) * PAGE_SIZE);
    assert.ok(bytes.every((byte) => byte === 0));
  });

  it("keeps what it knows of each piece of a frame, until the frame is somebody else's", () => {
    const memory = new MachineMemory(512);
    const { coherence } = memory;
    const mfns = Array.from({ length: 200 }, () => memory.allocate(1));
    const pieceOf = (mfn: number): number => 8 * mfn + 5;
    for (const mfn of mfns) coherence.lastWriters[pieceOf(mfn)] = mfn % 3;
    for (let i = 0; i < 1000; i++) memory.allocate(2);
    for (const mfn of mfns) assert.equal(coherence.lastWriters[pieceOf(mfn)], mfn % 3);
    const [first = 0, second = 0] = mfns;
    const version = coherence.versions[pieceOf(first)] as number;
    memory.release(first);
    assert.equal(memory.allocate(2), first);
    assert.equal(coherence.lastWriters[pieceOf(first)], -1);
    assert.equal(coherence.versions[pieceOf(first)], version + 1);
    assert.equal(coherence.lastWriters[pieceOf(second)], second % 3);
  });

  it('keeps bytes and what it knows of each frame when it grows', () => {
    const memory = new MachineMemory();
    const frames = Array.from({ length: 1000 }, (_, i) => {
      const mfn = memory.allocate(i % 7);
      memory.words[(mfn * PAGE_SIZE) >> 2] = i;
      memory.coherence.lastWriters[mfn] = i % 3;
      memory.coherence.readElsewhere[mfn] = i & 1;
      return mfn;
    });
    assert.equal(new Set(frames).size, 1000);
    assert.equal(memory.allocatedFrames, 1000);
    frames.forEach((mfn, i) => {
      assert.equal(memory.words[(mfn * PAGE_SIZE) >> 2], i);
      assert.equal(memory.buffer.readInt32LE(mfn * PAGE_SIZE), i);
      assert.equal(memory.owners[mfn], i % 7);
      assert.equal(memory.coherence.lastWriters[mfn], i % 3);
      assert.equal(memory.coherence.readElsewhere[mfn], i & 1);
    });
  });

  it('never gives a frame away that somebody maps, nor twice', () => {
    const memory = new MachineMemory();
    const mfn = memory.allocate(1);
    memory.hold(mfn);
    assert.throws(() => memory.release(mfn), InvariantViolation);
    memory.letGo(mfn);
    memory.release(mfn);
    assert.throws(() => memory.release(mfn), InvariantViolation);
  });

  it('has one line for each 64 bytes, the same for all, until the frame goes', () => {
    const memory = new MachineMemory();
    const mfn = memory.allocate(1);
    const at = mfn * PAGE_SIZE + 128;
    const line = memory.sharedLine(at);
    assert.equal(memory.sharedLine(at + 63), line);
    assert.notEqual(memory.sharedLine(at + 64), line);
    assert.notEqual(memory.sharedLine(at - 1), line);
    memory.release(mfn);
    memory.allocate(2);
    assert.notEqual(memory.sharedLine(at), line);
  });
});
