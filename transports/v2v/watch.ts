import { BLOCKED, type Process } from '../../src/sim/process.js';
import type { Guest } from '../../src/transport/guest.js';
import type { Task } from '../../src/xen/task.js';
import type { XenstoreResult } from '../../src/xen/xenstore/protocol.js';

/** A xenstore watch for one task, which can wait for it for a bounded time. */
export class Watch {
  private readonly paths: string[] = [];
  private waiter: Task | undefined;
  private isInterrupted = false;

  /**
   * @param token tells this watch from the domain's others: used once at a time
   * @param onEvent runs in the interrupt handler at each event
   */
  constructor(
    private readonly guest: Guest,
    readonly path: string,
    private readonly token: string,
    private readonly onEvent?: () => void,
  ) {}

  /** Sets the watch. It fires once at once. */
  *start(): Process<XenstoreResult<void>> {
    const { xenstore } = this.guest;
    this.listen();
    const result = yield* xenstore.watch(this.path, this.token);
    if (!result.ok) xenstore.handleWatch(this.token, undefined);
    return result;
  }

  /** Sets the watch before the machine runs, at no cost. */
  preset(): void {
    this.listen();
    this.guest.xenstore.presetWatch(this.path, this.token);
  }

  private listen(): void {
    this.guest.xenstore.handleWatch(this.token, (path) => {
      this.paths.push(path);
      this.waiter?.wake();
      this.onEvent?.();
    });
  }

  *stop(): Process<void> {
    yield* this.guest.xenstore.unwatch(this.path, this.token);
    this.guest.xenstore.handleWatch(this.token, undefined);
  }

  /** The process that has set the watch is dead: events are heard by nobody. */
  abandon(): void {
    this.guest.xenstore.handleWatch(this.token, () => {});
  }

  /** Whoever waits, or will, waits no longer. */
  interrupt(): void {
    this.isInterrupted = true;
    this.waiter?.wake();
  }

  /** Forgets the events that wait: what they tell of is about to be read. */
  clear(): void {
    this.paths.length = 0;
  }

  /**
   * Waits for the next event.
   *
   * @param reason what for, in words
   * @param deadlinePs moment at which to give up
   * @returns the path that changed, or undefined when the time is up or the wait is interrupted
   */
  *next(reason: string, deadlinePs = Number.POSITIVE_INFINITY): Process<string | undefined> {
    const { vcpu } = this.guest;
    vcpu.kernel.enterSystemCall();
    let timer = -1;
    while (this.paths.length === 0 && vcpu.pcpu.clock < deadlinePs && !this.isInterrupted) {
      const task = vcpu.currentTask as Task;
      this.waiter = task;
      task.block(reason);
      if (timer < 0 && deadlinePs !== Number.POSITIVE_INFINITY) {
        timer = vcpu.kernel.wakeAt(deadlinePs, task);
      }
      yield BLOCKED;
    }
    this.waiter = undefined;
    if (timer >= 0) vcpu.kernel.cancelWake(timer);
    vcpu.kernel.leaveSystemCall();
    return this.paths.shift();
  }
}
