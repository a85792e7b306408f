import { EBUSY } from '../../src/xen/errno.js';
import { MAX_PENDING_PER_RING } from './argo-abi.js';

/**
 * The domains that wait for space in one ring, and for how much (`struct pending_ent`). One entry a domain, at most 32.
 */
export class PendingList {
  private readonly domids: number[] = [];
  private readonly lengths: number[] = [];

  get count(): number {
    return this.domids.length;
  }

  /** pending_requeue: remembers that a domain waits; an entry that it has waits for the larger of both. */
  requeue(domid: number, length: number): number {
    const at = this.domids.indexOf(domid);
    if (at >= 0) {
      if ((this.lengths[at] as number) < length) this.lengths[at] = length;
      return 0;
    }
    if (this.domids.length >= MAX_PENDING_PER_RING) return -EBUSY;
    this.domids.push(domid);
    this.lengths.push(length);
    return 0;
  }

  /** pending_cancel: the domain waits no longer. */
  cancel(domid: number): void {
    const at = this.domids.indexOf(domid);
    if (at >= 0) this.removeAt(at);
  }

  /** pending_find: takes out all whose message fits now, oldest first. Xen tells all of them, not only the first. */
  takeSatisfied(payloadSpace: number, into: number[]): void {
    for (let at = 0; at < this.domids.length; ) {
      if ((this.lengths[at] as number) > payloadSpace) {
        at++;
        continue;
      }
      into.push(this.domids[at] as number);
      this.removeAt(at);
    }
  }

  /** How much a domain waits for; undefined where it does not. */
  wantedBy(domid: number): number | undefined {
    return this.lengths[this.domids.indexOf(domid)];
  }

  /** The domains that wait. */
  waiting(): readonly number[] {
    return this.domids;
  }

  clear(): void {
    this.domids.length = 0;
    this.lengths.length = 0;
  }

  private removeAt(at: number): void {
    this.domids.splice(at, 1);
    this.lengths.splice(at, 1);
  }
}
