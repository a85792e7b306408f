import { InvariantViolation } from '../base/errors.js';
import type { EventQueue, EventTarget } from '../sim/event-queue.js';
import { TRACE } from '../sim/trace.js';
import type { CacheHierarchy } from './cache.js';
import {
  CAUSES,
  CONTEXT_SWITCH,
  ENTRY_EXTERNAL_INTERRUPT,
  HYPERVISOR_WORK,
  IDLE,
  PAGE_WALK,
  TLB,
} from './causes.js';
import { ChargeLog, type OwedCharge } from './charge-log.js';
import type { Domain } from './domain.js';
import type { Machine } from './machine.js';
import { RunQueue } from './run-queue.js';
import type { Tlb } from './tlb.js';
import type { Vcpu } from './vcpu.js';

/** Arguments of the events that a pCPU schedules for itself. */
const RESUME = 0;
const PREEMPT = 1;
/** Plus the domid of the domain whose translations go. */
const SHOOTDOWN = 2;

/** Copies to the guest when a vCPU gets or loses its pCPU. */
const RUNSTATE_WALKS = 3;

const NEVER = Number.POSITIVE_INFINITY;

/**
 * A physical CPU: its clock, its caches, the vCPUs that want it, and where its time went.
 *
 * The clock of a busy pCPU runs ahead of the machine's time as long as nobody could notice; `isAhead` says when that
 * ends. Invariant: the causes add up to the clock.
 */
export class Pcpu implements EventTarget {
  /** Picoseconds since power on, up to which this pCPU's time is accounted for. */
  clock = 0;
  current: Vcpu | undefined;
  /** The vCPU whose state is in the registers: stays while the pCPU idles (Xen switches lazily). */
  loaded: Vcpu | undefined;
  readonly attribution = new Float64Array(CAUSES.length);
  private readonly runQueue: RunQueue<Vcpu>;
  private readonly charges = new ChargeLog();
  private readonly queue: EventQueue;
  private sleepsDeep = false;
  private runningSince = 0;
  /** Up to here the current vCPU has paid for its time by credit. */
  private burntUntil = 0;
  private sliceEnd = 0;
  private preemptAt = NEVER;
  /** The scheduler has asked for the current vCPU, which is inside an operation that cannot be preempted. */
  private preemptionDue = false;
  private resumeAt = NEVER;

  constructor(
    readonly machine: Machine,
    readonly id: number,
    readonly tlb: Tlb,
    readonly cache: CacheHierarchy,
  ) {
    this.queue = machine.queue;
    this.runQueue = new RunQueue(
      machine.features.scheduler,
      machine.ratelimitPs,
      machine.timeslicePs,
    );
  }

  /** A vCPU that runs here and nowhere else. */
  adopt(vcpu: Vcpu): void {
    this.runQueue.adopt(vcpu);
  }

  /** The vCPUs that run here and nowhere else. */
  get residents(): readonly Vcpu[] {
    return this.runQueue.residents;
  }

  /** Whether what is charged to a cause takes any time here. */
  takesTime(_cause: number): boolean {
    return true;
  }

  /** Spends time. @param ps whole picoseconds */
  charge(cause: number, ps: number): void {
    this.clock += ps;
    this.attribution[cause] = (this.attribution[cause] as number) + ps;
    this.charges.add(cause, ps);
  }

  /**
   * Polls: spends steps of time, at least one, until something else happens first.
   *
   * @param most steps
   * @returns how many it were
   */
  poll(cause: number, stepPs: number, most: number): number {
    const free = Math.floor((this.queue.nextTime - this.clock) / stepPs) + 1;
    const steps = Math.min(most, Math.max(1, free));
    this.charge(cause, steps * stepPs);
    return steps;
  }

  /** Whether something else happens before this pCPU's clock: time to let it happen first. */
  isAhead(): boolean {
    return this.clock > this.queue.nextTime;
  }

