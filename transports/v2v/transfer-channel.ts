import { ORDER, type Process } from '../../src/sim/process.js';
import { TRACE } from '../../src/sim/trace.js';
import {
  AGAIN,
  type GrantMode,
  PEER_GONE,
  TOO_LARGE,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import { GUEST_USER } from '../../src/xen/causes.js';
import { type MappedRegion, mapPages, unmapPages } from '../../src/xen/grant-device.js';
import type { CopySegment } from '../../src/xen/grant-table.js';
import { V2vEnd, type V2vSide } from './end.js';
import { PAGE_BYTES } from './layout.js';
import { LentPages } from './lent-pages.js';
import { BROKEN, SPIN } from './message-ring.js';
import {
  ANSWER_BYTES,
  LARGEST_TRANSFER_MESSAGE,
  MESSAGE_ANSWER,
  MESSAGE_TRANSFER,
  MessageBuffer,
  transferMessageBytes,
} from './transfer-message.js';

/** Where the receiver stands with the transfer at the head of its line. */
const FIND = 0;
const MAP = 1;
const TAKE = 2;
const UNMAP = 3;
const ANSWER = 4;

interface Transfer {
  readonly number: number;
  readonly bytes: number;
  readonly references: readonly number[];
}

/**
 * One end of a connection whose payload pages are granted anew for each transfer, as netfront and netback do it: the
 * receiver maps them, copies the payload out and unmaps them (`per-transfer`), or has Xen copy it (`copy`). The rings
 * carry only grant references and answers.
 *
 * Each step that others can see (an index, a hypercall) is preceded by a look at the other vCPUs' clocks, like those of
 * InlineChannel.
 */
export class TransferChannel extends V2vEnd {
  private readonly lent: LentPages;
  private readonly buffer: MessageBuffer;
  private readonly pages: number;
  private readonly largestTransferPages: number;
  /** Transfers of the peer that are out of the ring and wait to be read. */
  private readonly waiting: Transfer[] = [];
  private waitingPages = 0;
  private phase = FIND;
  private mapped: MappedRegion | undefined;
  private taken = 0;
  private drained = false;
  private consumed = false;
  private begun = -1;
  private sending = false;
  private written = 0;
  private receiving = false;
  private received = 0;

  constructor(
    side: V2vSide,
    private readonly mode: Exclude<GrantMode, 'persistent'>,
  ) {
    super(side);
    this.pages = side.bufferBytes / PAGE_BYTES;
    this.largestTransferPages = Math.max(1, this.pages >> 1);
    this.lent = new LentPages(side.guest, side.peerDomid, this.pages);
    this.buffer = new MessageBuffer(side.guest);
  }

  trySend(address: number, length: number): number {
    const { side } = this;
    if (this.begun < 0) {
      if (side.guest.isAhead()) return AGAIN;
      if (!this.sending) this.callLibrary();
      this.sending = false;
      if (length > side.largestMessage) return TOO_LARGE;
      if (this.peerIsGone) return PEER_GONE;
      const found = this.findPages(Math.ceil(length / PAGE_BYTES));
      this.sending = found === AGAIN;
      if (found < 0) return found;
      if (!this.begin(address, length)) return PEER_GONE;
    }
    return this.publish() ? length : AGAIN;
  }

  write(address: number, length: number): number {
    const { side } = this;
    if (!this.sending) {
      if (side.guest.isAhead()) return AGAIN;
      this.callLibrary();
      if (this.peerIsGone) return PEER_GONE;
      this.sending = true;
      this.written = 0;
    }
    while (this.written < length) {
      if (this.begun < 0) {
        const found = this.findPages(1);
        if (found === AGAIN) return AGAIN;
        if (found < 0) break;
        const pages = Math.min(this.lent.freeCount, this.largestTransferPages);
        const piece = Math.min(length - this.written, pages * PAGE_BYTES);
        if (!this.begin(address + this.written, piece)) break;
      }
      const piece = this.begun;
      if (!this.publish()) return AGAIN;
      this.written += piece;
    }
    this.sending = false;
    if (this.written > 0) return this.written;
    return this.broken ? PEER_GONE : WOULD_BLOCK;
  }

  tryReceive(address: number, length: number): number {
    if (!this.receiving) {
      if (this.side.guest.isAhead()) return AGAIN;
      this.callLibrary();
      this.receiving = true;
      this.received = 0;
    }
    if (this.phase <= MAP) {
      const opened = this.open();
      this.receiving = opened === AGAIN;
      if (opened < 0) return opened;
      this.receiving = true;
    }
    if (this.phase === TAKE && this.received === 0 && this.leftToTake() > length) {
      this.receiving = false;
      return TOO_LARGE;
    }
    const closed = this.takeAndClose(address, length);
    this.receiving = closed === AGAIN;
    return closed < 0 ? closed : this.received;
  }

  read(address: number, length: number): number {
    if (!this.receiving) {
      if (this.side.guest.isAhead()) return AGAIN;
      this.callLibrary();
      this.receiving = true;
      this.received = 0;
    }
    let nothing = WOULD_BLOCK;
    while (this.received < length || this.phase > TAKE) {
      const opened = this.phase <= MAP ? this.open() : 0;
      const outcome = opened < 0 ? opened : this.takeAndClose(address, length);
      if (outcome === AGAIN) return AGAIN;
      if (outcome < 0) {
        nothing = outcome;
        break;
      }
    }
    this.receiving = false;
    return this.received > 0 ? this.received : nothing;
  }

  protected payloadPagesExposed(): number {
    return this.lent.lentCount;
  }

  protected *linger(): Process<void> {
    const { guest, device, peer, closeTimeoutPs } = this.side;
    const deadlinePs = guest.vcpu.pcpu.clock + closeTimeoutPs;
    while (this.lent.awaitsAnswer && !this.peerIsGone && guest.vcpu.pcpu.clock < deadlinePs) {
      const drained = this.drain();
      if (drained === AGAIN) {
        yield ORDER;
      } else if (drained === 0 && this.lent.awaitsAnswer) {
        yield* device.wait('v2v: answers to the last transfers', deadlinePs);
        if (peer.changed) yield* peer.read();
      }
    }
  }

  protected unmapTransfers(): void {
    if (this.mapped !== undefined) unmapPages(this.side.guest.vcpu, this.mapped);
    this.mapped = undefined;
  }

  protected takePagesBack(): number {
    this.buffer.free();
    return this.lent.freeAll();
  }

  /** Makes sure of free pages: 0, AGAIN, PEER_GONE, or WOULD_BLOCK having asked to be told of the next answer. */
  private findPages(pages: number): number {
    const wanted = Math.max(pages, 1);
    if (this.lent.freeCount >= wanted && !this.drained) return 0;
    const drained = this.drain();
    if (drained < 0) return drained;
    if (this.lent.freeCount < wanted) return WOULD_BLOCK;
    return 0;
  }

  /** Puts payload into pages and lends them. Returns false where the grant table is full: the connection is over. */
  private begin(address: number, length: number): boolean {
    const { guest, rings } = this.side;
    const { lent, buffer } = this;
    const pages = Math.ceil(length / PAGE_BYTES);
    const number = lent.nextNumber;
    lent.fill(address, length);
    const size = transferMessageBytes(pages);
    if (!rings.hasRoomFor(size) || !lent.lend(pages)) {
      this.broken = true;
      return false;
    }
    buffer.setWord(0, number | (pages << 16));
    buffer.setWord(1, length);
    for (let i = 0; i < pages; i++) buffer.setWord(2 + i, lent.referenceOfLast(i, pages));
    guest.memory.copy(rings.begin(MESSAGE_TRANSFER, size), buffer.address, size);
    this.begun = length;
    return true;
  }

  /** Returns false where another vCPU comes first. */
  private publish(): boolean {
    const { guest } = this.side;
    if (guest.isAhead()) return false;
    const length = this.begun;
    this.begun = -1;
    guest.machine.trace.add(TRACE.publish, guest.vcpu.pcpu.clock, guest.domid, length, 0);
    this.flush();
    return true;
  }

  private flush(): void {
    const { rings, device, sendPort } = this.side;
    if (rings.publish()) device.notify(sendPort);
  }

  /** Takes every message out of the ring: transfers go to the line, answers free pages. 0, AGAIN or PEER_GONE. */
  private drain(): number {
    const { guest, rings, device, receivePort } = this.side;
    if (this.broken) return PEER_GONE;
    if (guest.isAhead()) return AGAIN;
    while (!this.drained) {
      const length = rings.next();
      if (length === SPIN) return AGAIN;
      if (length < 0) {
        if (length === BROKEN) this.broken = true;
        this.drained = true;
      } else {
        this.handle(length);
        rings.consume();
        this.consumed = true;
      }
      if (this.broken) return PEER_GONE;
    }
    if (guest.isAhead()) return AGAIN;
    this.drained = false;
    if (!this.consumed) return 0;
    this.consumed = false;
    if (rings.release()) device.notify(receivePort);
    return 0;
  }

  private handle(length: number): void {
    const { guest, rings } = this.side;
    const { payloadType } = rings;
    if (length > LARGEST_TRANSFER_MESSAGE || length < ANSWER_BYTES) {
      this.broken = true;
      return;
    }
    guest.memory.copy(this.buffer.address, rings.payloadAddress, length);
    const sound =
      payloadType === MESSAGE_TRANSFER
        ? this.queueTransfer(length)
        : payloadType === MESSAGE_ANSWER && this.takeAnswer();
    if (!sound) this.broken = true;
  }

  private queueTransfer(length: number): boolean {
    const { buffer, waiting } = this;
    const first = buffer.word(0);
    const bytes = buffer.word(1);
    const pages = first >>> 16;
    // The peer has no more pages than that, and so no more transfers on their way.
    if (waiting.length === this.pages || this.waitingPages + pages > this.pages) return false;
    if (length !== transferMessageBytes(pages) || pages !== Math.ceil(bytes / PAGE_BYTES)) {
      return false;
    }
    const references = Array.from({ length: pages }, (_, i) => buffer.word(2 + i));
    waiting.push({ number: first & 0xffff, bytes, references });
    this.waitingPages += pages;
    return true;
  }

  private takeAnswer(): boolean {
    const { buffer, lent } = this;
    const word = buffer.word(0);
    if (!lent.awaitsAnswer || word !== lent.awaitedNumber) return false;
    return lent.takeOldestBack();
  }

  /** Finds the next transfer and maps it. Returns 0, AGAIN, WOULD_BLOCK or PEER_GONE. */
  private open(): number {
    const { guest, peerDomid } = this.side;
    if (this.phase === FIND) {
      if (this.waiting.length === 0 || this.drained) {
        const drained = this.drain();
        if (drained < 0) return drained;
      }
      if (this.waiting.length === 0) return this.peerIsGone ? PEER_GONE : WOULD_BLOCK;
      this.taken = 0;
      this.phase = this.mode === 'copy' || this.leftToTake() === 0 ? TAKE : MAP;
    }
    if (this.phase === MAP) {
      if (this.broken) return PEER_GONE;
      if (guest.isAhead()) return AGAIN;
      const mapped = mapPages(guest.vcpu, peerDomid, this.current.references);
      if (!('address' in mapped)) {
        this.broken = true;
        return PEER_GONE;
      }
      this.mapped = mapped;
      this.phase = TAKE;
    }
    return 0;
  }

  /** Copies what fits out of the open transfer; when all of it is out, lets it go. Returns 0, AGAIN or PEER_GONE. */
  private takeAndClose(address: number, length: number): number {
    const { guest } = this.side;
    if (this.broken) return PEER_GONE;
    while (this.phase === TAKE && this.received < length && this.leftToTake() > 0) {
      const step = Math.min(this.leftToTake(), length - this.received);
      if (this.mode === 'copy') {
        if (guest.isAhead()) return AGAIN;
        if (!this.copyByXen(address + this.received, step)) return PEER_GONE;
      } else {
        const { address: base } = this.mapped as MappedRegion;
        guest.memory.copy(address + this.received, base + this.taken, step);
        this.taken += step;
        this.received += step;
      }
    }
    if (this.phase === TAKE) {
      if (this.leftToTake() > 0) return 0;
      this.phase = this.mapped === undefined ? ANSWER : UNMAP;
    }
    if (this.phase === UNMAP) {
      if (guest.isAhead()) return AGAIN;
      this.unmapTransfers();
      this.phase = ANSWER;
    }
    if (guest.isAhead()) return AGAIN;
    return this.answer();
  }

  /** GNTTABOP_copy, by an ioctl of the grant device: one hypercall, whose segments lie within one page at both ends. */
  private copyByXen(address: number, length: number): boolean {
    const { guest, peerDomid } = this.side;
    const { vcpu, domain } = guest;
    const segments: CopySegment[] = [];
    for (let done = 0; done < length; ) {
      const offset = (this.taken + done) % PAGE_BYTES;
      const target = address + done;
      const step = Math.min(length - done, PAGE_BYTES - offset, PAGE_BYTES - (target % PAGE_BYTES));
      const page = (this.taken + done - offset) / PAGE_BYTES;
      const reference = this.current.references[page] as number;
      segments.push({ reference, offset, address: target, length: step });
      done += step;
    }
    vcpu.kernel.enterSystemCall();
    const status = domain.grantTable.copy(vcpu, peerDomid, segments, true);
    vcpu.kernel.leaveSystemCall();
    if (status !== 0) {
      this.broken = true;
      return false;
    }
    this.taken += length;
    this.received += length;
    return true;
  }

  private answer(): number {
    const { guest, rings } = this.side;
    const { number, bytes, references } = this.current;
    // There is room as long as the peer keeps to its number of pages and takes its answers.
    if (!rings.hasRoomFor(ANSWER_BYTES)) {
      this.broken = true;
      return PEER_GONE;
    }
    this.buffer.setWord(0, number);
    guest.memory.copy(rings.begin(MESSAGE_ANSWER, ANSWER_BYTES), this.buffer.address, ANSWER_BYTES);
    this.waiting.shift();
    this.waitingPages -= references.length;
    this.phase = FIND;
    guest.machine.trace.add(TRACE.consume, guest.vcpu.pcpu.clock, guest.domid, bytes, 0);
    this.flush();
    return 0;
  }

  private get current(): Transfer {
    return this.waiting[0] as Transfer;
  }

  private leftToTake(): number {
    return this.current.bytes - this.taken;
  }

  private callLibrary(): void {
    const { vcpu, machine } = this.side.guest;
    vcpu.pcpu.charge(GUEST_USER, machine.prices.libraryCall);
  }
}
