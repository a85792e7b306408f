import {
  advancedOffset,
  footprint,
  MESSAGE_HEADER_BYTES,
  roundedUpToSlot,
  sanitizedOffset,
  usedBytes,
} from '../../src/ring/wrapped-offset-ring.js';
import { BLOCKED, ORDER, type Process } from '../../src/sim/process.js';
import { TRACE } from '../../src/sim/trace.js';
import { AGAIN } from '../../src/transport/contract.js';
import type { SharedFields } from '../../src/xen/shared-fields.js';
import type { Task } from '../../src/xen/task.js';
import { NOT_YET } from './argo.js';
import { RING_RX_PTR, RING_START, RING_TX_PTR } from './argo-abi.js';
import type { RegisteredRing, V4vDriver } from './kernel-driver.js';
import { connectionOf, kindOf, WAITING } from './protocol.js';
import type { V4vSettings } from './settings.js';

/** Steps of letting a message go. */
const IDLE = 0;
const RELEASE = 1;
const NOTIFY = 2;

/**
 * The receiver's view of its own ring: the message at its head, letting it go, and telling Xen of the room.
 *
 * A sender that found no room waits for the receiver's `notify`, and the receiver cannot see that it waits. Policy
 * `when-full` notifies when the ring has been drained after it had so little room that a message like the largest so far
 * could not have been sent. A sender with a larger one says so (WAITING). Policy `every-drain` always notifies.
 */
export class ReceiveRing {
  /** The message at the head, after `look` has said that there is one. */
  headType = 0;
  headDomid = 0;
  headPort = 0;
  /** Payload bytes. */
  headLength = 0;
  private readonly waiting: Task[] = [];
  /** The ring's header, in one cache line. */
  private readonly header: SharedFields;
  private readonly start: number;
  /** Where tx_ptr lies in the machine's memory, in words. */
  private readonly txWord: number;
  private rx = 0;
  /** tx_ptr when it was last read. */
  private seenTx = 0;
  private step = IDLE;
  private releasing = 0;
  /** Least room that a sender can have met since the ring was last found drained. */
  private leastFree: number;
  /** Bytes of ring that the largest message took. */
  private largest = 0;
  private wasAsked = false;
  private hasReleased = false;

  constructor(
    readonly driver: V4vDriver,
    readonly ring: RegisteredRing,
    private readonly policy: V4vSettings['notifyPolicy'],
  ) {
    const { domain, memory } = driver.guest;
    this.header = memory.sharedFields(ring.address);
    this.start = ring.address + RING_START;
    this.txWord = domain.space.translate(ring.address + RING_TX_PTR, false) >> 2;
    this.leastFree = ring.bytes;
    driver.rings.push(this);
  }

  /** Whether the ring is empty as memory stands now: no read of the guest's, and no price. */
  get isEmptyNow(): boolean {
    return this.driver.guest.machine.memory.loadShared(this.txWord) === this.rx;
  }

  /** Whether there is a message. Reads its header. */
  look(): boolean {
    const { rx, ring, driver } = this;
    const tx = this.readTx();
    if (tx === rx) return false;
    const { machine, domain } = driver.guest;
    const at = domain.space.translate(this.start + rx, false) >> 2;
    const { words } = machine.memory;
    const used = usedBytes(rx, tx, ring.bytes);
    const length = (words[at] as number) >>> 0;
    if (length < MESSAGE_HEADER_BYTES || roundedUpToSlot(length) > used) {
      // Only this guest can have spoilt its own ring. All of it is thrown away.
      this.headType = 0;
      this.headLength = used - MESSAGE_HEADER_BYTES;
      return true;
    }
    this.headLength = length - MESSAGE_HEADER_BYTES;
    this.headPort = (words[at + 1] as number) >>> 0;
    this.headDomid = (words[at + 2] as number) & 0xffff;
    this.headType = (words[at + 3] as number) >>> 0;
    return true;
  }

  /** Kind of the message at the head, as far as is known without looking at what Xen may have added: 0 for none. */
  seenKind(): number {
    if (this.seenTx === this.rx) return 0;
    const { machine, domain } = this.driver.guest;
    const at = domain.space.translate(this.start + this.rx, false) >> 2;
    return kindOf(machine.memory.words[at + 3] as number);
  }

