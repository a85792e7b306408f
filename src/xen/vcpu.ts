import type { EventTarget } from '../sim/event-queue.js';
import { BLOCKED, ORDER, type Process } from '../sim/process.js';
import { TRACE } from '../sim/trace.js';
import { GuestFault } from './address-space.js';
import {
  ENTRY_EOI,
  ENTRY_EXTERNAL_INTERRUPT,
  ENTRY_HLT,
  ENTRY_HYPERCALL,
  ENTRY_NM,
  ENTRY_PV_TRAP,
  EVENT_DELIVERY,
  HYPERVISOR_ENTRY,
  HYPERVISOR_WORK,
} from './causes.js';
import { IRET, SCHED_BLOCK } from './counters.js';
import type { Domain } from './domain.js';
import type { EventPort } from './event-channels.js';
import { GuestKernel } from './guest-kernel.js';
import type { Machine } from './machine.js';
import { ipiArrival, type Pcpu } from './pcpu.js';
import { Task } from './task.js';

/** Arguments of the events that are sent to a vCPU. */
const KICK = 0;
const WAKE = 1;

export type VcpuState = 'running' | 'runnable' | 'waking' | 'blocked' | 'offline';

/**
 * A virtual CPU: the guest's tasks on it, its way into the hypervisor and back, and the event upcall.
 */
export class Vcpu implements EventTarget {
  state: VcpuState = 'blocked';
  /** Xen has marked an upcall (evtchn_upcall_pending in vcpu_info). */
  upcallPending = false;
  /** Ports that are pending and not masked, in the order in which they became so. */
  readonly pendingPorts: EventPort[] = [];
  readonly readyTasks: Task[] = [];
  readonly tasks: Task[] = [];
  currentTask: Task | undefined;
  fpuLoaded = true;
  /** It has just been given the pCPU: what happened meanwhile is taken before guest code goes on. */
  scheduledIn = false;
  /** Inside an operation of Xen's that is long and cannot be preempted: until it ends, a preemption waits. */
  unpreemptible = false;
  /** Work taken back by a preemption. */
  owed: { readonly cause: number; readonly ps: number }[] = [];
  readonly kernel: GuestKernel;
  /** Tag of its TLB entries: 0 where the TLB is not tagged. */
  readonly tlbTag: number;
  private kicked = false;
  private inUpcall = false;
  private readonly entryPs: number;
  private readonly handlerPs: number;

  constructor(
    readonly machine: Machine,
    readonly domain: Domain,
    readonly pcpu: Pcpu,
    readonly id: number,
  ) {
    const { prices, features } = machine;
    const hardware =
      domain.type === 'pvh'
        ? prices.vmexit + (features.l1tfFlush ? prices.l1dFlush : 0)
        : prices.pvEntry;
    this.entryPs = hardware + prices.mitigationEntry + prices.hypercall;
    this.handlerPs = hardware + prices.mitigationEntry + prices.exitHandler;
    this.tlbTag = machine.nextTlbTag();
    this.kernel = new GuestKernel(this);
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
    try {
      this.runGuest();
    } catch (error) {
      if (!(error instanceof GuestFault)) throw error;
      this.machine.trace.add(TRACE.fault, this.pcpu.clock, this.domain.domid, error.address, 0);
      this.domain.crash(error.message);
    }
  }

  private runGuest(): void {
    const { pcpu, kernel } = this;
    if (this.scheduledIn) {
      this.scheduledIn = false;
      if (kernel.timerDue) kernel.takeTimer();
      kernel.armTick();
      if (this.upcallPending) this.deliverUpcalls();
    }
    let result: unknown;
    for (;;) {
      let task = this.currentTask;
      if (task === undefined) {
        task = this.readyTasks.shift();
        if (task === undefined) {
          if (pcpu.isAhead()) {
            pcpu.resumeLater();
            return;
          }
          if (this.idle()) return;
          continue;
        }
        this.kernel.switchTo(task);
        this.currentTask = task;
        task.state = 'running';
      }
      if (!this.fpuLoaded) this.loadFpu();
      const step = task.process.next(result);
      if (this.state !== 'running') return;
      result = undefined;
      if (step.done === true) {
        if (task.returnToCaller()) {
          result = step.value;
          continue;
        }
        task.state = 'done';
        this.currentTask = undefined;
        this.kernel.switchFrom(task);
      } else if (step.value === ORDER) {
        if (pcpu.isAhead()) {
          pcpu.resumeLater();
          return;
        }
      } else if (step.value === BLOCKED) {
        this.currentTask = undefined;
        this.kernel.switchFrom(task);
      }
    }
  }

  /** Whether something else happens first: before touching what others see, yield ORDER while this is so. */
  isAhead(): boolean {
    return this.pcpu.isAhead();
  }

