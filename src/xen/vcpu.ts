import { InvariantViolation } from '../base/errors.js';
import type { EventTarget } from '../sim/event-queue.js';
import { BLOCKED, ORDER, type Process, type Wait } from '../sim/process.js';
import { TRACE } from '../sim/trace.js';
import { type AddressSpace, GuestFault } from './address-space.js';
import {
  ENTRY_EOI,
  ENTRY_EXTERNAL_INTERRUPT,
  ENTRY_HLT,
  ENTRY_HYPERCALL,
  ENTRY_NM,
  ENTRY_PV_TRAP,
  HYPERVISOR_ENTRY,
  HYPERVISOR_WORK,
  PAGE_WALK,
} from './causes.js';
import type { OwedCharge } from './charge-log.js';
import { SCHED_BLOCK } from './counters.js';
import type { Domain } from './domain.js';
import { GuestKernel } from './guest-kernel.js';
import { GuestMemory } from './guest-memory.js';
import type { Machine } from './machine.js';
import { ipiArrival, type Pcpu } from './pcpu.js';
import { Task } from './task.js';
import { Upcalls } from './upcalls.js';
import { VcpuStopped } from './vcpu-stopped.js';

/** Arguments of the events that are sent to a vCPU. */
const KICK = 0;
const WAKE = 1;
const POLL_TIMEOUT = 2;

/** The moment of `execute` when no interrupt is the reason. */
const NO_INTERRUPT = -1;

/** %GeneratorPrototype%.next, not looked up through the prototype that each generator function has of its own. */
const { next: resume } = Object.getPrototypeOf(function* () {}).prototype as Process<unknown>;

/**
 * - `waking`: an interrupt is on its way to the pCPU that shall run it.
 * - `runnable`: it waits for its pCPU, or is paused.
 * - `offline`: stopped for good.
 */
export type VcpuState = 'running' | 'runnable' | 'waking' | 'blocked' | 'offline';

/**
 * A virtual CPU: the guest's tasks on it, its way into the hypervisor and back, and the event upcall.
 */
export class Vcpu implements EventTarget {
  state: VcpuState = 'blocked';
  readonly readyTasks: Task[] = [];
  readonly tasks: Task[] = [];
  currentTask: Task | undefined;
  fpuLoaded = true;
  /** It has just been given the pCPU: what happened meanwhile is taken before guest code goes on. */
  scheduledIn = false;
  /** What Xen brings to its end even where the vCPU is stopped or paused in the middle of it. */
  unfinished: EventTarget | undefined;
  /** Picoseconds that it may still run in the scheduler's eyes (RunQueue). */
  credit = 0;
  /** Work taken back by a preemption. */
  owed: readonly OwedCharge[] = [];
  readonly kernel: GuestKernel;
  readonly upcalls: Upcalls;
  /** Memory of the domain as code on this vCPU touches it. */
  readonly memory: GuestMemory;
  /** Tag of its TLB entries: 0 where the TLB is not tagged. */
  readonly tlbTag: number;
  private cannotBePreempted = false;
  private pauseCount = 0;
  /** When it is `waking`: until when. */
  private wakesAt = 0;
  private polledPorts: readonly number[] | undefined;
  private pollTimeoutPs = 0;
  /** In Xen on the way to block: an event that comes now still keeps it awake. */
  private halting = false;
  private readonly entryPs: number;
  private readonly handlerPs: number;
  /** Finding out which instruction made an exit, where the hardware does not say where it ends. */
  private readonly decodePs: number;

  constructor(
    readonly machine: Machine,
    readonly domain: Domain,
    readonly pcpu: Pcpu,
    readonly id: number,
    space: AddressSpace,
  ) {
    const { prices, features } = machine;
    const hardware =
      domain.type === 'pvh'
        ? prices.vmexit + (features.l1tfFlush ? prices.l1dFlush : 0)
        : prices.pvEntry;
    this.entryPs = hardware + prices.mitigationEntry + prices.hypercall;
    this.handlerPs = hardware + prices.mitigationEntry + prices.exitHandler;
    this.decodePs = domain.type === 'pvh' && !features.nextRip ? prices.pageWalk : 0;
    const number = machine.nextVcpuNumber();
    this.tlbTag = features.taggedTlb ? number : 0;
    this.kernel = new GuestKernel(this, number);
    const { platform } = machine;
    this.upcalls = platform?.createUpcalls(this) ?? new Upcalls(this);
    this.memory = platform?.createGuestMemory(this, space) ?? new GuestMemory(this, space);
    pcpu.adopt(this);
  }

