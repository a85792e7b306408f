import { Prng } from '../base/prng.js';
import type { Guest } from '../transport/guest.js';
import { PAGE_SIZE } from '../xen/memory.js';
import type { ProgramWords } from '../xen/program-words.js';

const STAMP_BYTES = 8;

/**
 * The bytes that are sent, and the check that they arrive. A buffer of random bytes is sent over and over; where a
 * message is long enough it begins with its number, so that a lost, doubled or swapped message is seen.
 *
 * Neither making nor checking costs virtual time: `prices.payload` stands for what an application does with its bytes.
 */
export class Payload {
  private readonly pattern: Buffer;
  private readonly stamp = Buffer.alloc(STAMP_BYTES);
  private readonly messagesInBuffer: number;
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
    this.messagesInBuffer = Math.max(1, Math.floor(bufferBytes / messageBytes));
    const words = new Uint32Array(Math.ceil(bufferBytes / 4));
    const prng = new Prng(seed);
    for (let i = 0; i < words.length; i++) words[i] = prng.uint32();
    this.pattern = Buffer.from(words.buffer, 0, bufferBytes);
  }

  /** What the sender's buffer holds, messages not yet numbered. */
  get bytes(): Buffer {
    return this.pattern;
  }

  /** Gives a guest a buffer with the bytes to send. Returns its address. */
  place(guest: Guest): number {
    const address = allocateBuffer(guest, this.bufferBytes);
    guest.memory.poke(address, this.pattern);
    return address;
  }

  /** Where in the buffer message number `index` begins. */
  offsetOf(index: number): number {
    const { messagesInBuffer } = this;
    return messagesInBuffer === 1 ? 0 : (index % messagesInBuffer) * this.messageBytes;
  }

  /** Whether all messages of a buffer begin with a number, and where two words can be written. */
  hasAlignedStamps(buffer: number): boolean {
    return this.stamped && isAligned(buffer) && isAligned(this.messageBytes);
  }

  /** Writes a message's number into it, in the guest's memory, before it is sent. */
  number(guest: Guest, address: number, index: number): void {
    if (!this.stamped) return;
    if (isAligned(address)) guest.memory.pokeWords(address, index | 0, ~index);
    else guest.memory.poke(address, this.stampOf(index));
  }

  /**
   * Whether bytes that a guest has received are the ones that were sent.
   *
   * @param streamOffset position of the first byte in all that was sent
   */
  arrived(guest: Guest, address: number, streamOffset: number, length: number): boolean {
    const { messageBytes } = this;
    if (length === messageBytes && streamOffset % messageBytes === 0) {
      return this.messageArrived(guest, address, streamOffset / messageBytes);
    }
    let done = 0;
    while (done < length) {
      const index = Math.floor((streamOffset + done) / messageBytes);
      const within = streamOffset + done - index * messageBytes;
      const step = Math.min(messageBytes - within, length - done);
      const sound =
        step === messageBytes
          ? this.messageArrived(guest, address + done, index)
          : this.pieceArrived(guest, address + done, index, within, step);
      if (!sound) return false;
      done += step;
    }
    return true;
  }

  private messageArrived(guest: Guest, address: number, index: number): boolean {
    const { messageBytes, pattern } = this;
    if (!this.stamped || !isAligned(address)) {
      return this.pieceArrived(guest, address, index, 0, messageBytes);
    }
    if (!guest.memory.hasWords(address, index | 0, ~index)) return false;
    return (
      !guest.checksAllBytes ||
      guest.memory.equals(
        address + STAMP_BYTES,
        pattern,
        this.offsetOf(index) + STAMP_BYTES,
        messageBytes - STAMP_BYTES,
      )
    );
  }

  private pieceArrived(
    guest: Guest,
    address: number,
    index: number,
    within: number,
    length: number,
  ): boolean {
    const base = this.offsetOf(index);
    if (!guest.checksAllBytes && (!this.stamped || within >= STAMP_BYTES)) return true;
    if (!this.stamped || within >= STAMP_BYTES) {
      return guest.memory.equals(address, this.pattern, base + within, length);
    }
    const stamp = this.stampOf(index);
    const inStamp = Math.min(STAMP_BYTES - within, length);
    return (
      guest.memory.equals(address, stamp, within, inStamp) &&
      guest.memory.equals(
        address + inStamp,
        this.pattern,
        base + within + inStamp,
        length - inStamp,
      )
    );
  }

  private stampOf(index: number): Buffer {
    this.stamp.writeInt32LE(index | 0, 0);
    this.stamp.writeInt32LE(~index, 4);
    return this.stamp;
  }
}

/** Whether the stamp at an address can be written as two words: aligned, and not across a page. */
function isAligned(address: number): boolean {
  return (address & 7) === 0;
}

/** A sender's buffer, from which it takes one message after the other. */
export class Outbox {
  /** Of the whole buffer, where all numbers in it can be written as words. */
  private readonly words: ProgramWords | undefined;

  /** @param buffer address of what `payload` has placed there */
  constructor(
    private readonly guest: Guest,
    private readonly payload: Payload,
    private readonly buffer: number,
  ) {
    this.words = payload.hasAlignedStamps(buffer)
      ? guest.memory.programWords(buffer, payload.bufferBytes)
      : undefined;
  }

  addressOf(index: number): number {
    return this.buffer + this.payload.offsetOf(index);
  }

  /** Writes a message's number into it. Returns its address. */
  numbered(index: number): number {
    const { words, payload } = this;
    const offset = payload.offsetOf(index);
    const address = this.buffer + offset;
    if (words === undefined) payload.number(this.guest, address, index);
    else words.write(offset, index | 0, ~index);
    return address;
  }
}

/** Memory of a guest's program, which it has just cleared: what fits is in its caches. Returns its address. */
export function allocateBuffer(guest: Guest, bytes: number): number {
  const pages = Math.max(1, Math.ceil(bytes / PAGE_SIZE));
  const address = guest.domain.allocate(pages);
  guest.programBuffers.push({ address, pages });
  guest.memory.warm(address, bytes);
  return address;
}