  fire(timePs: number, argument: number): void {
    if (argument === RESUME) {
      if (timePs !== this.resumeAt) return;
      this.resumeAt = NEVER;
      if (this.current === undefined) return;
      if (timePs < this.clock) {
        this.resumeLater();
        return;
      }
      this.charges.clear();
      this.current.run();
    } else if (argument === PREEMPT) {
      this.preempt(timePs);
    } else {
      this.takeShootdown(timePs, argument - SHOOTDOWN);
    }
  }

  /** Goes on when the machine's time has reached this pCPU's clock. */
  resumeLater(): void {
    if (this.resumeAt <= this.clock) return;
    this.resumeAt = this.clock;
    this.queue.push(this.clock, this, RESUME);
  }

  /** A vCPU can run from now on. Called at the moment at which this pCPU learns of it. */
  makeRunnable(vcpu: Vcpu, timePs: number): void {
    vcpu.state = 'runnable';
    if (vcpu.isPaused) return;
    if (this.current === undefined) {
      this.leaveIdle(timePs);
      this.charge(CONTEXT_SWITCH, this.machine.prices.vcpuWake);
      this.start(vcpu);
      return;
    }
    const delay = this.runQueue.wakeDelay(
      vcpu,
      this.current,
      timePs - this.runningSince,
      timePs - this.burntUntil,
    );
    this.runQueue.insert(vcpu);
    this.armPreemptionAt(Math.min(timePs + delay, this.endOfSlice(timePs)));
  }

  /** The current vCPU lets go of the pCPU; the next one starts, or the pCPU idles. */
  release(): void {
    this.startNext(this.runQueue.shift());
  }

  /** @param waits the vCPU that had the pCPU, where it wants it again */
  private startNext(next: Vcpu | undefined, waits?: Vcpu): void {
    if (this.current !== undefined) {
      this.updateRunstate(this.current);
      this.burn(this.current, this.clock);
    }
    this.current = undefined;
    this.preemptionDue = false;
    if (waits !== undefined) this.runQueue.insert(waits);
    if (next !== undefined) this.start(next);
  }

  /** The current vCPU has given up the pCPU by what it did itself: it waits for its turn, or is paused or gone. */
  depart(vcpu: Vcpu): void {
    const yields = vcpu.state === 'runnable' && !vcpu.isPaused;
    // Whoever yields makes way to the next in line, also to one with less credit.
    const next = this.runQueue.shift();
    if (yields && next === undefined) this.startNext(vcpu);
    else this.startNext(next, yields ? vcpu : undefined);
    if (vcpu.state === 'offline') this.unload(vcpu);
  }

  /** Takes a vCPU away where it stands: its domain is paused or gone. What it was charged for the future is taken back. */
  remove(vcpu: Vcpu): void {
    this.runQueue.remove(vcpu);
    if (this.current === vcpu) {
      vcpu.owed = this.takeBack(this.machine.now);
      this.release();
    }
    if (vcpu.state === 'offline') this.unload(vcpu);
  }

  private unload(vcpu: Vcpu): void {
    this.runQueue.dismiss(vcpu);
    vcpu.owed = NOTHING_OWED;
    if (this.loaded === vcpu) this.loaded = undefined;
  }

  /** Whether Xen's own code runs at a moment, and not the guest's: an interrupt then costs no entry. */
  inHypervisorAt(timePs: number): boolean {
    return this.charges.inHypervisorAt(timePs, this.clock);
  }

  /** Another pCPU's flush reaches this one at a moment. */
  shootdownAt(timePs: number, domain: Domain): void {
    this.queue.push(timePs, this, SHOOTDOWN + domain.domid, 32);
  }

  private takeShootdown(timePs: number, domid: number): void {
    const domain = this.machine.domain(domid);
    if (this.current === undefined) {
      this.idleUntil(timePs);
      // A flush finds a lazily kept vCPU's state and puts it away (__sync_local_execstate).
      this.loaded = undefined;
    } else this.current.interrupt(timePs);
    if (domain !== undefined) this.flushTlb(domain);
  }

