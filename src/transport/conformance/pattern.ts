import { Prng } from '../../base/prng.js';
import type { Guest } from '../guest.js';

/** A prime, so that no ring, page or message size divides it: bytes in the wrong place are never the right ones. */
const PERIOD_BYTES = 8191;
/** Distance between the beginnings of two messages, prime too. */
const MESSAGE_STEP = 1009;

/**
 * The bytes that go one way: seeded random bytes, over and over. Whoever knows a byte's place in the stream, or the
 * number of its message, knows what it must be.
 */
export class Pattern {
  private readonly bytes: Buffer;

  constructor(seed: number) {
    const prng = new Prng(seed);
    this.bytes = Buffer.from(Uint8Array.from({ length: PERIOD_BYTES }, () => prng.uint32() & 0xff));
  }

  /** Where in the stream message number `index` begins. */
  static positionOf(index: number): number {
    return index * MESSAGE_STEP;
  }

  /** Writes the bytes from a place in the stream on into a guest's memory. */
  place(guest: Guest, address: number, position: number, length: number): void {
    for (const { at, from, count } of pieces(position, length)) {
      guest.memory.poke(address + at, this.bytes.subarray(from, from + count));
    }
  }

  /** First byte in a guest's memory that is not as it was sent, counted from the address; -1 where all are. */
  firstWrong(guest: Guest, address: number, position: number, length: number): number {
    for (const { at, from, count } of pieces(position, length)) {
      if (guest.memory.equals(address + at, this.bytes, from, count)) continue;
      const found = guest.memory.peek(address + at, count);
      return at + found.findIndex((byte, i) => byte !== this.bytes[from + i]);
    }
    return -1;
  }
}

function* pieces(
  position: number,
  length: number,
): Generator<{ readonly at: number; readonly from: number; readonly count: number }> {
  for (let at = 0; at < length; ) {
    const from = (position + at) % PERIOD_BYTES;
    const count = Math.min(PERIOD_BYTES - from, length - at);
    yield { at, from, count };
    at += count;
  }
}
