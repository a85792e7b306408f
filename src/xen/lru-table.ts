/**
 * A fully associative cache of fixed capacity with least-recently-used replacement, keyed by (page, tag), each entry
 * carrying a stamp. Serves the TLBs and the caches.
 *
 * Chained hash over typed arrays plus a doubly linked recency list. The arrays start small and double up to the
 * capacity, so that building a machine is cheap.
 */
export class LruTable {
  private pages: Int32Array;
  private tags: Int32Array;
  private stamps: Int32Array;
  private newer: Int32Array;
  private older: Int32Array;
  private chain: Int32Array;
  private heads: Int32Array;
  private newest = -1;
  private oldest = -1;
  private used = 0;
  private free = -1;
  private live = 0;

  /** @param capacity entries, at least 1 */
  constructor(readonly capacity: number) {
    const size = Math.min(capacity, 16);
    this.pages = new Int32Array(size);
    this.tags = new Int32Array(size);
    this.stamps = new Int32Array(size);
    this.newer = new Int32Array(size);
    this.older = new Int32Array(size);
    this.chain = new Int32Array(size);
    this.heads = new Int32Array(32).fill(-1);
  }

  /** Entries held now. */
  get size(): number {
    return this.live;
  }

  /**
   * Looks for an entry and makes it the most recent; puts it in (and evicts the oldest) where it is missing. It then
   * bears the stamp.
   *
   * @param valid stamp of an entry that is good
   * @returns whether it was there and good
   */
  touch(page: number, tag: number, stamp: number, valid = stamp): boolean {
    const newest = this.newest;
    if (newest >= 0) {
      if (this.pages[newest] === page && this.tags[newest] === tag) {
        return this.restamp(newest, stamp, valid);
      }
      // Two pages by turns, as in copying, need no search.
      const second = this.older[newest] as number;
      if (second >= 0 && this.pages[second] === page && this.tags[second] === tag) {
        this.detach(second);
        this.attach(second);
        return this.restamp(second, stamp, valid);
      }
    }
    const slot = this.find(page, tag);
    if (slot >= 0) {
      this.detach(slot);
      this.attach(slot);
      return this.restamp(slot, stamp, valid);
    }
    this.insert(page, tag, stamp);
    return false;
  }

  private restamp(slot: number, stamp: number, valid: number): boolean {
    const was = this.stamps[slot];
    if (was !== stamp) this.stamps[slot] = stamp;
    return was === valid;
  }

  /** Whether the entry is there with this stamp; changes nothing. */
  holds(page: number, tag: number, stamp: number): boolean {
    const slot = this.find(page, tag);
    return slot >= 0 && this.stamps[slot] === stamp;
  }

  /** Removes one entry. Returns whether it was there. */
  remove(page: number, tag: number): boolean {
    const slot = this.find(page, tag);
    if (slot < 0) return false;
    this.detach(slot);
    this.unchain(slot);
    this.chain[slot] = this.free;
    this.free = slot;
    this.live--;
    return true;
  }

  /** Removes all entries. Returns how many there were. */
  clear(): number {
    const dropped = this.live;
    if (dropped > 0) {
      this.heads.fill(-1);
      this.newest = -1;
      this.oldest = -1;
      this.used = 0;
      this.free = -1;
      this.live = 0;
    }
    return dropped;
  }

  /** Removes all entries of one tag. Returns how many there were. Linear in the entries held. */
  removeTag(tag: number): number {
    let dropped = 0;
    let slot = this.newest;
    while (slot >= 0) {
      const next = this.older[slot] as number;
      if (this.tags[slot] === tag) {
        this.remove(this.pages[slot] as number, tag);
        dropped++;
      }
      slot = next;
    }
    return dropped;
  }

  private bucket(page: number, tag: number): number {
    const mixed = Math.imul(page ^ Math.imul(tag, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & (this.heads.length - 1);
  }

  private find(page: number, tag: number): number {
    let slot = this.heads[this.bucket(page, tag)] as number;
    while (slot >= 0) {
      if (this.pages[slot] === page && this.tags[slot] === tag) return slot;
      slot = this.chain[slot] as number;
    }
    return -1;
  }

  private insert(page: number, tag: number, stamp: number): void {
    let slot = this.free;
    if (slot >= 0) {
      this.free = this.chain[slot] as number;
    } else if (this.used < this.capacity) {
      if (this.used === this.pages.length) this.grow();
      slot = this.used++;
    } else {
      slot = this.oldest;
      this.detach(slot);
      this.unchain(slot);
      this.live--;
    }
    this.pages[slot] = page;
    this.tags[slot] = tag;
    this.stamps[slot] = stamp;
    const bucket = this.bucket(page, tag);
    this.chain[slot] = this.heads[bucket] as number;
    this.heads[bucket] = slot;
    this.attach(slot);
    this.live++;
  }

  private attach(slot: number): void {
    const newest = this.newest;
    this.older[slot] = newest;
    this.newer[slot] = -1;
    if (newest >= 0) this.newer[newest] = slot;
    else this.oldest = slot;
    this.newest = slot;
  }

  private detach(slot: number): void {
    const newer = this.newer[slot] as number;
    const older = this.older[slot] as number;
    if (newer >= 0) this.older[newer] = older;
    else this.newest = older;
    if (older >= 0) this.newer[older] = newer;
    else this.oldest = newer;
  }

  private unchain(slot: number): void {
    const bucket = this.bucket(this.pages[slot] as number, this.tags[slot] as number);
    let at = this.heads[bucket] as number;
    if (at === slot) {
      this.heads[bucket] = this.chain[slot] as number;
      return;
    }
    for (;;) {
      const next = this.chain[at] as number;
      if (next === slot) {
        this.chain[at] = this.chain[slot] as number;
        return;
      }
      at = next;
    }
  }

  private grow(): void {
    const size = Math.min(this.capacity, this.pages.length * 2);
    const larger = (old: Int32Array): Int32Array => {
      const fresh = new Int32Array(size);
      fresh.set(old);
      return fresh;
    };
    this.pages = larger(this.pages);
    this.tags = larger(this.tags);
    this.stamps = larger(this.stamps);
    this.newer = larger(this.newer);
    this.older = larger(this.older);
    this.chain = larger(this.chain);
    let buckets = this.heads.length;
    while (buckets < size * 2) buckets *= 2;
    if (buckets === this.heads.length) return;
    this.heads = new Int32Array(buckets).fill(-1);
    for (let slot = this.newest; slot >= 0; slot = this.older[slot] as number) {
      const bucket = this.bucket(this.pages[slot] as number, this.tags[slot] as number);
      this.chain[slot] = this.heads[bucket] as number;
      this.heads[bucket] = slot;
    }
  }
}