  /** Empties the TLB here on behalf of a domain. */
  flushTlb(domain: Domain): void {
    const { counters, prices } = this.machine;
    if (domain.type === 'pv') {
      counters.tlb.localFlushes++;
      counters.tlb.cr3Writes++;
    } else counters.tlb.asidFlushes++;
    counters.tlb.entriesDropped += this.tlb.flushAll();
    counters.tlb.flushPs += prices.cr3Write;
    this.charge(TLB, prices.cr3Write);
  }

  /**
   * Wakes up. How deep it slept was decided when it went to sleep, from how long it had slept the time before (as the
   * menu governor of cpuidle mostly does): so the first wake-up after a long pause may be quick, and the next is not.
   */
  private leaveIdle(timePs: number): void {
    const { deepIdlePs, prices } = this.machine;
    const slept = timePs - this.clock;
    this.idleUntil(timePs);
    if (deepIdlePs === 0) return;
    if (this.sleepsDeep && slept > 0) this.charge(CONTEXT_SWITCH, prices.deepIdleExit);
    this.sleepsDeep = slept > deepIdlePs;
  }

  /** Accounts for time without work. */
  idleUntil(timePs: number): void {
    if (timePs > this.clock) this.charge(IDLE, timePs - this.clock);
  }

  /** Xen does something here on its own account, now: where nobody runs, the pCPU has idled until now. */
  catchUp(): void {
    if (this.current === undefined) this.idleUntil(this.machine.now);
  }

  /** Invariant: the causes add up to the clock. Sums of whole picoseconds below 2^53 are exact. */
  checkAccounts(): void {
    let sum = 0;
    for (const ps of this.attribution) sum += ps;
    if (sum !== this.clock) {
      throw new InvariantViolation('causes do not add up to the clock', {
        pcpu: this.id,
        sum,
        clock: this.clock,
      });
    }
  }

  private start(vcpu: Vcpu): void {
    if (this.loaded !== vcpu) {
      if (this.loaded !== undefined) this.switchState(vcpu);
      this.loaded = vcpu;
      vcpu.fpuLoaded = false;
    }
    this.updateRunstate(vcpu);
    this.current = vcpu;
    vcpu.state = 'running';
    vcpu.scheduledIn = true;
    this.runningSince = this.clock;
    this.burntUntil = this.clock;
    this.sliceEnd = this.clock + this.runQueue.slice(vcpu);
    if (vcpu.owed.length > 0) {
      for (const owed of vcpu.owed) this.charge(owed.cause, owed.ps);
      vcpu.owed = NOTHING_OWED;
    }
    this.resumeLater();
    this.preemptAt = NEVER;
    if (!this.runQueue.isEmpty) this.armPreemptionAt(this.sliceEnd);
  }

  /**
   * Xen tells the guest that its vCPU runs, or runs no more (update_runstate_area): three copies to an address of the
   * guest's, the flag before and after included, which walk the page tables of a PVH guest.
   */
  private updateRunstate(vcpu: Vcpu): void {
    if (vcpu.domain.type !== 'pvh' || vcpu.state === 'offline') return;
    this.machine.counters.work.runstateWalks += RUNSTATE_WALKS;
    this.charge(PAGE_WALK, RUNSTATE_WALKS * this.machine.prices.pageWalk);
  }

  /** Another vCPU's state is loaded: Xen writes CR3 and drops all guest TLB entries (switch_cr3_cr4, flushtlb.c). */
  private switchState(next: Vcpu): void {
    const { machine } = this;
    const { counters, prices } = machine;
    this.charge(CONTEXT_SWITCH, prices.vcpuSwitch + prices.cr3Write);
    counters.work.vcpuSwitches++;
    counters.tlb.cr3Writes++;
    counters.tlb.asidFlushes++;
    counters.tlb.entriesDropped += this.tlb.flushAll();
    machine.trace.add(TRACE['context-switch'], this.clock, next.domain.domid, this.id, 0);
  }

