import { TRACE } from '../../src/sim/trace.js';
import { HYPERVISOR_WORK } from '../../src/xen/causes.js';
import type { Domain } from '../../src/xen/domain.js';
import {
  EACCES,
  EAGAIN,
  ECONNREFUSED,
  EFAULT,
  EINVAL,
  ENOENT,
  EPERM,
  ESRCH,
} from '../../src/xen/errno.js';
import type { HypervisorExtension, Machine } from '../../src/xen/machine.js';
import type { Vcpu } from '../../src/xen/vcpu.js';
import {
  DOMID_ANY,
  MAX_NOTIFY_COUNT,
  RING_DATA_BYTES,
  RING_DATA_ENTRY_BYTES,
  UNREGISTER_BYTES,
  VIRQ_ARGO,
} from './argo-abi.js';
import { type ArgoCall, COPIED, ENTERED, OUTSIDE, PUBLISHED } from './argo-call.js';
import type { ArgoDomain } from './argo-domain.js';
import { GuestAccess } from './argo-guest-access.js';
import { ArgoLock, dropLocks, spinUntil } from './argo-locks.js';
import { fillRingData } from './argo-notify.js';
import {
  enrol,
  type RingEntry,
  readRegistration,
  registerRing,
  unregisterRing,
} from './argo-register.js';
import type { ArgoRing } from './argo-ring.js';
import { insertMessage, payloadOf, readSendArguments } from './argo-send.js';
import { ArgoTable } from './argo-table.js';

/**
 * An operation is not done: another vCPU's event comes first, or a lock is held. Yield ORDER and call it again with the
 * same arguments; it goes on where it stopped. No error number of Xen's.
 */
export const NOT_YET = -1000;

/**
 * Argo, the hypervisor half of V4V: argo_op of xen/common/argo.c (Xen 4.17.5), step for step where a guest can tell.
 * Results are those of the hypercall: zero or more, or a negated error number.
 *
 * The operations are plain functions of a vCPU that is inside one hypercall at a time. They let others go first in front
 * of each step that others can see: taking the locks, and moving tx_ptr.
 */
export class Argo implements HypervisorExtension {
  /** Xen's command line `argo=...,mac-permissive=1`: rings to which any domain may send can be registered. */
  macPermissive = true;
  /** L1, the global lock: read for every operation, written when a domain goes. */
  readonly lock: ArgoLock;
  private readonly table: ArgoTable;
  private readonly access = new GuestAccess();
  private readonly toNotify: number[] = [];
  private readonly registerOperation: number;
  private readonly unregisterOperation: number;
  private readonly sendvOperation: number;
  private readonly notifyOperation: number;

  constructor(private readonly machine: Machine) {
    this.lock = new ArgoLock(machine);
    this.table = new ArgoTable(machine, this.publishStopped);
    const { counters } = machine;
    this.registerOperation = counters.hypercall('argo_register_ring');
    this.unregisterOperation = counters.hypercall('argo_unregister_ring');
    this.sendvOperation = counters.hypercall('argo_sendv');
    this.notifyOperation = counters.hypercall('argo_notify');
    // argo_init: where domains run at the same time, all of them are known before.
    if (machine.platform !== undefined) {
      for (const domain of machine.allDomains()) this.table.of(domain);
    }
  }

  /** Registrations of a domain, as they count against its limit of 128. */
  ringCount(domid: number): number {
    return this.table.get(domid)?.ringCount ?? 0;
  }

  /** The rings of a domain, in the order in which they were registered. */
  ringsOf(domid: number): readonly ArgoRing[] {
    return this.table.get(domid)?.rings ?? [];
  }

  /**
   * XEN_ARGO_OP_register_ring.
   *
   * @param registration address of a struct xen_argo_register_ring
   * @param gfns address of the list of frame numbers
   */
  registerRing(
    vcpu: Vcpu,
    registration: number,
    gfns: number,
    pages: number,
    flags: number,
  ): number {
    const call = this.table.of(vcpu.domain).callOf(vcpu);
    return this.changing(call, () => this.register(call, registration, gfns, pages, flags));
  }

