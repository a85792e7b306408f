import { HYPERVISOR_ENTRY, HYPERVISOR_WORK, LOCK, PAGE_WALK, TEARDOWN } from './causes.js';

/** Causes under which only Xen's own code is charged. */
const HYPERVISOR_CAUSES = new Uint8Array(32);
for (const cause of [HYPERVISOR_ENTRY, HYPERVISOR_WORK, PAGE_WALK, LOCK, TEARDOWN]) {
  HYPERVISOR_CAUSES[cause] = 1;
}

/** Work that was charged before its time came, and taken back. */
export interface OwedCharge {
  readonly cause: number;
  readonly ps: number;
}

/**
 * What one pCPU has been charged since it last went on: needed where something happens in the middle of work that is
 * already charged. The newest charge ends at the pCPU's clock.
 */
export class ChargeLog {
  private causes = new Uint8Array(64);
  private times = new Float64Array(64);
  private count = 0;

  add(cause: number, ps: number): void {
    const at = this.count++;
    if (at === this.causes.length) this.grow();
    this.causes[at] = cause;
    this.times[at] = ps;
  }

  clear(): void {
    this.count = 0;
  }

  /**
   * Whether Xen's own code was running at a moment.
   *
   * @param clock of the pCPU
   */
  inHypervisorAt(timePs: number, clock: number): boolean {
    let from = clock;
    for (let at = this.count - 1; at >= 0; at--) {
      from -= this.times[at] as number;
      if (from <= timePs) return HYPERVISOR_CAUSES[this.causes[at] as number] === 1;
    }
    return false;
  }

  /**
   * Takes out what lies behind a moment.
   *
   * @param ps how much that is: the pCPU's clock less the moment
   * @param owed takes the charges, in the order in which they were made
   */
  takeBack(ps: number, owed: OwedCharge[]): void {
    let left = ps;
    while (left > 0 && this.count > 0) {
      const at = this.count - 1;
      const charged = this.times[at] as number;
      const taken = Math.min(charged, left);
      left -= taken;
      if (taken === charged) this.count--;
      else this.times[at] = charged - taken;
      if (taken > 0) owed.push({ cause: this.causes[at] as number, ps: taken });
    }
    owed.reverse();
  }

  private grow(): void {
    const causes = new Uint8Array(this.causes.length * 2);
    causes.set(this.causes);
    this.causes = causes;
    const times = new Float64Array(this.times.length * 2);
    times.set(this.times);
    this.times = times;
  }
}