  /**
   * The ends of time slices that the current vCPU has reached with nobody waiting: the scheduler's timer interrupts it,
   * and lets it go on. Accounted for when the guest's own tick comes.
   */
  takeSliceTimers(timePs: number): void {
    const vcpu = this.current;
    if (vcpu === undefined || this.machine.timeslicePs === 0) return;
    while (this.sliceEnd <= timePs) {
      this.goOn(vcpu, this.sliceEnd);
      this.machine.counters.work.timerEntries++;
      vcpu.exit(ENTRY_EXTERNAL_INTERRUPT);
    }
  }

  /** The scheduler was asked at a moment, and lets the current vCPU go on. */
  private goOn(vcpu: Vcpu, timePs: number): void {
    this.burn(vcpu, timePs);
    this.sliceEnd = timePs + this.runQueue.slice(vcpu);
    this.charge(HYPERVISOR_WORK, this.machine.prices.schedOp);
  }

  private burn(vcpu: Vcpu, timePs: number): void {
    if (timePs > this.burntUntil) this.runQueue.burn(vcpu, timePs - this.burntUntil);
    this.burntUntil = Math.max(this.burntUntil, timePs);
  }

  /** End of the current slice behind a moment: the ends before it are taken when the guest's tick comes. */
  private endOfSlice(timePs: number): number {
    const { timeslicePs } = this.machine;
    if (timeslicePs === 0) return NEVER;
    let end = this.sliceEnd;
    while (end <= timePs) end += timeslicePs;
    return end;
  }

  private armPreemptionAt(timePs: number): void {
    if (this.preemptAt <= timePs) return;
    this.preemptAt = timePs;
    this.queue.push(timePs, this, PREEMPT, 70);
  }

  /** An operation of the current vCPU that could not be preempted is over: a preemption that waited for that comes now. */
  operationEnds(): void {
    if (this.preemptionDue) this.armPreemptionAt(this.clock);
  }

  private preempt(timePs: number): void {
    if (timePs !== this.preemptAt) return;
    this.preemptAt = NEVER;
    const vcpu = this.current;
    if (vcpu === undefined || this.runQueue.isEmpty) return;
    if (vcpu.unpreemptible) {
      this.preemptionDue = true;
      return;
    }
    this.burn(vcpu, timePs);
    if (!this.runQueue.wantsChange(vcpu, timePs - this.runningSince)) {
      vcpu.interrupt(timePs);
      this.goOn(vcpu, timePs);
      this.armPreemptionAt(this.sliceEnd);
      return;
    }
    const inHypervisor = this.preemptionDue || this.inHypervisorAt(timePs);
    vcpu.owed = this.takeBack(timePs);
    vcpu.interruptFrom(inHypervisor);
    this.machine.counters.work.preemptions++;
    vcpu.state = 'runnable';
    this.startNext(this.runQueue.shift(), vcpu);
  }

  /** Undoes what the current vCPU was charged behind a moment. Returns it in the order in which it was charged. */
  private takeBack(timePs: number): OwedCharge[] {
    const from = Math.max(timePs, this.runningSince);
    if (this.clock <= from) return NOTHING_OWED;
    const owed: OwedCharge[] = [];
    this.charges.takeBack(this.clock - from, owed);
    for (const { cause, ps } of owed) {
      this.clock -= ps;
      this.attribution[cause] = (this.attribution[cause] as number) - ps;
    }
    return owed;
  }
}

const NOTHING_OWED: OwedCharge[] = [];

/** When an interprocessor interrupt that a pCPU sends now reaches another. */
export function ipiArrival(sender: Pcpu): number {
  sender.machine.counters.events.ipis++;
  return sender.clock + sender.machine.prices.ipi;
}