  private register(
    call: ArgoCall,
    registration: number,
    gfns: number,
    pages: number,
    flags: number,
  ): number {
    const { vcpu } = call;
    const own = this.table.of(vcpu.domain);
    if (call.stage === OUTSIDE) {
      this.enter(call, this.registerOperation);
      const status = this.checkRegistration(call, registration, pages, flags);
      this.access.settle(vcpu);
      if (status < 0) return this.leave(call, status);
    }
    if (this.mustWaitToWrite(call, own)) return NOT_YET;
    const status = registerRing(this.access, this.table, call, gfns, pages, flags);
    this.access.settle(vcpu);
    vcpu.pcpu.charge(HYPERVISOR_WORK, this.machine.prices.argoRegister * Math.max(1, pages));
    own.lock.holdForWriting(vcpu.pcpu.clock);
    return this.leave(call, status);
  }

  private checkRegistration(
    call: ArgoCall,
    registration: number,
    pages: number,
    flags: number,
  ): number {
    const status = readRegistration(this.access, call, registration, pages, flags);
    if (status < 0) return status;
    if (call.domid === DOMID_ANY) return this.macPermissive ? 0 : -EPERM;
    return this.machine.domain(call.domid) === undefined ? -ESRCH : 0;
  }

  /**
   * XEN_ARGO_OP_unregister_ring.
   *
   * @param unregistration address of a struct xen_argo_unregister_ring
   */
  unregisterRing(vcpu: Vcpu, unregistration: number): number {
    const call = this.table.of(vcpu.domain).callOf(vcpu);
    return this.changing(call, () => this.unregister(call, unregistration));
  }

  private unregister(call: ArgoCall, unregistration: number): number {
    const { vcpu } = call;
    const own = this.table.of(vcpu.domain);
    if (call.stage === OUTSIDE) {
      this.enter(call, this.unregisterOperation);
      const readable = this.access.read(vcpu, unregistration, UNREGISTER_BYTES);
      const { words } = this.access;
      call.port = words[0] as number;
      call.domid = words[1] as number;
      this.access.settle(vcpu);
      if (!readable) return this.leave(call, -EFAULT);
      if (call.domid >>> 16 !== 0) return this.leave(call, -EINVAL);
    }
    if (this.mustWaitToWrite(call, own)) return NOT_YET;
    const ring = own.find(call.port, call.domid);
    const pages = ring?.pages ?? 1;
    if (ring !== undefined) unregisterRing(this.table, own, ring);
    vcpu.pcpu.charge(HYPERVISOR_WORK, this.machine.prices.argoRegister * pages);
    own.lock.holdForWriting(vcpu.pcpu.clock);
    return this.leave(call, ring === undefined ? -ENOENT : 0);
  }

  /**
   * XEN_ARGO_OP_sendv: one message into somebody's ring, and one VIRQ for its owner. Never preempted, however long it
   * copies.
   *
   * @param sendAddress address of a struct xen_argo_send_addr
   * @param iovs address of an array of struct xen_argo_iov
   * @returns the payload's length
   */
  sendv(
    vcpu: Vcpu,
    sendAddress: number,
    iovs: number,
    iovCount: number,
    messageType: number,
  ): number {
    const own = this.table.of(vcpu.domain);
    const call = own.callOf(vcpu);
    if (call.stage === OUTSIDE) {
      // Whoever is to be preempted is preempted before Xen, whose long operations are not.
      if (vcpu.isAhead()) return NOT_YET;
      this.enter(call, this.sendvOperation);
      vcpu.pcpu.charge(HYPERVISOR_WORK, this.machine.prices.argoSendv);
      const status = readSendArguments(this.access, call, sendAddress, iovs, iovCount, messageType);
      this.access.settle(vcpu);
      if (status < 0) return this.leave(call, status);
    }
    if (call.stage === ENTERED) {
      const status = this.copyIntoRing(call);
      this.access.settle(vcpu);
      if (status === NOT_YET) return NOT_YET;
      if (status < 0) return this.leave(call, status);
      this.holdLocks(call);
    }
    if (call.stage === COPIED) {
      if (vcpu.isAhead()) return NOT_YET;
      this.publish(call, vcpu);
    }
    return this.leave(call, call.length);
  }

