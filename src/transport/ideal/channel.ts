import type { Process } from '../../sim/process.js';
import { TRACE } from '../../sim/trace.js';
import type { Domain } from '../../xen/domain.js';
import { AGAIN, type Channel, PEER_GONE, TOO_LARGE, WOULD_BLOCK } from '../contract.js';
import type { Guest } from '../guest.js';
import type { IdealLinks } from './links.js';
import type { Pipe } from './pipe.js';
import type { Awaited } from './polling.js';

/** What one end of an ideal connection is made of. */
export interface IdealEnd {
  readonly guest: Guest;
  readonly links: IdealLinks;
  readonly outgoing: Pipe;
  readonly incoming: Pipe;
  /** Charges for a look that has found nothing. */
  chargeEmptyLook(guest: Guest): void;
}

/**
 * One end of an ideal connection. What found no room, or was not there, is remembered for the wait that follows; 0 where
 * the last attempt had what it wanted.
 */
export class IdealChannel implements Channel {
  private wantedRoom = 0;
  private wantedBytes = 0;
  private readonly room: Awaited;
  private readonly data: Awaited;
  private readonly either: Awaited;

  constructor(private readonly end: IdealEnd) {
    const { outgoing, incoming, links } = end;
    this.room = {
      reason: 'room in the queue',
      isThere: () => outgoing.room >= Math.max(1, this.wantedRoom) || outgoing.receiverGone,
      certainPs: () => Number.POSITIVE_INFINITY,
      mayComeEarlier: true,
    };
    this.data = {
      reason: 'data in the queue',
      isThere: (timePs) => {
        const wanted = Math.max(1, this.wantedBytes);
        return incoming.arrivedBy(timePs) >= wanted || this.hasEnded(wanted);
      },
      certainPs: () => incoming.arrivalOf(Math.max(1, this.wantedBytes)),
      mayComeEarlier: false,
    };
    const wantsData = (): boolean => this.wantedBytes > 0 || this.wantedRoom === 0;
    this.either = {
      reason: 'data or room in the queue',
      isThere: (timePs) =>
        (this.wantedRoom > 0 && this.room.isThere(timePs)) ||
        (wantsData() && this.data.isThere(timePs)),
      certainPs: () => (wantsData() ? this.data.certainPs() : Number.POSITIVE_INFINITY),
      mayComeEarlier: true,
    };
    links.opened(this);
  }

  get domain(): Domain {
    return this.end.guest.domain;
  }

  get ringSizeBytes(): number {
    return this.end.outgoing.capacity;
  }

  /** What comes from the peer: a listener looks at it without waiting for this end alone. */
  get incoming(): Pipe {
    return this.end.incoming;
  }

  trySend(address: number, length: number): number {
    const { guest, outgoing } = this.end;
    if (guest.isAhead()) return AGAIN;
    if (length > outgoing.capacity) return TOO_LARGE;
    return this.put(address, length);
  }

  write(address: number, length: number): number {
    const { guest, outgoing } = this.end;
    if (guest.isAhead()) return AGAIN;
    return this.put(address, Math.min(length, Math.max(1, outgoing.room)));
  }

  tryReceive(address: number, length: number): number {
    const { guest, incoming } = this.end;
    if (guest.isAhead()) return AGAIN;
    if (incoming.arrivedBy(guest.vcpu.pcpu.clock) < length) return this.nothing(length);
    return this.take(address, length);
  }

  read(address: number, length: number): number {
    const { guest, incoming } = this.end;
    if (guest.isAhead()) return AGAIN;
    const arrived = incoming.arrivedBy(guest.vcpu.pcpu.clock);
    return arrived === 0 ? this.nothing(1) : this.take(address, Math.min(length, arrived));
  }

  waitUntilWritable(): Process<void> {
    return this.wait(this.room);
  }

  waitUntilReadable(): Process<void> {
    return this.wait(this.data);
  }

  waitUntilReady(): Process<void> {
    return this.wait(this.either);
  }

  /** None: the queue lies in nobody's memory. */
  pagesExposedToPeer(): number {
    return 0;
  }

  *close(): Process<void> {
    this.abandon();
    this.end.links.polling.changed(this.clock);
  }

  /** This end neither sends nor receives any more. */
  abandon(): void {
    const { outgoing, incoming, links } = this.end;
    outgoing.end();
    incoming.receiverGone = true;
    links.closed(this);
  }

  /** Whether less than this is on its way, and nobody will send more. */
  hasEnded(bytes: number): boolean {
    const { incoming } = this.end;
    return incoming.senderGone && incoming.queuedBytes < bytes;
  }

  /** Takes bytes that have arrived. */
  take(address: number, length: number): number {
    this.wantedBytes = 0;
    this.end.incoming.take(this.end.guest, address, length);
    this.noteMove(TRACE.consume, length);
    return length;
  }

  private put(address: number, length: number): number {
    const { guest, outgoing } = this.end;
    if (outgoing.receiverGone) return PEER_GONE;
    if (outgoing.room < length) {
      this.wantedRoom = length;
      return WOULD_BLOCK;
    }
    this.wantedRoom = 0;
    outgoing.put(guest, address, length);
    this.noteMove(TRACE.publish, length);
    return length;
  }

  private nothing(wanted: number): number {
    const { guest, chargeEmptyLook } = this.end;
    this.wantedBytes = wanted;
    if (this.hasEnded(wanted)) return PEER_GONE;
    chargeEmptyLook(guest);
    return guest.isAhead() ? AGAIN : WOULD_BLOCK;
  }

  private wait(awaited: Awaited): Process<void> {
    return this.end.links.polling.wait(this.end.guest, awaited);
  }

  private noteMove(kind: number, length: number): void {
    const { guest, links } = this.end;
    guest.machine.trace.add(kind, this.clock, guest.domid, length, 0);
    links.polling.changed(this.clock);
  }

  private get clock(): number {
    return this.end.guest.vcpu.pcpu.clock;
  }
}
