import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../test/property-runs.js';
import { readableBytes, ringOffset, writableBytes } from '../../ring/free-running-ring.js';
import { createMover, createSharedMemory } from './wasm-mover.js';

const OPEN = 20;
const OWN = 4;
const PEERS = 8;
const RING = 1024;
const PROGRAM = 40_000;
const END = 60_000;

/** Sizes, lengths, and how far one index is before the other: mostly what can be, sometimes what only a hostile peer writes. */
const cases = fc.record({
  size: fc.integer({ min: 4, max: 14 }).map((order) => 1 << order),
  behind: fc.integer({ min: 0, max: 0xffffffff }),
  ahead: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 1 << 14 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
  ),
  length: fc.integer({ min: 1, max: 1 << 14 }),
  isOpen: fc.boolean(),
});

function memory(): {
  bytes: Uint8Array;
  words: Uint32Array;
  mover: ReturnType<typeof createMover>;
} {
  const shared = createSharedMemory(END);
  const bytes = new Uint8Array(shared.buffer);
  for (let at = RING; at < END; at++) bytes[at] = (at * 7) ^ (at >> 8);
  return { bytes, words: new Uint32Array(shared.buffer), mover: createMover(shared) };
}

test('property: put does to memory what src/ring says, and nothing else', () => {
  fc.assert(
    fc.property(cases, ({ size, behind, ahead, length, isOpen }) => {
      const { bytes, words, mover } = memory();
      const prod = (behind + ahead) >>> 0;
      words[OWN >> 2] = prod;
      words[PEERS >> 2] = behind;
      bytes[OPEN] = isOpen ? 2 : 0;
      const expected = bytes.slice();
      const room = writableBytes(prod, behind, size);
      let pieces = isOpen ? 0 : -1;
      if (isOpen && room >= length) {
        for (let i = 0; i < length; i++) {
          expected[RING + ringOffset(prod + i, size)] = bytes[PROGRAM + i] as number;
        }
        pieces = ringOffset(prod, size) + length > size ? 2 : 1;
      }
      assert.equal(mover.put(OPEN, OWN, PEERS, RING, size, PROGRAM, length), pieces);
      assert.deepEqual(bytes, expected);
    }),
    runs(300),
  );
});

test('property: take does to memory what src/ring says, and nothing else', () => {
  fc.assert(
    fc.property(cases, ({ size, behind, ahead, length }) => {
      const { bytes, words, mover } = memory();
      const prod = (behind + ahead) >>> 0;
      words[OWN >> 2] = behind;
      words[PEERS >> 2] = prod;
      const expected = bytes.slice();
      const ready = readableBytes(prod, behind, size);
      let pieces = 0;
      if (ready >= length) {
        for (let i = 0; i < length; i++) {
          expected[PROGRAM + i] = bytes[RING + ringOffset(behind + i, size)] as number;
        }
        pieces = ringOffset(behind, size) + length > size ? 2 : 1;
      }
      assert.equal(mover.take(OWN, PEERS, RING, size, PROGRAM, length), pieces);
      assert.deepEqual(bytes, expected);
    }),
    runs(300),
  );
});
