import { Prng } from '../base/prng.js';
import type { Guest } from '../transport/guest.js';
import { PAGE_SIZE } from '../xen/memory.js';

const STAMP_BYTES = 8;

/**
 * The bytes that are sent, and the check that they arrive. A buffer of random bytes is sent over and over; where a
 * message is long enough it begins with its number, so that a lost, doubled or swapped message is seen.
 *
 * Neither making nor checking costs virtual time: `prices.payload` stands for what an application does with its bytes.
 */
export class Payload {
  private readonly pattern: Buffer;
  private readonly stamp = new Uint8Array(STAMP_BYTES);
  private readonly stampView = new DataView(this.stamp.buffer);
  private readonly stamped: boolean;

  /**
   * @param messageBytes length of one message
   * @param bufferBytes the sender's buffer, walked from start to end and again: at least one message
   */
  constructor(
    seed: number,
    readonly messageBytes: number,
    readonly bufferBytes: number,
  ) {
    this.stamped = messageBytes >= 2 * STAMP_BYTES;
    const words = new Uint32Array(Math.ceil(bufferBytes / 4));
    const prng = new Prng(seed);
    for (let i = 0; i < words.length; i++) words[i] = prng.uint32();
    this.pattern = Buffer.from(words.buffer, 0, bufferBytes);
  }

  /** Gives a guest a buffer with the bytes to send. Returns its address. */
  place(guest: Guest): number {
    const address = allocateBuffer(guest, this.bufferBytes);
    guest.memory.poke(address, this.pattern);
    return address;
  }

  /** Where in the buffer message number `index` begins. */
  offsetOf(index: number): number {
    const messages = Math.max(1, Math.floor(this.bufferBytes / this.messageBytes));
    return (index % messages) * this.messageBytes;
  }

  /** Writes a message's number into it, in the guest's memory, before it is sent. */
  number(guest: Guest, address: number, index: number): void {
    if (!this.stamped) return;
    this.writeStamp(index);
    guest.memory.poke(address, this.stamp);
  }

  /**
   * Whether bytes that a guest has received are the ones that were sent.
   *
   * @param streamOffset position of the first byte in all that was sent
   */
  arrived(guest: Guest, address: number, streamOffset: number, length: number): boolean {
    let done = 0;
    while (done < length) {
      const index = Math.floor((streamOffset + done) / this.messageBytes);
      const within = streamOffset + done - index * this.messageBytes;
      const step = Math.min(this.messageBytes - within, length - done);
      if (!this.pieceArrived(guest, address + done, index, within, step)) return false;
      done += step;
    }
    return true;
  }

  private pieceArrived(
    guest: Guest,
    address: number,
    index: number,
    within: number,
    length: number,
  ): boolean {
    const base = this.offsetOf(index);
    if (!this.stamped || within >= STAMP_BYTES) {
      return guest.memory.equals(address, this.pattern, base + within, length);
    }
    this.writeStamp(index);
    const inStamp = Math.min(STAMP_BYTES - within, length);
    const stamp = Buffer.from(this.stamp.buffer);
    return (
      guest.memory.equals(address, stamp, within, inStamp) &&
      guest.memory.equals(address + inStamp, this.pattern, base + within + inStamp, length - inStamp)
    );
  }

  private writeStamp(index: number): void {
    this.stampView.setUint32(0, index >>> 0, true);
    this.stampView.setUint32(4, ~index >>> 0, true);
  }
}

/** Memory of a guest's program. Returns its address. */
export function allocateBuffer(guest: Guest, bytes: number): number {
  return guest.domain.allocate(Math.max(1, Math.ceil(bytes / PAGE_SIZE)));
}