  /** Enters the hypervisor by a hypercall. */
  enter(operation: number): void {
    const { counters, trace } = this.machine;
    counters.hypercalls[operation] = (counters.hypercalls[operation] as number) + 1;
    counters.entries[ENTRY_HYPERCALL] = (counters.entries[ENTRY_HYPERCALL] as number) + 1;
    this.pcpu.charge(HYPERVISOR_ENTRY, this.entryPs);
    trace.add(TRACE.hypercall, this.pcpu.clock, this.domain.domid, operation, 0);
  }

  /** Goes back to the guest: a pending upcall is taken on the way. */
  leave(): void {
    if (this.upcallPending && !this.inUpcall) this.deliverUpcalls();
  }

  /** Enters the hypervisor for another reason than a hypercall. */
  exit(reason: number): void {
    const { counters, trace } = this.machine;
    counters.entries[reason] = (counters.entries[reason] as number) + 1;
    this.pcpu.charge(HYPERVISOR_ENTRY, this.handlerPs);
    trace.add(TRACE.entry, this.pcpu.clock, this.domain.domid, reason, 0);
  }

  /** A hardware interrupt takes the pCPU out of the guest. */
  interruptEntry(): void {
    this.exit(ENTRY_EXTERNAL_INTERRUPT);
  }

  /**
   * Xen has set a port of this vCPU pending: mark the upcall, and see that the vCPU takes it.
   *
   * @param from the pCPU on which Xen runs
   */
  notifyUpcall(from: Pcpu): void {
    if (this.upcallPending) return;
    this.upcallPending = true;
    switch (this.state) {
      case 'blocked':
        this.wakeFrom(from);
        break;
      case 'running':
        // Its own hypercall takes the upcall on the way back; elsewhere it must be interrupted.
        if (from !== this.pcpu && !this.kicked) {
          this.kicked = true;
          this.machine.queue.push(ipiArrival(from), this, KICK);
        }
        break;
      default:
        break;
    }
  }

  fire(timePs: number, argument: number): void {
    if (argument === WAKE) {
      if (this.state === 'waking') this.pcpu.makeRunnable(this, timePs);
      return;
    }
    this.kicked = false;
    if (this.state !== 'running') return;
    this.interruptEntry();
    if (this.upcallPending) this.deliverUpcalls();
  }

  /** Takes a blocked vCPU back into the run queue, on behalf of Xen code on another or the same pCPU. */
  wakeFrom(from: Pcpu): void {
    if (this.state !== 'blocked') return;
    this.state = 'waking';
    from.charge(HYPERVISOR_WORK, this.machine.prices.vcpuUnblock);
    this.machine.trace.add(TRACE.wake, from.clock, this.domain.domid, this.id, 0);
    if (from === this.pcpu) {
      this.pcpu.makeRunnable(this, from.clock);
    } else {
      this.machine.queue.push(ipiArrival(from), this, WAKE);
    }
  }

  /** Takes a blocked vCPU back into the run queue at a moment: a timer, or the toolstack. */
  wake(timePs: number): void {
    if (this.state !== 'blocked') return;
    this.state = 'waking';
    this.machine.queue.push(timePs, this, WAKE);
  }

  /** The guest's event upcall: every pending port's handler runs. */
  private deliverUpcalls(): void {
    const { machine, pcpu } = this;
    const { prices, counters, features } = machine;
    this.inUpcall = true;
    do {
      this.upcallPending = false;
      pcpu.charge(EVENT_DELIVERY, prices.inject);
      machine.trace.add(TRACE.upcall, pcpu.clock, this.domain.domid, this.pendingPorts.length, 0);
      if (this.domain.type === 'pvh' && features.upcallVector && !features.virtualApic) {
        this.exit(ENTRY_EOI);
      }
      for (;;) {
        const port = this.pendingPorts.shift();
        if (port === undefined) break;
        if (!port.pending || port.masked) continue;
        port.pending = false;
        counters.events.delivered++;
        pcpu.charge(EVENT_DELIVERY, prices.upcall);
        port.handler?.(port);
      }
      if (this.domain.type === 'pv') {
        this.enter(IRET);
      }
    } while (this.upcallPending);
    this.inUpcall = false;
  }

  /**
   * Nothing to do: the guest kernel gives the pCPU back to Xen, which lets it block unless an event is pending.
   *
   * @returns whether the vCPU has blocked
   */
  private idle(): boolean {
    if (this.domain.type === 'pvh') {
      this.exit(ENTRY_HLT);
    } else {
      this.enter(SCHED_BLOCK);
    }
    this.pcpu.charge(HYPERVISOR_WORK, this.machine.prices.schedOp);
    this.machine.trace.add(TRACE.block, this.pcpu.clock, this.domain.domid, this.id, 0);
    if (this.upcallPending) {
      this.deliverUpcalls();
      return false;
    }
    this.state = 'blocked';
    this.pcpu.release();
    return true;
  }

  /** First use of the FPU since the vCPU was switched in. */
  private loadFpu(): void {
    this.fpuLoaded = true;
    if (!this.machine.features.lazyFpu) return;
    this.exit(this.domain.type === 'pvh' ? ENTRY_NM : ENTRY_PV_TRAP);
  }
}
