import {
  advanced,
  readableBytes,
  ringOffset,
  writableBytes,
} from '../../src/ring/free-running-ring.js';
import type { Guest } from '../../src/transport/guest.js';
import { GUEST_USER } from '../../src/xen/causes.js';
import type { SharedFields } from '../../src/xen/shared-fields.js';
import {
  CONS,
  CONS_EVENT,
  CONSUMER_ACTIVE,
  CONSUMER_SPINNING,
  HEADER_BYTES,
  headerWord,
  MESSAGE_PAD,
  messageBytes,
  PROD,
  PROD_EVENT,
  PRODUCER_ACTIVE,
  SPIN_LIMIT,
  sizeOf,
  typeOf,
} from './layout.js';

/** Results of `next` that are no length. */
export const EMPTY = -1;
/** Empty, and the peer is about to send: keep looking. */
export const SPIN = -2;
/** What the peer has written is no message. */
export const BROKEN = -3;

/** One turn of the loop that polls: a load that hits L1, a compare, an increment. An estimate, the same on any CPU. */
const POLL_PS = 1000;
/** Bytes that producer_bytes_available leaves free beside the header. */
const SPARE_BYTES = 8;
const SMALLEST_END = 16;

export interface Ring {
  readonly address: number;
  readonly bytes: number;
}

/** Where one side finds what it shares with the other. */
export interface MessageRingShape {
  /** Addresses of this side's fields in the control page, and of the peer's. */
  readonly localFields: number;
  readonly remoteFields: number;
  readonly sendRing: Ring;
  readonly receiveRing: Ring;
}

/**
 * One side of a pair of netchannel2 rings (struct nc2_ring_pair of inc/vring.h): messages in, messages out, and whether
 * the peer wants an event.
 *
 * This side's own indexes are kept apart from the shared page, so a hostile peer cannot move them. What it says of its
 * own is checked: indexes that cannot be are read as nothing there and no room, a header that cannot be as BROKEN.
 *
 * Nothing here waits or looks at other CPUs' clocks: that is the caller's business, before `publish`, `release` and
 * whatever reads the peer's fields.
 */
export class MessageRings {
  /** The last value written to the shared prod, and the one that goes there next. Likewise cons. */
  private prod = 0;
  private nextProd = 0;
  private cons = 0;
  private nextCons = 0;
  /** Bytes free behind nextProd when last looked, less what was used since: saves looking again. */
  private knownRoom = 0;
  private announced = false;
  private polls = 0;
  private currentBytes = 0;
  private readonly local: SharedFields;
  private readonly remote: SharedFields;

  /** Address, type and payload length of the message that `next` has found. */
  payloadAddress = 0;
  payloadType = 0;

  constructor(
    private readonly guest: Guest,
    readonly shape: MessageRingShape,
  ) {
    this.local = guest.memory.sharedFields(shape.localFields);
    this.remote = guest.memory.sharedFields(shape.remoteFields);
  }

  /** nc2_attach_rings: asks to be told of the first message. */
  attach(): void {
    this.writeLocal(PROD_EVENT, advanced(this.readRemote(PROD), 1));
  }

  /** Whether a message with so much payload fits now. Asks to be told of room where it does not. */
  hasRoomFor(payloadBytes: number): boolean {
    const wanted = messageBytes(payloadBytes);
    // Twice: it may need a PAD of at most its own length.
    if (this.knownRoom > 2 * wanted) return true;
    const { bytes } = this.shape.sendRing;
    const offset = ringOffset(this.nextProd, bytes);
    const needed = offset + wanted < bytes ? wanted : wanted + bytes - offset;
    return this.findRoom(needed);
  }

  /**
   * Payload that a piece of a stream can have now without a PAD worth the name (v2v_nc2_producer_bytes_available); 0
   * where there is none, and then this side has asked to be told.
   */
  streamRoom(): number {
    const { bytes } = this.shape.sendRing;
    const toEnd = bytes - ringOffset(this.nextProd, bytes);
    for (;;) {
      const cons = this.readRemote(CONS);
      const room = writableBytes(this.nextProd, cons, bytes);
      const adjacent = toEnd < SMALLEST_END ? room - toEnd : Math.min(room, toEnd);
      const payload = adjacent - HEADER_BYTES - SPARE_BYTES;
      this.knownRoom = room;
      if (payload > 0) return payload;
      if (!this.askForRoom(cons)) return 0;
    }
  }

  private findRoom(needed: number): boolean {
    const { bytes } = this.shape.sendRing;
    for (;;) {
      const cons = this.readRemote(CONS);
      this.knownRoom = writableBytes(this.nextProd, cons, bytes);
      if (this.knownRoom >= needed) return true;
      if (!this.askForRoom(cons)) return false;
    }
  }

  /** Asks for an event at the next move of the peer's cons. Returns whether it has moved meanwhile. */
  private askForRoom(cons: number): boolean {
    this.writeLocal(CONS_EVENT, advanced(cons, 1));
    return this.readRemote(CONS) !== cons;
  }

