import { PAGE_MASK, PAGE_SIZE } from '../../xen/memory.js';
import type { Guest } from '../guest.js';

/** What the way through a pipe takes. */
export interface PipeTiming {
  /** From the moment at which the last byte is on the link to its arrival. Whole picoseconds. */
  readonly latencyPs: number;
  /** Time for which a byte occupies the link. Picoseconds, also parts of one. */
  readonly psPerByte: number;
}

/** Bytes that will have arrived at a moment. */
interface Arrival {
  readonly timePs: number;
  readonly bytes: number;
}

/**
 * One direction of an ideal connection: a queue of bytes, bounded as a ring is, outside every guest's memory. It costs
 * nobody anything; what it takes is the time on the link, if there is one.
 *
 * Invariant: bytes arrived + bytes on their way = bytes queued <= capacity.
 */
export class Pipe {
  /** The receiving end will take no more. */
  receiverGone = false;
  /** Is told when there is something new: bytes, or that no more will come. */
  onNews: (() => void) | undefined;
  private noMore = false;
  private readonly bytes: Buffer;
  private readonly isInstant: boolean;
  private readAt = 0;
  private queued = 0;
  private arrived = 0;
  private arrivals: Arrival[] = [];
  private firstArrival = 0;
  private linkFreePs = 0;

  constructor(
    readonly capacity: number,
    private readonly timing: PipeTiming,
  ) {
    this.bytes = Buffer.alloc(capacity);
    this.isInstant = timing.latencyPs === 0 && timing.psPerByte === 0;
  }

  get room(): number {
    return this.capacity - this.queued;
  }

  /** Bytes sent and not yet taken, on their way or arrived. */
  get queuedBytes(): number {
    return this.queued;
  }

  /** The sending end will send no more. */
  get senderGone(): boolean {
    return this.noMore;
  }

  end(): void {
    this.noMore = true;
    this.onNews?.();
  }

  /** Takes bytes from a guest's memory. There must be room. */
  put(guest: Guest, address: number, length: number): void {
    this.move(guest, address, (this.readAt + this.queued) % this.capacity, length, true);
    this.queued += length;
    if (this.isInstant) this.arrived += length;
    else this.schedule(guest.vcpu.pcpu.clock, length);
    this.onNews?.();
  }

  private schedule(nowPs: number, length: number): void {
    const { latencyPs, psPerByte } = this.timing;
    const startPs = Math.max(this.linkFreePs, nowPs);
    this.linkFreePs = startPs + Math.round(length * psPerByte);
    this.arrivals.push({ timePs: this.linkFreePs + latencyPs, bytes: length });
  }

  /** Gives bytes that have arrived to a guest's memory. */
  take(guest: Guest, address: number, length: number): void {
    this.move(guest, address, this.readAt, length, false);
    this.readAt = (this.readAt + length) % this.capacity;
    this.queued -= length;
    this.arrived -= length;
  }

  /** Bytes that have arrived by a moment and are not yet taken. */
  arrivedBy(timePs: number): number {
    for (;;) {
      const next = this.arrivals[this.firstArrival];
      if (next === undefined || next.timePs > timePs) break;
      this.arrived += next.bytes;
      this.firstArrival++;
    }
    if (this.firstArrival === this.arrivals.length && this.firstArrival > 0) {
      this.arrivals = [];
      this.firstArrival = 0;
    }
    return this.arrived;
  }

  /** When so many bytes will have arrived, as far as they are on their way; Infinity where they are not. */
  arrivalOf(bytes: number): number {
    let missing = bytes - this.arrived;
    for (let i = this.firstArrival; i < this.arrivals.length; i++) {
      const arrival = this.arrivals[i] as Arrival;
      missing -= arrival.bytes;
      if (missing <= 0) return arrival.timePs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Moves bytes between a guest's memory and the queue, page by page and round the queue's end. */
  private move(guest: Guest, address: number, at: number, length: number, into: boolean): void {
    const { space, machine } = guest.domain;
    let position = at;
    for (let done = 0; done < length; ) {
      const from = space.translate(address + done, !into);
      const step = Math.min(
        PAGE_SIZE - (from & PAGE_MASK),
        this.capacity - position,
        length - done,
      );
      const memory = machine.memory.buffer;
      if (into) memory.copy(this.bytes, position, from, from + step);
      else this.bytes.copy(memory, from, position, position + step);
      position = (position + step) % this.capacity;
      done += step;
    }
  }
}