  /** Inside an operation of Xen's that is long and cannot be preempted: until it ends, a preemption waits. */
  get unpreemptible(): boolean {
    return this.cannotBePreempted;
  }

  set unpreemptible(value: boolean) {
    this.cannotBePreempted = value;
    if (!value) this.pcpu.operationEnds();
  }

  /** Adds a task to a vCPU and makes it ready. The vCPU starts when the machine runs. */
  spawn(name: string, process: Process<unknown>): Task {
    const task = new Task(this, name, process);
    this.tasks.push(task);
    this.readyTasks.push(task);
    this.wake(this.machine.now);
    return task;
  }

  /** Runs guest code until it has to let go of the pCPU. Called by the pCPU only. */
  run(): void {
    this.execute(NO_INTERRUPT);
  }

  /**
   * Lets the guest go on, and ends it where it faults.
   *
   * @param interruptPs moment at which an interrupt reached the guest, whose upcalls then run; or NO_INTERRUPT
   */
  private execute(interruptPs: number): void {
    const { machine } = this;
    machine.executing = this;
    try {
      if (interruptPs === NO_INTERRUPT) this.runGuest();
      else this.takeInterrupt(interruptPs);
    } catch (error) {
      if (error instanceof GuestFault) this.domain.fault(this, error);
      else if (!(error instanceof VcpuStopped)) throw error;
    }
    machine.executing = undefined;
    if (this.state !== 'running' && this.pcpu.current === this) this.pcpu.depart(this);
  }

  private runGuest(): void {
    const { pcpu, kernel } = this;
    if (this.scheduledIn) {
      this.scheduledIn = false;
      this.polledPorts = undefined;
      kernel.armTick();
      this.upcalls.take();
    }
    let result: unknown;
    for (;;) {
      let task = this.currentTask;
      if (task === undefined) {
        task = this.readyTasks.shift();
        if (task === undefined) {
          if (pcpu.isAhead() || this.entersIdle()) {
            pcpu.resumeLater();
            return;
          }
          this.halting = false;
          if (this.upcalls.isDue) {
            this.upcalls.deliver();
            continue;
          }
          this.block();
          return;
        }
        this.halting = false;
        kernel.switchTo(task);
        this.currentTask = task;
        task.state = 'running';
      }
      const step = resume.call(task.process, result) as IteratorResult<Wait>;
      if (this.state !== 'running') return;
      result = undefined;
      if (step.done === true) {
        if (task.returnToCaller()) {
          result = step.value;
          continue;
        }
        task.state = 'done';
        this.useFpu();
        this.currentTask = undefined;
        kernel.switchFrom(task);
      } else if (step.value === ORDER) {
        if (pcpu.isAhead()) {
          pcpu.resumeLater();
          return;
        }
      } else if (step.value === BLOCKED) {
        // A program that has copied nothing has used it for something else.
        this.useFpu();
        this.currentTask = undefined;
        kernel.switchFrom(task);
      }
    }
  }

  /** Whether something else happens first: before touching what others see, yield ORDER while this is so. */
  isAhead(): boolean {
    return this.pcpu.isAhead();
  }

  /** Enters the hypervisor by a hypercall. */
  enter(operation: number): void {
    if (this.state === 'offline') throw new VcpuStopped();
    const { hypercalls } = this.machine.counters;
    hypercalls[operation] = (hypercalls[operation] as number) + 1;
    this.enterAgain(operation);
  }

  /** Enters it once more for a hypercall that Xen has interrupted, and that was counted when it was made. */
  enterAgain(operation: number): void {
    if (this.state === 'offline') throw new VcpuStopped();
    const { counters, trace } = this.machine;
    counters.entries[ENTRY_HYPERCALL] = (counters.entries[ENTRY_HYPERCALL] as number) + 1;
    this.pcpu.charge(HYPERVISOR_ENTRY, this.entryPs);
    if (this.decodePs > 0) this.decodeInstruction();
    trace.add(TRACE.hypercall, this.pcpu.clock, this.domain.domid, operation, 0);
  }

