import { footprint, largestPayload, SLOT_BYTES } from '../../src/ring/wrapped-offset-ring.js';
import { BLOCKED, ORDER, type Process } from '../../src/sim/process.js';
import {
  AGAIN,
  type Channel,
  type HostileAct,
  PEER_GONE,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { Task } from '../../src/xen/task.js';
import { BlockingCall } from './blocking-call.js';
import type { DatagramSender } from './datagram.js';
import { Gathering } from './gathering.js';
import { hostileV4vActs } from './hostile.js';
import type { Connection, Inbox, Reader } from './inbox.js';
import type { V4vDriver } from './kernel-driver.js';
import { DATA, FIN, messageType } from './protocol.js';

/** What a connected socket is made of. */
export interface SocketParts {
  readonly guest: Guest;
  readonly driver: V4vDriver;
  readonly sender: DatagramSender;
  readonly inbox: Inbox;
  readonly connection: Connection;
  /** Number of this connection at the peer. */
  readonly peerNumber: number;
  /** Bytes of the peer's ring. */
  readonly peerRingBytes: number;
  /** Writes of a stream are gathered up to so many bytes; 0: not at all. */
  readonly coalesceBytes: number;
  /** Gives the receive ring back, if nobody else uses it. */
  release(): Process<void>;
}

/**
 * Largest piece of a write that is larger than the ring: two pieces fit at once, so that one is filled while the other
 * is drained.
 */
export function pieceBytes(ringBytes: number): number {
  const half = Math.floor((ringBytes - SLOT_BYTES) / 2 / SLOT_BYTES) * SLOT_BYTES;
  return Math.max(SLOT_BYTES, half - footprint(0));
}

/**
 * A connected socket. Whole messages are Argo's own; a stream is laid over them: a write is a message, and a reader takes
 * as much of one as it asks for.
 */
export class V4vSocket implements Channel {
  readonly ringSizeBytes: number;
  private readonly reader: Reader;
  private readonly gathering: Gathering | undefined;
  private readonly data: number;
  private readonly largest: number;
  private readonly piece: number;
  private isClosed = false;
  /** The rest of a write that is larger than the ring: it goes on in pieces, also when what is left would fit. */
  private restAddress = -1;
  private restLength = 0;

  constructor(private readonly parts: SocketParts) {
    const { guest, connection, peerNumber, peerRingBytes, coalesceBytes } = parts;
    this.ringSizeBytes = peerRingBytes;
    this.largest = largestPayload(peerRingBytes);
    this.piece = pieceBytes(peerRingBytes);
    this.data = messageType(DATA, peerNumber);
    this.reader = { call: new BlockingCall(guest.vcpu), connection, copied: -1 };
    const gather = Math.min(coalesceBytes, this.largest);
    this.gathering = gather > 0 ? new Gathering(parts, this.data, gather) : undefined;
  }

  trySend(address: number, length: number): number {
    const { sender } = this.parts;
    if (!sender.isSending && this.peerIsGone()) return PEER_GONE;
    const flushed = this.gathering?.flush() ?? 0;
    return flushed < 0 ? flushed : sender.send(address, length, this.data);
  }

  write(address: number, length: number): number {
    const { sender } = this.parts;
    if (!sender.isSending && this.peerIsGone()) return PEER_GONE;
    const goesOn = address === this.restAddress && length === this.restLength;
    const piece = length <= this.largest && !goesOn ? length : Math.min(length, this.piece);
    const taken =
      this.gathering === undefined
        ? sender.send(address, piece, this.data)
        : this.gathering.write(address, length, piece);
    if (taken > 0) {
      this.restAddress = length > this.largest || goesOn ? address + taken : -1;
      this.restLength = length - taken;
    }
    return taken;
  }

  tryReceive(address: number, length: number): number {
    return this.parts.inbox.receive(this.reader, address, length, true);
  }

  read(address: number, length: number): number {
    return this.parts.inbox.receive(this.reader, address, length, false);
  }

  waitUntilWritable(): Process<void> {
    return this.parts.sender.wait('v4v: room in the ring of the peer');
  }

  waitUntilReadable(): Process<void> {
    return this.gathering === undefined ? this.waitForData() : this.flushAndWait();
  }

  private waitForData(): Process<void> {
    return this.parts.inbox.wait(this.reader, 'v4v: data in the ring');
  }

  private *flushAndWait(): Process<void> {
    yield* this.flushBeforeSleep();
    yield* this.waitForData();
  }

  *waitUntilReady(): Process<void> {
    const { guest, driver, inbox, sender } = this.parts;
    yield* this.flushBeforeSleep();
    yield* driver.settleNotifies();
    while (guest.isAhead()) yield ORDER;
    if (inbox.isReady(this.reader) || sender.mayTry) return;
    this.reader.call.wait();
    const task = guest.vcpu.currentTask as Task;
    const timer = sender.startWaiting(task);
    inbox.ring.startWaiting(task);
    task.block('v4v: data, or room in the ring of the peer');
    yield BLOCKED;
    inbox.ring.stopWaiting(task);
    sender.stopWaiting(timer);
  }

  /** No page of this domain is ever seen by another: Xen copies. */
  pagesExposedToPeer(): number {
    return 0;
  }

  hostileActs(): readonly HostileAct[] {
    const { driver, inbox, connection, peerNumber, peerRingBytes } = this.parts;
    const { domid, port } = connection;
    const ownRing = inbox.ring.ring;
    return hostileV4vActs({ driver, ownRing, domid, port, peerNumber, peerRingBytes });
  }

  /** Says that nothing follows, behind all that has been sent. What finds no room now is sent in the background. */
  *close(): Process<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const { guest, inbox, connection, release } = this.parts;
    if (connection.isFinished) {
      this.discardSender();
    } else {
      const said = yield* this.sayGoodbye(false);
      if (!said) guest.vcpu.spawn('v4v: last bytes', this.sayGoodbye(true));
    }
    inbox.remove(connection);
    yield* release();
  }

  /** @returns false where there was no room, and it was not to wait */
  private *sayGoodbye(mayWait: boolean): Process<boolean> {
    const { sender, peerNumber } = this.parts;
    for (;;) {
      const flushed = this.gathering?.flush() ?? 0;
      const outcome =
        flushed < 0 ? flushed : sender.send(sender.scratch, 0, messageType(FIN, peerNumber));
      if (outcome === AGAIN) yield ORDER;
      else if (outcome !== WOULD_BLOCK) break;
      else if (mayWait) yield* sender.wait('v4v: room for the last bytes');
      else return false;
    }
    this.discardSender();
    return true;
  }

  private discardSender(): void {
    this.gathering?.end();
    this.parts.sender.discard();
  }

  private *flushBeforeSleep(): Process<void> {
    while (this.gathering?.flush() === AGAIN) yield ORDER;
  }

  private peerIsGone(): boolean {
    return this.isClosed || this.parts.inbox.peerHasClosed(this.parts.connection);
  }
}
