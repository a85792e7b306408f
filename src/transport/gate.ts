import { BLOCKED, type Process } from '../sim/process.js';
import type { Task } from '../xen/task.js';
import type { Guest } from './guest.js';

/** Lets processes of several guests start something together, without costing the machine anything. */
export class Gate {
  protected opened = false;
  protected readonly waiting: Task[] = [];
  /** What whoever opened it has to say. */
  protected said = 0;

  get isOpen(): boolean {
    return this.opened;
  }

  /**
   * Waits until the gate is opened.
   *
   * @param laterPs and so much longer
   * @returns the number with which it was opened
   */
  *pass(guest: Guest, laterPs = 0): Process<number> {
    while (!this.opened) {
      const task = guest.vcpu.currentTask as Task;
      this.waiting.push(task);
      task.block('the start signal');
      yield BLOCKED;
    }
    if (laterPs > 0) yield* guest.vcpu.kernel.sleepUntil(guest.vcpu.pcpu.clock + laterPs);
    return this.said;
  }

  /** Opens it, at this guest's time. @param said a number for those who pass, 32 bits */
  open(guest: Guest, said = 0): void {
    if (this.opened) return;
    this.opened = true;
    this.said = said;
    for (const task of this.waiting) task.vcpu.kernel.wakeAt(guest.vcpu.pcpu.clock, task);
    this.waiting.length = 0;
  }
}
