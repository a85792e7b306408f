import { BLOCKED, type Process } from '../sim/process.js';
import type { Task } from '../xen/task.js';
import type { Guest } from './guest.js';

/** Lets processes of several guests start something together, without costing the machine anything. */
export class Gate {
  private opened = false;
  private readonly waiting: Task[] = [];

  get isOpen(): boolean {
    return this.opened;
  }

  /**
   * Waits until the gate is opened.
   *
   * @param laterPs and so much longer
   */
  *pass(guest: Guest, laterPs = 0): Process {
    while (!this.opened) {
      const task = guest.vcpu.currentTask as Task;
      this.waiting.push(task);
      task.block('the start signal');
      yield BLOCKED;
    }
    if (laterPs > 0) yield* guest.vcpu.kernel.sleepUntil(guest.vcpu.pcpu.clock + laterPs);
  }

  /** Opens it, at this guest's time. */
  open(guest: Guest): void {
    if (this.opened) return;
    this.opened = true;
    for (const task of this.waiting) task.vcpu.kernel.wakeAt(guest.vcpu.pcpu.clock, task);
    this.waiting.length = 0;
  }
}
