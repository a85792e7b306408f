import type { EventTarget } from '../sim/event-queue.js';
import { BLOCKED, type Process } from '../sim/process.js';
import { TRACE } from '../sim/trace.js';
import {
  CONTEXT_SWITCH,
  ENTRY_PV_SYSCALL,
  EVENT_DELIVERY,
  GUEST_KERNEL,
  HYPERVISOR_WORK,
  TLB,
} from './causes.js';
import { EVTCHN_SEND, IRET, SET_SEGMENT_BASE, SET_TIMER, STACK_SWITCH } from './counters.js';
import type { Task } from './task.js';
import type { Vcpu } from './vcpu.js';

/** Arguments of the events that a guest kernel schedules for itself. */
const TICK = -1;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The part of a guest's Linux that decides what enters the hypervisor: system calls, task switches, the timer.
 *
 * A PVH kernel runs on the hardware and enters Xen by VMEXIT only. A 64-bit PV kernel runs in ring 3: each system call
 * comes through Xen, each return to user space is an `iret` hypercall, each of both changes CR3, and a task switch asks
 * Xen for the kernel stack and the segment bases. The counts agree with Linux 6.1 on Xen 4.17 (docs/cost-model.md).
 */
export class GuestKernel implements EventTarget {
  /** VIRQ_TIMER is pending: a timer of this vCPU has expired, and the upcall has not come yet. */
  timerPending = false;
  private tickDue = false;
  /** Moment of the next tick; NEVER while the tick is stopped. */
  private nextTick = NEVER;
  /** The tick that has already cut a hypercall in two. */
  private cutByTick = NEVER;
  /** Moment within its period at which this vCPU's tick falls. */
  private readonly tickOffsetPs: number;
  /** Tasks that wait for a timer, by its number. */
  private readonly sleepers = new Map<number, Task>();
  private lastTimer = 0;

  /** @param number of the vCPU in the machine: guests' ticks do not fall together */
  constructor(
    private readonly vcpu: Vcpu,
    number: number,
  ) {
    const { tickPs, tickPhase } = vcpu.machine;
    this.tickOffsetPs = Math.floor((tickPs * ((tickPhase + number * 619) % 1000)) / 1000);
  }

  /** User space enters the kernel. */
  enterSystemCall(): void {
    const { vcpu } = this;
    const { machine, pcpu } = vcpu;
    machine.counters.work.systemCalls++;
    if (vcpu.domain.type === 'pv') {
      vcpu.exit(ENTRY_PV_SYSCALL);
      this.togglePageTable();
      pcpu.charge(GUEST_KERNEL, machine.prices.systemCall);
    } else {
      pcpu.charge(GUEST_KERNEL, machine.prices.syscall + machine.prices.systemCall);
    }
  }

  /** The kernel returns to user space. */
  leaveSystemCall(): void {
    const { vcpu } = this;
    if (vcpu.domain.type !== 'pv') return;
    vcpu.enter(IRET);
    this.togglePageTable();
    vcpu.leave();
  }

  /** The scheduler of the guest leaves its idle loop (or another task) for a task. */
  switchTo(_task: Task): void {
    this.switchTask(3);
  }

  /** A task blocks or ends: the scheduler of the guest goes to its idle loop or to the next task. */
  switchFrom(_task: Task): void {
    this.switchTask(2);
  }

  /**
   * Puts the calling task to sleep until a moment.
   *
   * @param timePs virtual time
   */
  *sleepUntil(timePs: number): Process {
    const { vcpu } = this;
    this.enterSystemCall();
    this.programTimer();
    const task = vcpu.currentTask as Task;
    task.block('a timer');
    this.wakeAt(Math.max(timePs, vcpu.pcpu.clock), task);
    yield BLOCKED;
    this.leaveSystemCall();
  }

  /** A timer of this kernel will wake a sleeping task. Returns the timer's number, for `cancelWake`. */
  wakeAt(timePs: number, task: Task): number {
    const timer = this.lastTimer++;
    this.sleepers.set(timer, task);
    this.vcpu.machine.queue.push(timePs, this, timer);
    return timer;
  }

  /** Whether a task waits for a timer. */
  get hasSleepers(): boolean {
    return this.sleepers.size > 0;
  }

  /** The task waits no longer for this timer, which may have expired. */
  cancelWake(timer: number): void {
    this.sleepers.delete(timer);
  }

  fire(timePs: number, argument: number): void {
    if (argument === TICK) this.tick(timePs);
    else this.expire(timePs, argument);
  }

