import type { Process } from '../../src/sim/process.js';
import { TRACE } from '../../src/sim/trace.js';
import {
  AGAIN,
  type Channel,
  PEER_GONE,
  TOO_LARGE,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { GUEST_USER } from '../../src/xen/causes.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import type { SharedFields } from '../../src/xen/shared-fields.js';
import {
  CLIENT_IS_THERE,
  LENGTH_FOR_CLIENT,
  LENGTH_FOR_SERVER,
  SERVER_IS_THERE,
  SLOT_BYTES,
  SLOT_FOR_CLIENT,
  SLOT_FOR_SERVER,
} from './layout.js';

/** What one side holds of a connection. */
export interface TemplateSide {
  readonly guest: Guest;
  readonly isServer: boolean;
  /** Address of the shared page as this guest sees it. */
  readonly page: number;
  /** The fields at its start, in one cache line: whoever touches them pays for its way to and fro. */
  readonly fields: SharedFields;
  readonly device: EventDevice;
  readonly port: number;
  /** Pages of this guest that the peer can reach. */
  readonly pagesExposed: number;
  /** Is told of each event that a wait of this end takes from the device, which others may share. */
  onEvent(port: number): void;
  /** Gives back all that this side holds. */
  release(): Process<void>;
}

/**
 * One end of a connection.
 *
 * The rule that everything here follows: **before a step that the other side can see, or that looks at what the other side
 * does, ask `guest.isAhead()`, and return AGAIN while it is so.** Then another vCPU's event comes first; the caller lets it
 * happen, and calls again with the same arguments. So a function that has a second such step must remember what it has done
 * (here `filled` and `taken`), and go on there.
 *
 * Between two such steps charge whatever takes time: `memory.copy` and the functions of `SharedFields` do so by
 * themselves, hypercalls and system calls do, too.
 */
export class TemplateChannel implements Channel {
  readonly ringSizeBytes = SLOT_BYTES;
  /** Bytes copied into the mailbox, which the peer has not been shown yet. */
  private filled = 0;
  /** Bytes copied out of the message in the mailbox by the call in progress; and in all. */
  private taken = 0;
  private takenBefore = 0;
  private isClosed = false;
  private readonly outLength: number;
  private readonly outSlot: number;
  private readonly inLength: number;
  private readonly inSlot: number;
  private readonly iAmThere: number;
  private readonly peerIsThere: number;

  constructor(private readonly side: TemplateSide) {
    const { page, isServer } = side;
    this.outLength = isServer ? LENGTH_FOR_CLIENT : LENGTH_FOR_SERVER;
    this.outSlot = page + (isServer ? SLOT_FOR_CLIENT : SLOT_FOR_SERVER);
    this.inLength = isServer ? LENGTH_FOR_SERVER : LENGTH_FOR_CLIENT;
    this.inSlot = page + (isServer ? SLOT_FOR_SERVER : SLOT_FOR_CLIENT);
    this.iAmThere = isServer ? SERVER_IS_THERE : CLIENT_IS_THERE;
    this.peerIsThere = isServer ? CLIENT_IS_THERE : SERVER_IS_THERE;
  }

  /** A whole message or nothing. */
  trySend(address: number, length: number): number {
    if (length > SLOT_BYTES) return TOO_LARGE;
    return this.put(address, length);
  }

  /** A stream: as much as fits. */
  write(address: number, length: number): number {
    return this.put(address, Math.min(length, SLOT_BYTES));
  }

  /** A whole message of this length. */
  tryReceive(address: number, length: number): number {
    return this.take(address, length);
  }

  /** A stream: what is there. Here that may be a part of a message; the next call gets the rest. */
  read(address: number, length: number): number {
    return this.take(address, length);
  }

  waitUntilWritable(): Process<void> {
    return this.wait('template: an empty mailbox');
  }

  waitUntilReadable(): Process<void> {
    return this.wait('template: a message');
  }

  waitUntilReady(): Process<void> {
    return this.wait('template: a message or an empty mailbox');
  }

  pagesExposedToPeer(): number {
    return this.isClosed ? 0 : this.side.pagesExposed;
  }

  *close(): Process<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const { fields, device, port, release } = this.side;
    fields.write8(this.iAmThere, 0);
    device.notify(port);
    yield* release();
  }

  private put(address: number, length: number): number {
    const { guest, fields, device, port } = this.side;
    if (this.filled === 0) {
      // First step: looks at what the peer may have changed.
      if (guest.isAhead()) return AGAIN;
      this.callLibrary();
      if (!this.peerIsLive()) return PEER_GONE;
      if (fields.read32(this.outLength) !== 0) return WOULD_BLOCK;
      guest.memory.copy(this.outSlot, address, length);
      this.filled = length;
    }
    // Second step: shows the peer the message. Copying took time, so somebody else may come first now.
    if (guest.isAhead()) return AGAIN;
    this.filled = 0;
    fields.write32(this.outLength, length);
    guest.machine.trace.add(TRACE.publish, guest.vcpu.pcpu.clock, guest.domid, length, 0);
    // An event each time. A protocol that knows whether the peer waits can save most of them.
    device.notify(port);
    return length;
  }

  private take(address: number, wanted: number): number {
    const { guest, fields, device, port } = this.side;
    if (this.taken === 0) {
      if (guest.isAhead()) return AGAIN;
      this.callLibrary();
      // Read once, checked, and only then used: the peer may write here at any time.
      const length = fields.read32(this.inLength);
      if (length === 0) return this.peerIsLive() ? WOULD_BLOCK : PEER_GONE;
      if (length > SLOT_BYTES || length <= this.takenBefore) return PEER_GONE;
      const left = length - this.takenBefore;
      this.taken = Math.min(wanted, left);
      guest.memory.copy(address, this.inSlot + this.takenBefore, this.taken);
      this.takenBefore += this.taken;
      if (this.taken < left) return this.finishTake();
    }
    if (guest.isAhead()) return AGAIN;
    this.takenBefore = 0;
    fields.write32(this.inLength, 0);
    guest.machine.trace.add(TRACE.consume, guest.vcpu.pcpu.clock, guest.domid, this.taken, 0);
    device.notify(port);
    return this.finishTake();
  }

  private finishTake(): number {
    const { taken } = this;
    this.taken = 0;
    return taken;
  }

  private peerIsLive(): boolean {
    return this.side.fields.read8(this.peerIsThere) !== 0;
  }

  /** Waits for the next event. It may be for something else: the caller looks again. */
  private *wait(reason: string): Process<void> {
    this.side.onEvent(yield* this.side.device.wait(reason));
  }

  private callLibrary(): void {
    const { vcpu, machine } = this.side.guest;
    vcpu.pcpu.charge(GUEST_USER, machine.prices.libraryCall);
  }
}
