import { readableBytes, ringOffset, writableBytes } from '../ring/free-running-ring.js';
import type { GuestMemory } from './guest-memory.js';
import type { SharedFields } from './shared-fields.js';

/** Where a domain has mapped a ring with free-running indexes that it shares with another. */
export interface RingPlace {
  /** What holds both indexes. */
  readonly fields: SharedFields;
  /** Offsets of the indexes among the fields. */
  readonly prod: number;
  readonly cons: number;
  /** Address of the first byte in the domain's address space, and the ring's size: a power of two. */
  readonly address: number;
  readonly bytes: number;
}

/** And where the writer sees whether there is still a reader. */
export interface WriterPlace extends RingPlace {
  /** Offset of a byte among the fields that is 0 when the peer has closed. */
  readonly open: number;
}

/** Why nothing was put into a ring: the peer has closed, or there is no room for all. */
export const CLOSED = -1;
export const NO_ROOM = 0;
/** All was: this, or any other positive number. */
const DONE = 1;

/**
 * The writing end of a ring: looks for room and copies into it. Nobody sees what was copied before `prod` moves, which is the
 * caller's business. Each access costs, and faults, as any of its memory and fields do.
 */
export class RingWriter {
  constructor(
    protected readonly memory: GuestMemory,
    readonly place: WriterPlace,
  ) {}

  /** Bytes that can be copied in: 0 where the indexes make no sense. */
  room(): number {
    const { fields, prod, cons, bytes } = this.place;
    const own = fields.readOwn32(prod);
    return writableBytes(own, fields.read32(cons), bytes);
  }

  /** Copies bytes of the domain to where prod points, in two pieces where they reach the ring's end. There must be room. */
  copyIn(source: number, length: number): void {
    const { memory } = this;
    const { fields, prod, address, bytes } = this.place;
    const at = ringOffset(fields.readOwn32(prod), bytes);
    const first = Math.min(bytes - at, length);
    memory.copy(address + at, source, first);
    if (first < length) memory.copy(address, source + first, length - first);
  }

  /** Copies them in (at least one byte) if the peer is there and there is room for all; else says CLOSED or NO_ROOM. */
  put(source: number, length: number): number {
    const { fields, open } = this.place;
    if (fields.read8(open) === 0) return CLOSED;
    if (this.room() < length) return NO_ROOM;
    this.copyIn(source, length);
    return DONE;
  }
}

/** The reading end of a ring: looks for bytes and copies them out. Their room is given back when the caller moves `cons`. */
export class RingReader {
  constructor(
    protected readonly memory: GuestMemory,
    readonly place: RingPlace,
  ) {}

  /** Bytes that can be copied out: 0 where the indexes make no sense. */
  ready(): number {
    const { fields, prod, cons, bytes } = this.place;
    const peers = fields.read32(prod);
    return readableBytes(peers, fields.readOwn32(cons), bytes);
  }

  /** Copies bytes from where cons points to the domain, in two pieces where they reach the ring's end. They must be there. */
  copyOut(destination: number, length: number): void {
    const { memory } = this;
    const { fields, cons, address, bytes } = this.place;
    const at = ringOffset(fields.readOwn32(cons), bytes);
    const first = Math.min(bytes - at, length);
    memory.copy(destination, address + at, first);
    if (first < length) memory.copy(destination + first, address, length - first);
  }

  /** Copies them out (at least one byte) if all are there. Returns whether they were. */
  take(destination: number, length: number): boolean {
    if (this.ready() < length) return false;
    this.copyOut(destination, length);
    return true;
  }
}
