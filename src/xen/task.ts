import type { Process } from '../sim/process.js';
import type { Vcpu } from './vcpu.js';

/** One process of a guest, on one of its vCPUs. */
export class Task {
  state: 'ready' | 'running' | 'blocked' | 'done' = 'ready';
  /** What it waits for, in words: shown when a cell cannot progress. */
  waitingFor = '';

  constructor(
    readonly vcpu: Vcpu,
    readonly name: string,
    readonly process: Process<unknown>,
  ) {}

  /** Marks the task as waiting; it must yield BLOCKED next. */
  block(reason: string): void {
    this.state = 'blocked';
    this.waitingFor = reason;
  }

  /** Lets a waiting task go on. Called by code of the same vCPU only. */
  wake(): void {
    if (this.state !== 'blocked') return;
    this.state = 'ready';
    this.vcpu.readyTasks.push(this);
  }
}