  /** A task of this vCPU has become ready by what another vCPU of the guest does, or nobody. */
  reschedule(by: Vcpu | undefined): void {
    const { vcpu } = this;
    if (by?.domain !== vcpu.domain) {
      vcpu.wake(vcpu.machine.now);
      return;
    }
    by.enter(EVTCHN_SEND);
    by.pcpu.charge(HYPERVISOR_WORK, vcpu.machine.prices.evtchnSend);
    vcpu.upcalls.mark(by.pcpu);
    by.leave();
  }

  private expire(timePs: number, timer: number): void {
    const { vcpu } = this;
    const task = this.sleepers.get(timer);
    if (task === undefined) return;
    this.sleepers.delete(timer);
    if (vcpu.state === 'offline') return;
    task.wake();
    this.timerPending = true;
    if (!vcpu.timerExpired(timePs)) vcpu.wake(timePs);
  }

  /** The vCPU becomes busy: its periodic tick runs from now on, until a tick finds it idle. */
  armTick(): void {
    const { machine, pcpu } = this.vcpu;
    const period = machine.tickPs;
    if (this.nextTick !== NEVER || period === 0) return;
    const offset = this.tickOffsetPs;
    const next = Math.floor((pcpu.clock - offset) / period + 1) * period + offset;
    this.nextTick = next;
    machine.queue.push(next, this, TICK, 80);
  }

  /**
   * Whether a tick has come while Xen carries out a hypercall that this vCPU has begun, its own or that of another vCPU
   * of this pCPU: then a hypercall of several operations stops after one of them and is made again for the rest
   * (hypercall_preempt_check: the timer's softirq is pending). Once for each tick.
   */
  cutsHypercall(): boolean {
    const { pcpu } = this.vcpu;
    let cuts = false;
    for (const { kernel } of pcpu.residents) if (kernel.tickCuts(pcpu.clock)) cuts = true;
    return cuts;
  }

  private tickCuts(timePs: number): boolean {
    if (this.nextTick > timePs || this.cutByTick === this.nextTick) return false;
    this.cutByTick = this.nextTick;
    return true;
  }

  private tick(timePs: number): void {
    const { vcpu } = this;
    const { machine } = vcpu;
    this.nextTick = NEVER;
    if (vcpu.state === 'offline') return;
    machine.counters.work.ticks++;
    machine.trace.add(TRACE.tick, timePs, vcpu.domain.domid, vcpu.id, 0);
    // An idle kernel stops its tick (NOHZ), and takes this one when something else wakes it.
    this.tickDue = true;
    this.timerPending = true;
    if (vcpu.state === 'running') vcpu.pcpu.takeSliceTimers(timePs);
    if (vcpu.isInterruptedAt(timePs)) machine.counters.work.timerEntries++;
    vcpu.timerExpired(timePs);
  }

  /** The handler of VIRQ_TIMER, in the upcall. */
  takeTimer(): void {
    const { machine, pcpu } = this.vcpu;
    this.timerPending = false;
    pcpu.charge(EVENT_DELIVERY, machine.prices.upcall);
    if (!this.tickDue) return;
    this.tickDue = false;
    pcpu.charge(GUEST_KERNEL, machine.prices.timerTick);
    machine.counters.work.timerEntries++;
    this.programTimer();
    this.armTick();
  }

  private programTimer(): void {
    const { vcpu } = this;
    vcpu.enter(SET_TIMER);
    vcpu.pcpu.charge(HYPERVISOR_WORK, vcpu.machine.prices.timerOp);
    vcpu.leave();
  }

  /** @param segmentBases segment bases that the kernel loads: FS and GS of a task, fewer for the idle loop */
  private switchTask(segmentBases: number): void {
    const { vcpu } = this;
    const { machine, pcpu } = vcpu;
    machine.counters.work.taskSwitches++;
    pcpu.charge(CONTEXT_SWITCH, machine.prices.taskSwitch);
    if (vcpu.domain.type !== 'pv') return;
    for (let i = 0; i < segmentBases; i++) vcpu.enter(SET_SEGMENT_BASE);
    vcpu.enter(STACK_SWITCH);
    vcpu.leave();
  }

  /** toggle_guest_mode (xen/arch/x86/pv/domain.c): user and kernel of a PV guest have a page table each. */
  private togglePageTable(): void {
    const { machine, pcpu } = this.vcpu;
    machine.counters.tlb.cr3Writes++;
    machine.counters.tlb.flushPs += machine.prices.cr3Write;
    pcpu.charge(TLB, machine.prices.cr3Write);
  }
}