  /** Copies a part of the head's payload to the program, or to kernel memory. */
  copyOut(address: number, offset: number, length: number): void {
    if (length === 0) return;
    const { ring, start, rx } = this;
    const { memory } = this.driver.guest;
    const at = advancedOffset(rx, MESSAGE_HEADER_BYTES + offset, ring.bytes);
    const first = Math.min(ring.bytes - at, length);
    memory.copy(address, start + at, first);
    if (first < length) memory.copy(address + first, start, length - first);
  }

  /** A word of the payload of a control message. */
  headWord(index: number): number {
    const { ring, start, rx } = this;
    const { machine, domain } = this.driver.guest;
    const at = advancedOffset(rx, MESSAGE_HEADER_BYTES + 4 * index, ring.bytes);
    return (machine.memory.words[domain.space.translate(start + at, false) >> 2] as number) >>> 0;
  }

  /** Begins to let the head go: call `finishRelease` until it is done. */
  release(): void {
    if (kindOf(this.headType) === WAITING) {
      this.wasAsked = true;
      this.largest = Math.max(this.largest, connectionOf(this.headType) * MESSAGE_HEADER_BYTES);
    }
    this.releasing = footprint(this.headLength);
    this.step = RELEASE;
  }

  /** Moves rx_ptr, and tells Xen if somebody may wait for that. Returns AGAIN, or 0 when nothing is left to do. */
  finishRelease(): number {
    if (this.step === RELEASE) {
      if (this.driver.guest.isAhead()) return AGAIN;
      this.step = this.moveRx() ? NOTIFY : IDLE;
    }
    if (this.step === NOTIFY) {
      const { argo, guest } = this.driver;
      if (argo.notify(guest.vcpu, 0) === NOT_YET) return AGAIN;
      this.step = IDLE;
      this.wasAsked = false;
      this.driver.notified();
    }
    return 0;
  }

  /** Moves rx_ptr. Returns whether `notify` must follow. */
  private moveRx(): boolean {
    const { driver, ring, releasing } = this;
    const { guest } = driver;
    const before = this.rx;
    this.rx = advancedOffset(before, releasing, ring.bytes);
    this.header.write32(RING_RX_PTR, this.rx);
    guest.machine.trace.add(TRACE.consume, guest.vcpu.pcpu.clock, guest.domid, releasing, 0);
    this.hasReleased = true;
    if (releasing > this.largest) this.largest = releasing;
    // What a sender can have met: all that is there now, and the message that is only now gone.
    const tx = this.readTx();
    const free = ring.bytes - usedBytes(before, tx, ring.bytes);
    if (free < this.leastFree) this.leastFree = free;
    if (tx !== this.rx) return false;
    const wasFull = this.looksFull;
    this.leastFree = ring.bytes;
    return wasFull || this.policy === 'every-drain';
  }

  /** A message like the largest so far may have been refused. */
  private get looksFull(): boolean {
    return this.wasAsked || this.leastFree <= this.largest;
  }

  /** Room has been made, somebody may wait for it, and Xen has not been told. */
  get owesNotify(): boolean {
    return this.hasReleased && this.looksFull;
  }

  onNotified(): void {
    this.hasReleased = false;
  }

  /** The driver's interrupt handler looks at this ring. */
  onInterrupt(): void {
    if (this.readTx() !== this.rx) this.wakeReaders();
  }

  wakeReaders(): void {
    for (const task of this.waiting) task.wake();
  }

  /** Lets a task be woken by what comes; `stopWaiting` ends it. */
  startWaiting(task: Task): void {
    this.waiting.push(task);
  }

  stopWaiting(task: Task): void {
    const { waiting } = this;
    if (waiting[waiting.length - 1] === task) waiting.pop();
    else waiting.splice(waiting.indexOf(task), 1);
  }

  /** Waits until something is in the ring. */
  *waitForMessage(reason: string): Process<void> {
    while (this.driver.guest.isAhead()) yield ORDER;
    if (this.look()) return;
    const task = this.driver.guest.vcpu.currentTask as Task;
    this.startWaiting(task);
    task.block(reason);
    yield BLOCKED;
    this.stopWaiting(task);
  }

  *close(): Process<void> {
    const { rings } = this.driver;
    const at = rings.indexOf(this);
    if (at < 0) return;
    rings.splice(at, 1);
    yield* this.driver.closeRing(this.ring);
  }

  private readTx(): number {
    this.seenTx = sanitizedOffset(this.header.read32(RING_TX_PTR), this.ring.bytes);
    return this.seenTx;
  }
}