  /** Takes the locks and copies. Returns the length, NOT_YET, or the negated error. */
  private copyIntoRing(call: ArgoCall): number {
    const { vcpu } = call;
    if (vcpu.isAhead()) return NOT_YET;
    const receiver = this.table.living(call.domid);
    if (receiver === undefined) {
      return this.machine.domain(call.domid) === undefined ? -ESRCH : -ECONNREFUSED;
    }
    if (spinUntil(vcpu, Math.max(this.lock.writerUntil, receiver.lock.writerUntil))) return NOT_YET;
    const ring = receiver.matchFor(call);
    if (ring !== undefined && this.mustWaitForRing(call, ring)) return NOT_YET;
    call.lockedAtPs = vcpu.pcpu.clock;
    this.lock.takeForReading(call);
    receiver.lock.takeForReading(call);
    if (ring === undefined) return -ECONNREFUSED;
    ring.lock.takeForWriting(call);
    const length = payloadOf(call);
    if (length < 0) return length;
    call.length = length;
    const status = insertMessage(this.access, call, ring);
    if (status !== -EAGAIN) {
      call.ring = ring;
      return status;
    }
    return ring.pending.requeue(vcpu.domain.domid, length) || status;
  }

  /** The locks are held from now until the message is announced: at the end of what has been charged. */
  private holdLocks(call: ArgoCall): void {
    const ring = call.ring as ArgoRing;
    const untilPs = call.vcpu.pcpu.clock;
    call.stage = COPIED;
    ring.inFlight = call;
    call.vcpu.unfinished = call;
    ring.lock.holdForWriting(untilPs, untilPs - call.lockedAtPs);
    this.table.get(call.domid)?.lock.holdForReading(untilPs);
    this.lock.holdForReading(untilPs);
  }

  /**
   * The second half of a sendv: tx_ptr moves, the locks are free, and the receiver is told.
   *
   * @param by the vCPU that does it: another than the sender, where that one was stopped in the middle
   */
  private publish(call: ArgoCall, by: Vcpu): void {
    const ring = call.ring as ArgoRing;
    call.stage = PUBLISHED;
    call.vcpu.unfinished = undefined;
    if (ring.inFlight === call) ring.inFlight = undefined;
    if (!ring.isRemoved) {
      ring.writeTx(by, call.nextTx);
      const { domid } = call.vcpu.domain;
      this.machine.trace.add(TRACE.publish, by.pcpu.clock, domid, call.length, 0);
    }
    ring.domain.eventChannels.raiseVirq(VIRQ_ARGO, by.pcpu);
  }

  /** The sender was stopped in the middle of its hypercall: Xen ends it on that pCPU. */
  private readonly publishStopped = (call: ArgoCall): void => {
    call.vcpu.pcpu.idleUntil(this.machine.now);
    this.publish(call, call.vcpu);
  };

  /**
   * XEN_ARGO_OP_notify: tells the domains that wait for space in a ring of this one, where there now is; and answers
   * questions about rings of others.
   *
   * @param ringData address of a struct xen_argo_ring_data, or 0
   */
  notify(vcpu: Vcpu, ringData: number): number {
    const own = this.table.of(vcpu.domain);
    const call = own.callOf(vcpu);
    if (call.stage === OUTSIDE) {
      // Whoever is to be preempted is preempted before Xen, whose long operations are not.
      if (vcpu.isAhead()) return NOT_YET;
      this.enter(call, this.notifyOperation);
      vcpu.pcpu.charge(HYPERVISOR_WORK, this.machine.prices.argoNotify);
    }
    if (vcpu.isAhead()) return NOT_YET;
    if (spinUntil(vcpu, Math.max(this.lock.writerUntil, own.lock.writerUntil))) return NOT_YET;
    for (const ring of own.rings) if (this.mustWaitForRing(call, ring)) return NOT_YET;
    this.lock.takeForReading(call);
    own.lock.takeForReading(call);
    this.notifyWaiting(call, own);
    const status = ringData === 0 ? 0 : this.answerRingData(call, ringData);
    this.access.settle(vcpu);
    return this.leave(call, status);
  }

  /** notify_check_pending. */
  private notifyWaiting(call: ArgoCall, own: ArgoDomain): void {
    const { vcpu, held } = call;
    const before = held.length;
    for (const ring of own.rings) {
      ring.lock.takeForWriting(call);
      const space = ring.payloadSpace(vcpu);
      if (space > 0) ring.pending.takeSatisfied(space, this.toNotify);
      dropLocks(call, before);
    }
    for (const domid of this.toNotify) {
      this.machine.domain(domid)?.eventChannels.raiseVirq(VIRQ_ARGO, vcpu.pcpu);
    }
    this.toNotify.length = 0;
  }

  private answerRingData(call: ArgoCall, ringData: number): number {
    const { vcpu } = call;
    if (!this.access.read(vcpu, ringData, RING_DATA_BYTES)) return -EFAULT;
    const entries = this.access.words[0] as number;
    if (entries > MAX_NOTIFY_COUNT) return -EACCES;
    for (let i = 0; i < entries; i++) {
      const entry = ringData + RING_DATA_BYTES + i * RING_DATA_ENTRY_BYTES;
      const status = fillRingData(this.access, call, entry, this.table.living);
      if (status < 0) return status;
    }
    return 0;
  }

