import { PS_PER_US } from '../../base/units.js';
import type { EventTarget } from '../../sim/event-queue.js';
import type { Domain } from '../../xen/domain.js';
import type { HypervisorExtension, Machine } from '../../xen/machine.js';

/** How often it looks whether a zombie is gone: the resolution of `zombiePs`. */
const PERIOD_PS = 100 * PS_PER_US;

/** The end of one domain. */
export interface Burial {
  readonly domid: number;
  readonly name: string;
  /** Moment at which Xen destroyed it. */
  readonly destroyedPs: number;
  /** Moment at which it was gone; undefined while it is a zombie. */
  gonePs: number | undefined;
  /** Most frames that it could not give back. */
  framesStuck: number;
}

/** Sees domains destroyed, and how long they stay as zombies. Costs the simulated machine nothing. */
export class ZombieWatch implements HypervisorExtension, EventTarget {
  readonly burials: Burial[] = [];
  private isOver = false;
  private isTicking = false;

  private constructor(private readonly machine: Machine) {}

  static of(machine: Machine): ZombieWatch {
    return machine.extend('zombie-watch', () => new ZombieWatch(machine));
  }

  domainDestroyed(domain: Domain): void {
    const { domid, name } = domain;
    const destroyedPs = this.machine.now;
    this.burials.push({ domid, name, destroyedPs, gonePs: undefined, framesStuck: 0 });
    // Its frames are given back after this call: look when that is done.
    if (!this.isTicking) this.machine.queue.push(destroyedPs, this);
    this.isTicking = true;
  }

  fire(timePs: number): void {
    this.isTicking = false;
    const zombies = new Map([...this.machine.allZombies()].map((domain) => [domain.domid, domain]));
    for (const burial of this.burials) {
      if (burial.gonePs !== undefined) continue;
      const zombie = zombies.get(burial.domid);
      if (zombie === undefined) burial.gonePs = timePs;
      else {
        burial.framesStuck = Math.max(burial.framesStuck, zombie.heldFrames);
        this.isTicking = true;
      }
    }
    if (this.isTicking && !this.isOver) this.machine.queue.push(timePs + PERIOD_PS, this);
  }

  /** The scenario is over: looks a last time. */
  stop(): void {
    this.isOver = true;
    this.fire(this.machine.now);
  }

  /** Longest time that a destroyed domain stayed; until now for one that still does. */
  zombiePs(nowPs: number): number {
    return this.burials.reduce(
      (longest, { destroyedPs, gonePs }) => Math.max(longest, (gonePs ?? nowPs) - destroyedPs),
      0,
    );
  }

  get framesStuck(): number {
    return this.burials.reduce((sum, burial) => sum + burial.framesStuck, 0);
  }

  /** Whether a destroyed domain is still there. */
  get hasZombie(): boolean {
    return this.burials.some((burial) => burial.gonePs === undefined);
  }
}
