import type { Vcpu } from '../../src/xen/vcpu.js';

const OUTSIDE = 0;
const INSIDE = 1;
const REFUSED = 2;
const WAITED = 3;

/**
 * A system call of one socket that may block: read() or write(). What the contract splits in three (try, wait, try
 * again) is one system call of a program that blocks, and is charged so; a program that tries again without waiting
 * makes a new one.
 */
export class BlockingCall {
  private state = OUTSIDE;

  constructor(private readonly vcpu: Vcpu) {}

  /** The program calls, or the call goes on after a wait. Does nothing where it was only interrupted by AGAIN. */
  enter(): void {
    const { kernel } = this.vcpu;
    if (this.state === INSIDE) return;
    if (this.state === REFUSED) kernel.leaveSystemCall();
    if (this.state !== WAITED) kernel.enterSystemCall();
    this.state = INSIDE;
  }

  /** Nothing to be done now: the call returns, unless the program waits. */
  refuse(): void {
    this.state = REFUSED;
  }

  /** The program waits: in the call that was refused, or in a poll() of its own. */
  wait(): void {
    if (this.state === OUTSIDE) this.vcpu.kernel.enterSystemCall();
    this.state = WAITED;
  }

  leave(): void {
    this.vcpu.kernel.leaveSystemCall();
    this.state = OUTSIDE;
  }
}
