import { InvariantViolation } from '../base/errors.js';
import type { EventTarget } from '../sim/event-queue.js';
import { TRACE } from '../sim/trace.js';
import type { CacheHierarchy } from './cache.js';
import { CAUSES, CONTEXT_SWITCH, IDLE } from './causes.js';
import type { Domain } from './domain.js';
import type { Machine } from './machine.js';
import type { Tlb } from './tlb.js';
import { flushLocally } from './tlb-flush.js';
import type { Vcpu } from './vcpu.js';

/** Arguments of the events that a pCPU schedules for itself. */
const RESUME = 0;
const PREEMPT = 1;
/** Plus the domid of the domain whose translations go. */
const SHOOTDOWN = 2;

/** Work that was charged before its time came, and is taken back when a preemption falls in the middle of it. */
interface AheadCharge {
  readonly cause: number;
  readonly ps: number;
}

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
  hasVcpu = false;
  /** More than one vCPU lives here: charges may have to be taken back. */
  isShared = false;
  /** The vCPU whose state is in the registers: stays while the pCPU idles (Xen switches lazily). */
  loaded: Vcpu | undefined;
  readonly attribution = new Float64Array(CAUSES.length);
  private readonly waiting: Vcpu[] = [];
  private sleepsDeep = false;
  private runningSince = 0;
  private preemptAt = Number.POSITIVE_INFINITY;
  private resumeScheduled = false;
  private aheadCharges: AheadCharge[] = [];

  constructor(
    readonly machine: Machine,
    readonly id: number,
    readonly tlb: Tlb,
    readonly cache: CacheHierarchy,
  ) {}

  /** Spends time. */
  charge(cause: number, ps: number): void {
    this.clock += ps;
    this.attribution[cause] = (this.attribution[cause] as number) + ps;
    if (this.isShared) this.aheadCharges.push({ cause, ps });
  }

  /** Whether something else happens before this pCPU's clock: time to let it happen first. */
  isAhead(): boolean {
    return this.clock > this.machine.queue.nextTime;
  }

  fire(timePs: number, argument: number): void {
    if (argument === PREEMPT) {
      this.preempt(timePs);
      return;
    }
    if (argument >= SHOOTDOWN) {
      this.takeShootdown(timePs, argument - SHOOTDOWN);
      return;
    }
    this.resumeScheduled = false;
    if (this.current === undefined) return;
    if (timePs < this.clock) {
      this.resumeLater();
      return;
    }
    if (this.isShared) this.aheadCharges.length = 0;
    this.current.run();
  }

  /** Goes on when the machine's time has reached this pCPU's clock. */
  resumeLater(): void {
    if (this.resumeScheduled) return;
    this.resumeScheduled = true;
    this.machine.queue.push(this.clock, this, RESUME);
  }

  /** A vCPU can run from now on. Called at the moment at which this pCPU learns of it. */
  makeRunnable(vcpu: Vcpu, timePs: number): void {
    vcpu.state = 'runnable';
    if (this.current === undefined) {
      this.leaveIdle(timePs);
      this.charge(CONTEXT_SWITCH, this.machine.prices.vcpuWake);
      this.start(vcpu);
      return;
    }
    this.waiting.push(vcpu);
    this.armPreemption(timePs);
  }

  /** The current vCPU lets go of the pCPU; the next one starts, or the pCPU idles. */
  release(): void {
    this.current = undefined;
    const next = this.waiting.shift();
    if (next !== undefined) this.start(next);
  }

  /** Takes a vCPU away wherever it stands: its domain is paused or gone. */
  remove(vcpu: Vcpu): void {
    const at = this.waiting.indexOf(vcpu);
    if (at >= 0) this.waiting.splice(at, 1);
    if (this.current === vcpu) this.release();
    if (this.loaded === vcpu) this.loaded = undefined;
  }

  /** Another pCPU's flush reaches this one at a moment. */
  shootdownAt(timePs: number, domain: Domain): void {
    this.machine.queue.push(timePs, this, SHOOTDOWN + domain.domid, 32);
  }

  private takeShootdown(timePs: number, domid: number): void {
    const domain = this.machine.domain(domid);
    if (domain === undefined) return;
    if (this.current === undefined) this.idleUntil(timePs);
    else this.current.interruptEntry();
    flushLocally(this, domain);
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
    const { machine } = this;
    if (this.loaded !== vcpu) {
      if (this.loaded !== undefined) this.switchState(vcpu);
      this.loaded = vcpu;
      vcpu.fpuLoaded = false;
    }
    this.current = vcpu;
    vcpu.state = 'running';
    vcpu.scheduledIn = true;
    this.runningSince = this.clock;
    for (const owed of vcpu.owed) this.charge(owed.cause, owed.ps);
    vcpu.owed = [];
    this.resumeLater();
    if (this.waiting.length > 0) {
      this.armPreemptionAt(this.clock + machine.timeslicePs);
    }
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

  private armPreemption(timePs: number): void {
    this.armPreemptionAt(Math.max(timePs, this.runningSince + this.machine.ratelimitPs));
  }

  private armPreemptionAt(timePs: number): void {
    if (this.preemptAt <= timePs) return;
    this.preemptAt = timePs;
    this.machine.queue.push(timePs, this, PREEMPT, 70);
  }

  private preempt(timePs: number): void {
    if (timePs !== this.preemptAt) return;
    this.preemptAt = Number.POSITIVE_INFINITY;
    const vcpu = this.current;
    if (vcpu === undefined || this.waiting.length === 0) return;
    if (vcpu.unpreemptible) {
      this.armPreemptionAt(this.clock);
      return;
    }
    const earliest = this.runningSince + this.machine.ratelimitPs;
    if (timePs < earliest) {
      this.armPreemptionAt(earliest);
      return;
    }
    vcpu.owed = this.takeBack(timePs);
    vcpu.interruptEntry();
    this.machine.counters.work.preemptions++;
    vcpu.state = 'runnable';
    this.waiting.push(vcpu);
    this.release();
  }

  /** Undoes charges that lie behind a moment. Returns them in the order in which they were made. */
  private takeBack(timePs: number): AheadCharge[] {
    const owed: AheadCharge[] = [];
    while (this.clock > timePs) {
      const last = this.aheadCharges.pop();
      if (last === undefined) break;
      const ps = Math.min(last.ps, this.clock - timePs);
      this.clock -= ps;
      this.attribution[last.cause] = (this.attribution[last.cause] as number) - ps;
      owed.unshift({ cause: last.cause, ps });
    }
    return owed;
  }
}

/** When an interprocessor interrupt that a pCPU sends now reaches another. */
export function ipiArrival(sender: Pcpu): number {
  sender.machine.counters.events.ipis++;
  return sender.clock + sender.machine.prices.ipi;
}
