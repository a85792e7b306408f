import type { LinkTask } from './live-link.js';

/** The tasks of a domain's connections that can go on: each is carried out until it waits again. */
export class ReadyTasks {
  private readonly waiting: LinkTask[] = [];
  private isRunning = false;

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
      if (!task.isAbandoned) task.untilItWaits();
    }
    this.isRunning = false;
  }
}
