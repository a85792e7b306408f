import { BLOCKED, type Process } from '../sim/process.js';
import { GUEST_KERNEL } from './causes.js';
import type { EventPort } from './event-channels.js';
import type { Task } from './task.js';
import type { Vcpu } from './vcpu.js';

/**
 * An open /dev/xen/evtchn (Linux drivers/xen/evtchn.c): how user space waits for events and sends them. A port that
 * fires stays masked until user space has written its number back.
 */
export class EventDevice {
  private readonly fired: number[] = [];
  private reader: Task | undefined;
  private interrupted = false;

  constructor(private readonly vcpu: Vcpu) {}

  /** Routes a port's events to this device. */
  attach(port: number): void {
    this.vcpu.domain.eventChannels.handle(port, this.onEvent);
  }

  private readonly onEvent = (port: EventPort): void => {
    port.masked = true;
    this.fired.push(port.number);
    this.reader?.wake();
  };

  /** Lets the task that waits, or the next one that will, go on without a port: another descriptor of its poll() is ready. */
  interrupt(): void {
    this.interrupted = true;
    this.reader?.wake();
  }

  /** Whether a read would return at once. */
  get ready(): boolean {
    return this.fired.length > 0;
  }

  /**
   * read() and, as libraries do at once, write(): waits for a port and unmasks it.
   *
   * @param deadlinePs moment at which to give up
   * @returns the port that fired, or -1 where the time is up or `interrupt` ended the wait
   */
  *wait(reason: string, deadlinePs = Number.POSITIVE_INFINITY): Process<number> {
    const { vcpu } = this;
    const { kernel, machine } = vcpu;
    kernel.enterSystemCall();
    vcpu.pcpu.charge(GUEST_KERNEL, machine.prices.eventDevice);
    let timer = -1;
    while (this.fired.length === 0 && !this.interrupted && vcpu.pcpu.clock < deadlinePs) {
      const task = vcpu.currentTask as Task;
      this.reader = task;
      task.block(reason);
      if (timer < 0 && deadlinePs !== Number.POSITIVE_INFINITY) {
        timer = kernel.wakeAt(deadlinePs, task);
      }
      yield BLOCKED;
      this.reader = undefined;
    }
    if (timer >= 0) kernel.cancelWake(timer);
    const port = this.fired.shift();
    kernel.leaveSystemCall();
    if (port === undefined) {
      this.interrupted = false;
      return -1;
    }
    this.unmask(port);
    return port;
  }

  /**
   * The same without waiting: O_NONBLOCK.
   *
   * @returns the port that fired, or -1 where none has
   */
  poll(): number {
    const { kernel, pcpu, machine } = this.vcpu;
    kernel.enterSystemCall();
    pcpu.charge(GUEST_KERNEL, machine.prices.eventDevice);
    const port = this.fired.shift();
    kernel.leaveSystemCall();
    if (port === undefined) return -1;
    this.unmask(port);
    return port;
  }

  /** write(): lets a port fire again. */
  unmask(port: number): void {
    const { kernel, pcpu, machine, domain } = this.vcpu;
    kernel.enterSystemCall();
    pcpu.charge(GUEST_KERNEL, machine.prices.eventDevice);
    domain.eventChannels.unmask(this.vcpu, port);
    kernel.leaveSystemCall();
  }

  /** IOCTL_EVTCHN_NOTIFY: sends an event. */
  notify(port: number): void {
    const { kernel, pcpu, machine, domain } = this.vcpu;
    kernel.enterSystemCall();
    pcpu.charge(GUEST_KERNEL, machine.prices.eventDevice);
    domain.eventChannels.send(this.vcpu, port);
    kernel.leaveSystemCall();
  }
}
