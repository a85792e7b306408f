import type { Process } from '../../src/sim/process.js';
import { TRACE } from '../../src/sim/trace.js';
import { AGAIN, PEER_GONE, TOO_LARGE, WOULD_BLOCK } from '../../src/transport/contract.js';
import { GUEST_USER } from '../../src/xen/causes.js';
import { V2vEnd } from './end.js';
import { MESSAGE_DATA, PIECE_FOR_WAITING_PEER } from './layout.js';
import { BROKEN, SPIN } from './message-ring.js';

/**
 * One end of a V2V connection whose payload goes through the rings, inside the messages: V2V as it was published
 * (xenuser/v2v/v2v.c for whole messages, stream.c for streams).
 *
 * A step that shows the peer an index is a point at which the other side may look: the functions stop before it with
 * AGAIN while another vCPU comes first, and go on there when they are called again.
 */
export class InlineChannel extends V2vEnd {
  /** Payload of the message that is written but not published. */
  private begun = -1;
  /** The message at the head of the receive ring: how much of its payload was taken, and how much is left. */
  private taken = 0;
  private left = -1;
  /** Wholly taken, its room not yet given back. */
  private finished = false;
  /** A `write` or `read` is in progress, which has moved so many bytes. */
  private writing = false;
  private written = 0;
  private reading = false;
  private received = 0;

  trySend(address: number, length: number): number {
    const { side } = this;
    if (this.begun < 0) {
      if (side.guest.isAhead()) return AGAIN;
      this.callLibrary();
      if (length > side.largestMessage) return TOO_LARGE;
      if (this.peerIsGone) return PEER_GONE;
      if (!side.rings.hasRoomFor(length)) return WOULD_BLOCK;
      this.begin(address, length);
    }
    return this.publish() ? length : AGAIN;
  }

  write(address: number, length: number): number {
    const { side } = this;
    let atTurn = false;
    if (!this.writing) {
      if (side.guest.isAhead()) return AGAIN;
      this.callLibrary();
      if (this.peerIsGone) return PEER_GONE;
      this.writing = true;
      this.written = 0;
      atTurn = true;
    }
    while (this.written < length) {
      if (this.begun < 0) {
        if (!atTurn && side.guest.isAhead()) return AGAIN;
        atTurn = false;
        const room = side.rings.streamRoom();
        if (room === 0) break;
        this.beginPiece(address + this.written, Math.min(length - this.written, room));
      }
      const piece = this.begun;
      if (!this.publish()) return AGAIN;
      this.written += piece;
    }
    this.writing = false;
    return this.written > 0 ? this.written : WOULD_BLOCK;
  }

  tryReceive(address: number, length: number): number {
    const { side } = this;
    if (!this.finished) {
      if (side.guest.isAhead()) return AGAIN;
      if (!this.reading) {
        this.callLibrary();
        this.reading = true;
      }
      const found = this.find();
      if (found === AGAIN) return AGAIN;
      this.reading = false;
      if (found < 0) return found;
      if (this.left > length) return TOO_LARGE;
      this.received = this.left;
      this.take(address, this.left);
    }
    return this.release() ? this.received : AGAIN;
  }

  read(address: number, length: number): number {
    const { side } = this;
    let atTurn = false;
    if (!this.reading) {
      if (side.guest.isAhead()) return AGAIN;
      this.callLibrary();
      this.reading = true;
      this.received = 0;
      if (side.fastReceive && !this.broken) side.rings.setWaiting(true);
      atTurn = true;
    }
    let nothing = WOULD_BLOCK;
    while (this.received < length) {
      if (!this.finished) {
        if (!atTurn && side.guest.isAhead()) return AGAIN;
        atTurn = false;
        const found = this.find();
        if (found === AGAIN) return AGAIN;
        if (found < 0) {
          nothing = found;
          break;
        }
        const step = Math.min(this.left, length - this.received);
        this.take(address + this.received, step);
        this.received += step;
      }
      if (this.finished && !this.release()) return AGAIN;
    }
    this.reading = false;
    if (this.received === 0) return nothing;
    if (side.fastReceive) side.rings.setWaiting(false);
    return this.received;
  }

  protected payloadPagesExposed(): number {
    return 0;
  }

  /** What is in the ring stays there: the listener owns the rings, and waits for the connector before it frees them. */
  protected *linger(): Process<void> {}

  protected unmapTransfers(): void {}

  protected takePagesBack(): number {
    return 0;
  }

  private begin(address: number, length: number): void {
    const { guest, rings } = this.side;
    guest.memory.copy(rings.begin(MESSAGE_DATA, length), address, length);
    this.begun = length;
  }

  /** One message of a stream: small, and announced before it is copied, where the peer waits for it. */
  private beginPiece(address: number, length: number): void {
    const { guest, rings, device, sendPort } = this.side;
    if (!rings.peerIsWaiting()) {
      this.begin(address, length);
      return;
    }
    const piece = Math.min(length, PIECE_FOR_WAITING_PEER);
    const payload = rings.begin(MESSAGE_DATA, piece);
    if (rings.announce()) device.notify(sendPort);
    guest.memory.copy(payload, address, piece);
    this.begun = piece;
  }

  /** Returns false where another vCPU comes first. */
  private publish(): boolean {
    const { guest, rings, device, sendPort } = this.side;
    if (guest.isAhead()) return false;
    const length = this.begun;
    this.begun = -1;
    const wanted = rings.publish();
    guest.machine.trace.add(TRACE.publish, guest.vcpu.pcpu.clock, guest.domid, length, 0);
    if (wanted) device.notify(sendPort);
    return true;
  }

  /** Looks for a message with payload. Returns 0, AGAIN, WOULD_BLOCK or PEER_GONE. */
  private find(): number {
    const { rings } = this.side;
    while (this.left < 0) {
      if (this.broken) return PEER_GONE;
      const found = rings.next();
      if (found === SPIN) return AGAIN;
      if (found === BROKEN) this.broken = true;
      else if (found < 0) return this.peerIsGone ? PEER_GONE : WOULD_BLOCK;
      else if (rings.payloadType !== MESSAGE_DATA) rings.consume();
      else {
        this.left = found;
        this.taken = 0;
      }
    }
    return 0;
  }

  private take(address: number, length: number): void {
    const { guest, rings } = this.side;
    guest.memory.copy(address, rings.payloadAddress + this.taken, length);
    this.taken += length;
    this.left -= length;
    if (this.left > 0) return;
    rings.consume();
    this.left = -1;
    this.finished = true;
  }

  /** Gives the room of what was taken back. Returns false where another vCPU comes first. */
  private release(): boolean {
    const { guest, rings, device, receivePort } = this.side;
    if (guest.isAhead()) return false;
    this.finished = false;
    const wanted = rings.release();
    guest.machine.trace.add(TRACE.consume, guest.vcpu.pcpu.clock, guest.domid, this.taken, 0);
    if (wanted) device.notify(receivePort);
    return true;
  }

  private callLibrary(): void {
    const { vcpu, machine } = this.side.guest;
    vcpu.pcpu.charge(GUEST_USER, machine.prices.libraryCall);
  }
}
