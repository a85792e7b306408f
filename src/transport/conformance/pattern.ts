import { Prng } from '../../base/prng.js';
import type { Guest } from '../guest.js';

/** A prime, so that no ring, page or message size divides it: bytes in the wrong place are never the right ones. */
const PERIOD_BYTES = 8191;
/** Distance between the beginnings of two messages, prime too. */
const MESSAGE_STEP = 1009;

const BYTES = randomBytes();

function randomBytes(): Buffer {
  const prng = new Prng(1);
  return Buffer.from(Uint8Array.from({ length: PERIOD_BYTES }, () => prng.uint32() & 0xff));
}

/**
 * The bytes that go one way: the same random bytes, over and over, from a place on that the seed chooses. Whoever knows a
 * byte's place in the stream, or the number of its message, knows what it must be.
 */
export class Pattern {
  private readonly offset: number;

  constructor(seed: number) {
    this.offset = new Prng(seed).below(PERIOD_BYTES);
  }

  /** Where in the stream message number `index` begins. */
  static positionOf(index: number): number {
    return index * MESSAGE_STEP;
  }

  /** Writes the bytes from a place in the stream on into a guest's memory. */
  place(guest: Guest, address: number, position: number, length: number): void {
    for (const { at, from, count } of this.pieces(position, length)) {
      guest.memory.poke(address + at, BYTES.subarray(from, from + count));
    }
  }

  /** First byte in a guest's memory that is not as it was sent, counted from the address; -1 where all are. */
  firstWrong(guest: Guest, address: number, position: number, length: number): number {
    for (const { at, from, count } of this.pieces(position, length)) {
      if (guest.memory.equals(address + at, BYTES, from, count)) continue;
      const found = guest.memory.peek(address + at, count);
      return at + found.findIndex((byte, i) => byte !== BYTES[from + i]);
    }
    return -1;
  }

  /** Where a part of the stream lies in the random bytes. */
  private *pieces(
    position: number,
    length: number,
  ): Generator<{ readonly at: number; readonly from: number; readonly count: number }> {
    for (let at = 0; at < length; ) {
      const from = (this.offset + position + at) % PERIOD_BYTES;
      const count = Math.min(PERIOD_BYTES - from, length - at);
      yield { at, from, count };
      at += count;
    }
  }
}
