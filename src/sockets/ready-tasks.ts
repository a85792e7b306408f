import { BLOCKED, type Wait } from '../sim/process.js';
import type { Vcpu } from '../xen/vcpu.js';
import type { LinkTask } from './live-link.js';

/** The tasks of a domain's connections that can go on: each is carried out until it waits again. */
export class ReadyTasks {
  private readonly waiting: LinkTask[] = [];
  private isRunning = false;

  constructor(private readonly vcpu: Vcpu) {}

  /** Not in the middle of what the program does now. */
  add(task: LinkTask): void {
    this.waiting.push(task);
    if (this.isRunning || this.waiting.length > 1) return;
    queueMicrotask(() => this.run());
  }

  run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    for (let task = this.waiting.shift(); task !== undefined; task = this.waiting.shift()) {
      this.resume(task);
    }
    this.isRunning = false;
  }

  /** Tasks of links never end. */
  private resume(task: LinkTask): void {
    if (task.isAbandoned) return;
    const { vcpu } = this;
    vcpu.currentTask = task;
    task.state = 'running';
    let result: unknown;
    for (;;) {
      const step: IteratorResult<Wait, unknown> = task.process.next(result);
      result = undefined;
      if (step.done === true) {
        if (!task.returnToCaller()) break;
        result = step.value;
      } else if (step.value === BLOCKED) {
        break;
      }
    }
    vcpu.currentTask = undefined;
  }
}