  /** argo_destroy, with L1 written: what copies now ends first, and all else waits until it is done. */
  domainDestroyed(domain: Domain): void {
    const gone = this.table.get(domain.domid);
    if (gone === undefined) return;
    for (const call of gone.callsInProgress()) {
      if (call?.stage === COPIED) this.publishStopped(call);
    }
    const pages = this.table.removeDomain(gone);
    const fromPs = Math.max(this.machine.now, this.lock.readersUntil, this.lock.writerUntil);
    this.lock.holdForWriting(fromPs + pages * this.machine.prices.argoRegister);
  }

  private finishInFlight(ring: ArgoRing): void {
    if (ring.inFlight !== undefined) this.publishStopped(ring.inFlight);
  }

  /** Whether the ring's lock is held by another. Where it was held until now, the holder's last step is done first. */
  private mustWaitForRing(call: ArgoCall, ring: ArgoRing): boolean {
    if (ring.inFlight === undefined) return false;
    const { writerUntil } = ring.lock;
    if (writerUntil > call.vcpu.pcpu.clock) {
      const turn = call.hasTicket ? writerUntil : ring.lock.takeTicket();
      call.hasTicket = true;
      return spinUntil(call.vcpu, turn);
    }
    this.publish(ring.inFlight, call.vcpu);
    return false;
  }

  /** R(L1) and W(rings_L2): waits for a domain's destruction, and for all that is under way to this domain's rings. */
  private mustWaitToWrite(call: ArgoCall, own: ArgoDomain): boolean {
    const { vcpu } = call;
    if (vcpu.isAhead()) return true;
    const { readersUntil, writerUntil } = own.lock;
    if (spinUntil(vcpu, Math.max(this.lock.writerUntil, readersUntil, writerUntil))) return true;
    for (const ring of own.rings) this.finishInFlight(ring);
    this.lock.takeForReading(call);
    own.lock.takeForWriting(call);
    return false;
  }

  /** A hypercall that changes which rings there are: where domains run at the same time, alone. */
  private changing(call: ArgoCall, hypercall: () => number): number {
    return this.machine.change(hypercall, (status) => {
      const data = this.ringAfter(call);
      // One that was refused has changed nothing; or the ring is gone.
      const isNews = status === 0 || data.frames === undefined;
      return isNews ? { kind: 'extension', name: EXTENSION, data } : undefined;
    });
  }

  /** The ring that a call was about, as it is now. */
  private ringAfter({ vcpu, port, domid: partner }: ArgoCall): RingChange {
    const { domid } = vcpu.domain;
    const ring = this.table.get(domid)?.find(port, partner);
    if (ring === undefined) return { domid, port, partner };
    const { bytes, frames } = ring;
    return { domid, port, partner, bytes, frames };
  }

  /** Another thread has registered or unregistered a ring of its domain. */
  repeat(data: unknown): void {
    const { domid, port, partner, bytes, frames } = data as RingChange;
    const own = this.table.get(domid);
    if (own === undefined) return;
    const known = own.find(port, partner);
    if (bytes === undefined || frames === undefined) {
      if (known !== undefined) unregisterRing(this.table, own, known);
      return;
    }
    known?.letFramesGo();
    enrol(this.table, own, { port, partner, bytes, frames });
  }

  private enter(call: ArgoCall, operation: number): void {
    this.machine.order?.enter();
    call.vcpu.enter(operation);
    call.vcpu.unpreemptible = true;
    call.stage = ENTERED;
  }

  private leave(call: ArgoCall, result: number): number {
    dropLocks(call);
    call.stage = OUTSIDE;
    call.hasTicket = false;
    call.ring = undefined;
    call.vcpu.unpreemptible = false;
    call.vcpu.leave();
    this.machine.order?.leave();
    return result;
  }
}

/** A ring of a domain as it is after a hypercall: without length and frames it is gone. */
type RingChange = Pick<RingEntry, 'port' | 'partner'> &
  Partial<RingEntry> & { readonly domid: number };

const EXTENSION = 'argo';

/** The machine's Argo. */
export function argoOf(machine: Machine): Argo {
  return machine.extend(EXTENSION, () => new Argo(machine));
}
