import { EBUSY } from '../../src/xen/errno.js';
import { type HypervisorWords, NO_WORD } from '../../src/xen/hypervisor-words.js';
import { MAX_PENDING_PER_RING } from './argo-abi.js';

/** How many wait; then for each, oldest first, its domid and how much it waits for. */
const COUNT = 0;
const ENTRIES = 1;
const WORDS = ENTRIES + 2 * MAX_PENDING_PER_RING;

/**
 * The domains that wait for space in one ring, and for how much (`struct pending_ent`). One entry a domain, at most 32.
 * They lie in the hypervisor's table: whoever changes them holds the ring's lock.
 */
export class PendingList {
  private first: number;

  constructor(private readonly words: HypervisorWords) {
    this.first = words.allocate(WORDS);
  }

  get count(): number {
    return this.words.load(this.first + COUNT);
  }

  /** pending_requeue: remembers that a domain waits; an entry that it has waits for the larger of both. */
  requeue(domid: number, length: number): number {
    const at = this.indexOf(domid);
    if (at >= 0) {
      if (this.lengthAt(at) < length) this.write(at, domid, length);
      return 0;
    }
    const { count } = this;
    if (count >= MAX_PENDING_PER_RING) return -EBUSY;
    this.write(count, domid, length);
    this.words.store(this.first + COUNT, count + 1);
    return 0;
  }

  /** pending_cancel: the domain waits no longer. */
  cancel(domid: number): void {
    const at = this.indexOf(domid);
    if (at >= 0) this.removeAt(at);
  }

  /** pending_find: takes out all whose message fits now, oldest first. Xen tells all of them, not only the first. */
  takeSatisfied(payloadSpace: number, into: number[]): void {
    for (let at = 0; at < this.count; ) {
      if (this.lengthAt(at) > payloadSpace) {
        at++;
        continue;
      }
      into.push(this.domidAt(at));
      this.removeAt(at);
    }
  }

  /** How much a domain waits for; undefined where it does not. */
  wantedBy(domid: number): number | undefined {
    const at = this.indexOf(domid);
    return at < 0 ? undefined : this.lengthAt(at);
  }

  /** The domains that wait. */
  waiting(): readonly number[] {
    return Array.from({ length: this.count }, (_, at) => this.domidAt(at));
  }

  clear(): void {
    this.words.store(this.first + COUNT, 0);
  }

  /** The ring is gone, and nobody can wait for it any more. */
  discard(): void {
    this.clear();
    this.words.release(this.first, WORDS);
    this.first = NO_WORD;
  }

  private indexOf(domid: number): number {
    for (let at = 0; at < this.count; at++) if (this.domidAt(at) === domid) return at;
    return -1;
  }

  private domidAt(at: number): number {
    return this.words.load(this.first + ENTRIES + 2 * at);
  }

  private lengthAt(at: number): number {
    return this.words.load(this.first + ENTRIES + 2 * at + 1);
  }

  private write(at: number, domid: number, length: number): void {
    this.words.store(this.first + ENTRIES + 2 * at, domid);
    this.words.store(this.first + ENTRIES + 2 * at + 1, length);
  }

  private removeAt(removed: number): void {
    const last = this.count - 1;
    for (let at = removed; at < last; at++) {
      this.write(at, this.domidAt(at + 1), this.lengthAt(at + 1));
    }
    this.words.store(this.first + COUNT, last);
  }
}
