import { InvariantViolation } from '../../src/base/errors.js';
import { footprint } from '../../src/ring/wrapped-offset-ring.js';
import { BLOCKED, ORDER, type Process } from '../../src/sim/process.js';
import { AGAIN, PEER_GONE, TOO_LARGE, WOULD_BLOCK } from '../../src/transport/contract.js';
import { GuestFault } from '../../src/xen/address-space.js';
import {
  EAGAIN,
  EBUSY,
  ECONNREFUSED,
  EFAULT,
  EMSGSIZE,
  ESRCH,
  errnoName,
} from '../../src/xen/errno.js';
import type { Task } from '../../src/xen/task.js';
import { NOT_YET } from './argo.js';
import { DOMID_ANY } from './argo-abi.js';
import { BlockingCall } from './blocking-call.js';
import type { V4vDriver } from './kernel-driver.js';
import { messageType, WAITING } from './protocol.js';

/** Steps of a send. */
const IDLE = 0;
const MESSAGE = 1;
const HINT = 2;

/** The address struct at the start of a descriptor, the iov behind it, and room for a control message's payload. */
const IOV = 16;
const SCRATCH = 32;

/** First and longest pause before a send is tried again that Xen will not announce (-EBUSY), in picoseconds. */
const FIRST_PAUSE_PS = 50_000_000;
const LONGEST_PAUSE_PS = 1_600_000_000;

/**
 * The sending half of a socket: one sendv a message, straight from the program's memory.
 *
 * A full ring (-EAGAIN) leaves a note with Xen, and the next VIRQ of this domain may mean that there is room: it may as
 * well mean anything else, and then the send is tried in vain. Where 32 domains wait already (-EBUSY) Xen takes no note.
 */
export class DatagramSender {
  /** Negated error of the last send that failed. */
  lastError = 0;
  private readonly call: BlockingCall;
  private readonly descriptor: number;
  private step = IDLE;
  /** The last send found no room. */
  private isBlocked = false;
  /** Xen has said something since. */
  private isTold = false;
  private pausePs = 0;
  private waiter: Task | undefined;
  /** Largest payload that the receiver has had, or was told of. */
  private largestKnown = -1;

  constructor(
    private readonly driver: V4vDriver,
    private readonly ownPort: number,
    domid: number,
    port: number,
  ) {
    this.call = new BlockingCall(driver.guest.vcpu);
    this.descriptor = driver.takeDescriptor();
    this.aim(domid, port);
  }

  /** Address for the payload of a control message. */
  get scratch(): number {
    return this.descriptor + SCRATCH;
  }

  /** In the middle of a send: it must be called again with the same arguments. */
  get isSending(): boolean {
    return this.step !== IDLE;
  }

  /** Sets the receiver. */
  aim(domid: number, port: number): void {
    const { driver, descriptor } = this;
    driver.write32(descriptor, this.ownPort);
    driver.write32(descriptor + 4, DOMID_ANY);
    driver.write32(descriptor + 8, port);
    driver.write32(descriptor + 12, domid);
    this.largestKnown = -1;
  }

  /** Sends one message. Returns its length, AGAIN, WOULD_BLOCK, TOO_LARGE or PEER_GONE. */
  send(address: number, length: number, type: number): number {
    if (this.step === IDLE) {
      this.call.enter();
      if (this.isBlocked) this.unblock();
      this.writeIov(address, length);
      this.step = MESSAGE;
    }
    if (this.step === MESSAGE) {
      const result = this.sendv(length === 0 ? 0 : 1, type);
      if (result === NOT_YET) return AGAIN;
      this.step = IDLE;
      if (result >= 0) {
        if (length > this.largestKnown) this.largestKnown = length;
        this.pausePs = 0;
        this.call.leave();
        return length;
      }
      this.lastError = result;
      if (result !== -EAGAIN && result !== -EBUSY) return this.failed(address, result);
      this.block(result === -EBUSY);
      if (length <= this.largestKnown) {
        this.call.refuse();
        return WOULD_BLOCK;
      }
      this.step = HINT;
    }
    const slots = footprint(length) / 16;
    const hinted = this.sendv(0, messageType(WAITING, slots));
    if (hinted === NOT_YET) return AGAIN;
    // Where not even this fits, the receiver will find its ring full.
    if (hinted >= 0) this.largestKnown = length;
    this.step = IDLE;
    this.call.refuse();
    return WOULD_BLOCK;
  }

  private sendv(iovCount: number, type: number): number {
    const { driver, descriptor } = this;
    return driver.argo.sendv(driver.guest.vcpu, descriptor, descriptor + IOV, iovCount, type);
  }

  private failed(address: number, result: number): number {
    this.call.leave();
    switch (-result) {
      case EMSGSIZE:
        return TOO_LARGE;
      case ECONNREFUSED:
      case ESRCH:
        return PEER_GONE;
      case EFAULT:
        throw new GuestFault(this.driver.guest.domid, address, false);
      default:
        throw new InvariantViolation('sendv of a sound message failed', {
          result: errnoName(result),
        });
    }
  }

  private writeIov(address: number, length: number): void {
    const { guest } = this.driver;
    const at = guest.domain.space.translate(this.descriptor + IOV, true) >> 2;
    const { words } = guest.machine.memory;
    words[at] = address;
    words[at + 1] = Math.floor(address / 4294967296);
    words[at + 2] = length;
  }

  private block(isBusy: boolean): void {
    this.isBlocked = true;
    this.isTold = false;
    this.pausePs = isBusy
      ? Math.min(Math.max(FIRST_PAUSE_PS, 2 * this.pausePs), LONGEST_PAUSE_PS)
      : 0;
    this.driver.blockedSenders.push(this);
  }

  private unblock(): void {
    const { blockedSenders } = this.driver;
    this.isBlocked = false;
    blockedSenders.splice(blockedSenders.indexOf(this), 1);
    // Somebody else of this socket may have waited for the same.
    this.waiter?.wake();
  }

  /** The driver's interrupt handler: there may be room. */
  onInterrupt(): void {
    this.isTold = true;
    this.waiter?.wake();
  }

  /** Whether a send that was refused should be tried again. */
  get mayTry(): boolean {
    return !this.isBlocked || this.isTold;
  }

  /** Waits until a send that was refused should be tried again. */
  *wait(reason: string): Process<void> {
    const { guest } = this.driver;
    this.call.wait();
    if (this.driver.owesNotify) yield* this.driver.settleNotifies();
    while (guest.isAhead()) yield ORDER;
    if (this.mayTry) return;
    const task = guest.vcpu.currentTask as Task;
    const timer = this.startWaiting(task);
    task.block(reason);
    yield BLOCKED;
    this.stopWaiting(timer);
  }

  /** Lets a task be woken when there may be room. Returns a timer for `stopWaiting`, or -1. */
  startWaiting(task: Task): number {
    const { vcpu } = this.driver.guest;
    this.waiter = task;
    if (this.pausePs === 0 || !this.isBlocked) return -1;
    return vcpu.kernel.wakeAt(vcpu.pcpu.clock + this.pausePs, task);
  }

  stopWaiting(timer: number): void {
    this.waiter = undefined;
    if (timer >= 0) this.driver.guest.vcpu.kernel.cancelWake(timer);
  }

  /** The socket is gone. */
  discard(): void {
    if (this.isBlocked) this.unblock();
    this.driver.giveDescriptor(this.descriptor);
  }
}
