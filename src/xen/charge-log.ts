import { HYPERVISOR_ENTRY, HYPERVISOR_WORK, LOCK, PAGE_WALK, TEARDOWN } from './causes.js';

/** More than there are causes. */
const CAUSES_MOST = 32;

/** Causes under which only Xen's own code is charged. */
const HYPERVISOR_CAUSES = new Uint8Array(CAUSES_MOST);
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
  /** ps * CAUSES_MOST + cause: exact up to 2^48 ps, five minutes in one charge. */
  private entries = new Float64Array(64);
  private count = 0;

  add(cause: number, ps: number): void {
    const at = this.count++;
    if (at === this.entries.length) this.grow();
    this.entries[at] = ps * CAUSES_MOST + cause;
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
      from -= this.psAt(at);
      if (from <= timePs) return HYPERVISOR_CAUSES[this.causeAt(at)] === 1;
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
      const cause = this.causeAt(at);
      const charged = this.psAt(at);
      const taken = Math.min(charged, left);
      left -= taken;
      if (taken === charged) this.count--;
      else this.entries[at] = (charged - taken) * CAUSES_MOST + cause;
      if (taken > 0) owed.push({ cause, ps: taken });
    }
    owed.reverse();
  }

  private psAt(at: number): number {
    return Math.floor((this.entries[at] as number) / CAUSES_MOST);
  }

  private causeAt(at: number): number {
    return (this.entries[at] as number) % CAUSES_MOST;
  }

  private grow(): void {
    const entries = new Float64Array(this.entries.length * 2);
    entries.set(this.entries);
    this.entries = entries;
  }
}
