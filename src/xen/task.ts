import { BLOCKED, CALLED, type Process, type Wait } from '../sim/process.js';
import type { Vcpu } from './vcpu.js';

/** One process of a guest, on one of its vCPUs. */
export class Task {
  state: 'ready' | 'running' | 'blocked' | 'done' = 'ready';
  /** What it waits for, in words: shown when a cell cannot progress. */
  waitingFor = '';
  /** The generator that runs now: the top of the stack. */
  process: Process<unknown>;
  private readonly callers: Process<unknown>[] = [];

  constructor(
    readonly vcpu: Vcpu,
    readonly name: string,
    process: Process<unknown>,
  ) {
    this.process = process;
  }

  /**
   * Runs a process to its end, as `yield*` does, but so that it is resumed directly and not through its callers: for
   * long loops, where each resumption through a caller would cost as much as the work.
   */
  static *call<T>(task: Task, process: Process<T>): Process<T> {
    task.callers.push(task.process);
    task.process = process;
    return (yield CALLED) as T;
  }

  /** The running generator has ended: back to its caller. Returns false when there is none. */
  returnToCaller(): boolean {
    const caller = this.callers.pop();
    if (caller === undefined) return false;
    this.process = caller;
    return true;
  }

  /**
   * Carries the task out until it waits, on a thread that schedules nothing else meanwhile (testbed live).
   *
   * @returns whether it has ended
   */
  untilItWaits(): boolean {
    const { vcpu } = this;
    vcpu.currentTask = this;
    this.state = 'running';
    let value: unknown;
    let hasEnded = false;
    for (;;) {
      const step: IteratorResult<Wait, unknown> = this.process.next(value);
      value = undefined;
      if (step.done === true) {
        if (!this.returnToCaller()) {
          hasEnded = true;
          break;
        }
        value = step.value;
      } else if (step.value === BLOCKED) break;
    }
    vcpu.currentTask = undefined;
    return hasEnded;
  }

  /** Marks the task as waiting; it must yield BLOCKED next. */
  block(reason: string): void {
    this.state = 'blocked';
    this.waitingFor = reason;
  }

  /**
   * Lets a waiting task go on. Another vCPU of the guest that does this sends an interrupt to this one, as kernels do
   * (an event on an IPI port, here without the port); what is outside all guests just wakes it.
   */
  wake(): void {
    if (this.state !== 'blocked') return;
    this.state = 'ready';
    this.vcpu.readyTasks.push(this);
    const { executing } = this.vcpu.machine;
    if (executing !== this.vcpu) this.vcpu.kernel.reschedule(executing);
  }
}