  /**
   * Begins a message, behind a PAD where it would reach the ring's end. There must be room for it.
   *
   * @returns address for its payload
   */
  begin(type: number, payloadBytes: number): number {
    const { address, bytes } = this.shape.sendRing;
    const length = messageBytes(payloadBytes);
    let offset = ringOffset(this.nextProd, bytes);
    if (offset + length >= bytes) {
      const pad = bytes - offset;
      this.storeWord(address + offset, headerWord(MESSAGE_PAD, pad - HEADER_BYTES));
      this.nextProd = advanced(this.nextProd, pad);
      this.knownRoom -= pad;
      offset = 0;
    }
    this.storeWord(address + offset, headerWord(type, payloadBytes));
    this.nextProd = advanced(this.nextProd, length);
    this.knownRoom -= length;
    return address + offset + HEADER_BYTES;
  }

  /** Whether the peer waits for messages just now. */
  peerIsWaiting(): boolean {
    return this.readRemote(CONSUMER_ACTIVE) !== 0;
  }

  /**
   * For a peer that waits: says that a message is on its way, once until it is published. Returns whether to send the
   * event that wakes it, so that it wakes while the payload is copied.
   */
  announce(): boolean {
    if (this.announced) return false;
    const crossed = crosses(this.readRemote(PROD_EVENT), this.prod, this.nextProd);
    if (!crossed) return false;
    this.announced = true;
    this.writeLocal(PRODUCER_ACTIVE, 1);
    return true;
  }

  /** nc2_flush_ring: shows the peer what was begun. Returns whether it wants an event. */
  publish(): boolean {
    const before = this.prod;
    this.prod = this.nextProd;
    this.writeLocal(PROD, this.prod);
    if (!crosses(this.readRemote(PROD_EVENT), before, this.prod)) return false;
    const spinning = this.readRemote(CONSUMER_SPINNING) !== 0;
    if (this.announced) {
      this.announced = false;
      this.writeLocal(PRODUCER_ACTIVE, 0);
    }
    return !spinning;
  }

  /**
   * The next message: its payload's length, EMPTY, SPIN or BROKEN. Where it is empty this side has asked to be told.
   * The same message again until `consume`.
   */
  next(): number {
    const { address, bytes } = this.shape.receiveRing;
    for (;;) {
      const prod = this.readRemote(PROD);
      const ready = readableBytes(prod, this.nextCons, bytes);
      if (ready === 0) {
        const verdict = this.nothingThere(prod);
        if (verdict !== 0) return verdict;
        continue;
      }
      this.stopSpinning();
      const offset = ringOffset(this.nextCons, bytes);
      // Read once: the peer may change it meanwhile.
      const header = this.loadWord(address + offset);
      const size = sizeOf(header);
      const length = (size + 7) & -8;
      if (size < HEADER_BYTES || length > ready || offset + length > bytes) return BROKEN;
      this.currentBytes = length;
      if (typeOf(header) === MESSAGE_PAD) {
        this.consume();
        continue;
      }
      this.payloadAddress = address + offset + HEADER_BYTES;
      this.payloadType = typeOf(header);
      return size - HEADER_BYTES;
    }
  }

  /** nc2_final_check_for_messages, and the loop before it. Returns 0 where there is something after all. */
  private nothingThere(prod: number): number {
    if (this.readRemote(PRODUCER_ACTIVE) !== 0 && this.polls < SPIN_LIMIT) {
      if (this.polls === 0) this.writeLocal(CONSUMER_SPINNING, 1);
      this.polls += this.guest.vcpu.pcpu.poll(GUEST_USER, POLL_PS, SPIN_LIMIT - this.polls);
      return SPIN;
    }
    this.stopSpinning();
    this.writeLocal(PROD_EVENT, advanced(this.nextCons, 1));
    return this.readRemote(PROD) === prod ? EMPTY : 0;
  }

  private stopSpinning(): void {
    if (this.polls === 0) return;
    this.polls = 0;
    this.writeLocal(CONSUMER_SPINNING, 0);
  }

  /** Goes past the message that `next` has found. The peer learns of it by `release`. */
  consume(): void {
    this.nextCons = advanced(this.nextCons, this.currentBytes);
  }

  /** nc2_finish_messages: gives the peer the room back. Returns whether it wants an event. */
  release(): boolean {
    const before = this.cons;
    this.cons = this.nextCons;
    this.writeLocal(CONS, this.cons);
    return crosses(this.readRemote(CONS_EVENT), before, this.cons);
  }

  /** v2v_nc2_request_fast_receive and v2v_nc2_cancel_fast_receive: this side waits for messages, or no longer. */
  setWaiting(waiting: boolean): void {
    this.writeLocal(CONSUMER_ACTIVE, waiting ? 1 : 0);
  }

  private readRemote(field: number): number {
    return this.remote.read32(field);
  }

  private writeLocal(field: number, value: number): void {
    this.local.write32(field, value);
  }

  /**
   * Headers cost nothing of their own: they share their cache line with the payload, whose copy pays for it, as the
   * first line of a libvchan message does.
   */
  private storeWord(address: number, value: number): void {
    const { domain, machine } = this.guest;
    machine.memory.words[domain.space.translate(address, true) >> 2] = value;
  }

  private loadWord(address: number): number {
    const { domain, machine } = this.guest;
    return machine.memory.words[domain.space.translate(address, false) >> 2] as number;
  }
}

/** Whether an index that moves from `before` to `after` crosses the value at which the peer wants an event. */
function crosses(event: number, before: number, after: number): boolean {
  return (after - event) >>> 0 < (after - before) >>> 0;
}
