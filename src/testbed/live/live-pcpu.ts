import type { CacheHierarchy } from '../../xen/cache.js';
import type { Machine } from '../../xen/machine.js';
import { Pcpu } from '../../xen/pcpu.js';
import type { Tlb } from '../../xen/tlb.js';
import type { LivePlatform } from './live-platform.js';

/**
 * A CPU on which a live domain runs. Work takes the time that it takes; what is charged is at most owed as a delay. While
 * the machine is set up, in virtual time, everything but waiting is free.
 */
export class LivePcpu extends Pcpu {
  private readonly isFree: Uint8Array;

  constructor(
    machine: Machine,
    id: number,
    tlb: Tlb,
    cache: CacheHierarchy,
    private readonly platform: LivePlatform,
  ) {
    super(machine, id, tlb, cache);
    this.isFree = platform.isFree;
  }

  override takesTime(cause: number): boolean {
    return this.isFree[cause] !== 1;
  }

  override charge(cause: number, ps: number): void {
    if (this.isFree[cause] === 1) return;
    const { platform } = this;
    if (!platform.isLive) {
      super.charge(cause, ps);
      return;
    }
    platform.owe(ps);
    // Checks that look at the clock shall see that work takes time, also between two waits.
    if (platform.computes) this.clock += ps;
  }

  /** Who comes first is not decided here. */
  override isAhead(): boolean {
    return false;
  }

  override catchUp(): void {
    if (!this.platform.isLive) super.catchUp();
  }
}