  /** Goes back to the guest: a pending upcall is taken on the way. A stopped guest is not gone back to. */
  leave(): void {
    if (this.state === 'offline') throw new VcpuStopped();
    if (this.upcalls.isPending) this.upcalls.takeOnReturn();
  }

  /** Enters the hypervisor for another reason than a hypercall. */
  exit(reason: number): void {
    const { counters, trace } = this.machine;
    counters.entries[reason] = (counters.entries[reason] as number) + 1;
    this.pcpu.charge(HYPERVISOR_ENTRY, this.handlerPs);
    // Interrupts and #NM leave the instruction to be carried out again.
    if (this.decodePs > 0 && (reason === ENTRY_HLT || reason === ENTRY_EOI)) {
      this.decodeInstruction();
    }
    trace.add(TRACE.entry, this.pcpu.clock, this.domain.domid, reason, 0);
  }

  private decodeInstruction(): void {
    this.machine.counters.work.decodeWalks++;
    this.pcpu.charge(PAGE_WALK, this.decodePs);
  }

  /** A hardware interrupt reaches the pCPU at a moment at which it runs this vCPU. */
  interrupt(timePs: number): void {
    this.interruptFrom(this.pcpu.inHypervisorAt(timePs));
  }

  /** @param inHypervisor Xen's own code was interrupted: only its handler runs, as no guest is left for it */
  interruptFrom(inHypervisor: boolean): void {
    if (inHypervisor) this.pcpu.charge(HYPERVISOR_WORK, this.machine.prices.exitHandler);
    else this.exit(ENTRY_EXTERNAL_INTERRUPT);
  }

  /** An interrupt for this vCPU reaches its pCPU at a moment. */
  kickAt(timePs: number): void {
    this.machine.queue.push(timePs, this, KICK);
  }

  fire(timePs: number, argument: number): void {
    if (argument === WAKE) {
      if (this.state === 'waking' && timePs === this.wakesAt) {
        this.pcpu.makeRunnable(this, timePs);
      }
      return;
    }
    if (argument === POLL_TIMEOUT) {
      if (this.pollTimeoutPs === timePs && this.polledPorts !== undefined) this.wake(timePs);
      return;
    }
    this.upcalls.interruptArrived();
    if (this.state === 'running') this.execute(timePs);
    else if (this.state === 'blocked' && this.upcalls.isPending) {
      this.pcpu.makeRunnable(this, timePs);
    }
  }

  /** A timer of this vCPU has expired (VIRQ_TIMER). @returns whether the vCPU had the pCPU and has taken it */
  timerExpired(timePs: number): boolean {
    if (this.state !== 'running') return false;
    // Before it has run at all, the upcall that it then takes brings this too.
    if (!this.scheduledIn) this.execute(timePs);
    return true;
  }

  /** Whether an interrupt at a moment would take it out of guest code, by an entry of its own. */
  isInterruptedAt(timePs: number): boolean {
    return this.state === 'running' && !this.scheduledIn && !this.pcpu.inHypervisorAt(timePs);
  }

  private takeInterrupt(timePs: number): void {
    this.interrupt(timePs);
    if (!this.scheduledIn) this.upcalls.take();
  }

  /** Takes a blocked vCPU back into the run queue, on behalf of Xen code on another or the same pCPU. */
  wakeFrom(from: Pcpu): void {
    if (this.state !== 'blocked') return;
    this.state = 'waking';
    from.catchUp();
    from.charge(HYPERVISOR_WORK, this.machine.prices.vcpuUnblock);
    this.machine.trace.add(TRACE.wake, from.clock, this.domain.domid, this.id, 0);
    if (from === this.pcpu) {
      this.pcpu.makeRunnable(this, from.clock);
    } else {
      this.wakeAt(ipiArrival(from));
    }
  }

  /** Takes a blocked vCPU back into the run queue at a moment: a timer, or the toolstack. */
  wake(timePs: number): void {
    if (this.state === 'blocked' || this.wakesAfter(timePs)) this.wakeAt(timePs);
  }

  /** Whether it is on its way to be woken, but later than at a moment. */
  wakesAfter(timePs: number): boolean {
    return this.state === 'waking' && this.wakesAt > timePs;
  }

  private wakeAt(timePs: number): void {
    this.state = 'waking';
    this.wakesAt = timePs;
    this.machine.queue.push(timePs, this, WAKE);
  }

  /** Gives the pCPU to whoever waits for it. The code that calls this must let go next (yield ORDER). */
  giveWay(): void {
    this.state = 'runnable';
  }

  /**
   * Sleeps until one of these ports is pending, masked or not, an upcall comes, or the time is up. The code that calls
   * this must let go next (yield ORDER).
   */
  pollPorts(ports: readonly number[], timeoutPs: number): void {
    this.polledPorts = ports;
    this.pollTimeoutPs = timeoutPs;
    this.machine.trace.add(TRACE.block, this.pcpu.clock, this.domain.domid, this.id, 1);
    this.state = 'blocked';
    if (timeoutPs !== Number.POSITIVE_INFINITY) {
      this.machine.queue.push(timeoutPs, this, POLL_TIMEOUT);
    }
  }

  /** A port has become pending: a vCPU that polls it wakes (evtchn_check_pollers). */
  endPoll(port: number, from: Pcpu): void {
    if (this.polledPorts?.includes(port) === true) this.wakeFrom(from);
  }

  /** Paused: it does not run, whatever comes, until as many `unpause` as `pause` have been called. */
  get isPaused(): boolean {
    return this.pauseCount > 0;
  }

  /** vcpu_pause, from outside or by its own hypercall, after which its code must let go (yield ORDER). */
  pause(): void {
    if (this.pauseCount++ > 0) return;
    if (this.state !== 'running' && this.state !== 'runnable') return;
    this.endWithoutIt();
    this.state = 'runnable';
    if (this.machine.executing !== this) this.pcpu.remove(this);
  }

  unpause(): void {
    if (this.pauseCount === 0) throw new InvariantViolation('vCPU unpaused that is not paused');
    if (--this.pauseCount > 0 || this.state !== 'runnable') return;
    this.wakeAt(this.machine.now);
  }

  /** Stops it for good. Where its own code runs at this moment, that code ends at its next step into Xen or memory. */
  stop(): void {
    if (this.state === 'offline') return;
    this.endWithoutIt();
    this.state = 'offline';
    this.memory.vcpuStopped();
    if (this.machine.executing !== this) this.pcpu.remove(this);
  }

  /** Xen ends what it has begun: at the moment up to which this vCPU was charged for it. */
  private endWithoutIt(): void {
    const { machine, pcpu, unfinished } = this;
    if (unfinished !== undefined) machine.queue.push(Math.max(machine.now, pcpu.clock), unfinished);
  }

  /**
   * Nothing to do: the guest kernel gives the pCPU to Xen.
   *
   * @returns whether something else happens before Xen has come to the point at which it blocks the vCPU
   */
  private entersIdle(): boolean {
    if (this.halting) return false;
    this.halting = true;
    if (this.domain.type === 'pvh') this.exit(ENTRY_HLT);
    else this.enter(SCHED_BLOCK);
    this.pcpu.charge(HYPERVISOR_WORK, this.machine.prices.schedOp);
    return this.pcpu.isAhead();
  }

  /** An upcall has come while it was on its way to block. */
  staysAwake(): void {
    this.halting = false;
  }

  private block(): void {
    this.machine.trace.add(TRACE.block, this.pcpu.clock, this.domain.domid, this.id, 0);
    this.state = 'blocked';
    this.pcpu.release();
  }

  /**
   * A program uses the FPU, or the registers that memcpy uses. The first time since the vCPU was switched in, a lazy Xen
   * loads them.
   */
  useFpu(): void {
    if (this.fpuLoaded) return;
    this.fpuLoaded = true;
    if (!this.machine.features.lazyFpu) return;
    this.exit(this.domain.type === 'pvh' ? ENTRY_NM : ENTRY_PV_TRAP);
  }
}
