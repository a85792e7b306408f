/** Where in an entry's place its fields lie. */
const PAGE = 0;
const TAG = 1;
const STAMP = 2;
const NEWER = 3;
const OLDER = 4;
/** Next entry with the same hash, or next unused place. */
const CHAIN = 5;
/** Numbers in one place: entries are known by where they begin. */
const PLACE = 8;

const NONE = -1;

/**
 * A fully associative cache of fixed capacity with least-recently-used replacement, keyed by (page, tag), each entry
 * carrying a stamp. Serves the TLBs and the caches.
 *
 * Chained hash and doubly linked recency list in one array, which starts small and doubles up to the capacity, so that
 * building a machine is cheap.
 */
export class LruTable {
  private cells: Int32Array;
  private heads: Int32Array;
  /** Ends of the recency list. */
  private newest = NONE;
  private oldest = NONE;
  /** The most recent entry in truth: the newest of the list or the one behind it, which copying touches by turns. */
  private recent = NONE;
  /** Cells that have ever been in use. */
  private used = 0;
  private unused = NONE;
  private live = 0;

  /** @param capacity entries, at least 1 */
  constructor(readonly capacity: number) {
    this.cells = new Int32Array(Math.min(capacity, 16) * PLACE);
    this.heads = new Int32Array(32).fill(NONE);
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
    const { cells, recent, newest } = this;
    let entry = recent;
    if (entry < 0 || cells[entry] !== page || cells[entry + TAG] !== tag) {
      entry = recent === newest && newest >= 0 ? (cells[newest + OLDER] as number) : newest;
      if (entry < 0 || cells[entry] !== page || cells[entry + TAG] !== tag) {
        return this.touchFurther(page, tag, stamp, valid);
      }
      this.recent = entry;
    }
    const was = cells[entry + STAMP];
    cells[entry + STAMP] = stamp;
    return was === valid;
  }

  private touchFurther(page: number, tag: number, stamp: number, valid: number): boolean {
    this.settle();
    const entry = this.find(page, tag);
    if (entry < 0) {
      this.insert(page, tag, stamp);
      return false;
    }
    this.detach(entry);
    this.attach(entry);
    const was = this.cells[entry + STAMP];
    this.cells[entry + STAMP] = stamp;
    return was === valid;
  }

  /** Whether the entry is there with this stamp; changes nothing. */
  holds(page: number, tag: number, stamp: number): boolean {
    const entry = this.find(page, tag);
    return entry >= 0 && this.cells[entry + STAMP] === stamp;
  }

  /** Removes one entry. Returns whether it was there. */
  remove(page: number, tag: number): boolean {
    const entry = this.find(page, tag);
    if (entry < 0) return false;
    this.settle();
    this.detach(entry);
    this.recent = this.newest;
    this.unchain(entry);
    this.cells[entry + CHAIN] = this.unused;
    this.unused = entry;
    this.live--;
    return true;
  }

  /** Removes all entries. Returns how many there were. */
  clear(): number {
    const dropped = this.live;
    if (dropped > 0) {
      this.heads.fill(NONE);
      this.newest = NONE;
      this.oldest = NONE;
      this.recent = NONE;
      this.used = 0;
      this.unused = NONE;
      this.live = 0;
    }
    return dropped;
  }

  /** Removes all entries of one tag. Returns how many there were. Linear in the entries held. */
  removeTag(tag: number): number {
    let dropped = 0;
    let entry = this.newest;
    while (entry >= 0) {
      const next = this.cells[entry + OLDER] as number;
      if (this.cells[entry + TAG] === tag) {
        this.remove(this.cells[entry + PAGE] as number, tag);
        dropped++;
      }
      entry = next;
    }
    return dropped;
  }

  /** Puts the most recent entry where it belongs in the list. */
  private settle(): void {
    const { recent } = this;
    if (recent === this.newest) return;
    this.detach(recent);
    this.attach(recent);
  }

  private bucket(page: number, tag: number): number {
    const mixed = Math.imul(page ^ Math.imul(tag, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & (this.heads.length - 1);
  }

  private find(page: number, tag: number): number {
    const { cells } = this;
    let entry = this.heads[this.bucket(page, tag)] as number;
    while (entry >= 0) {
      if (cells[entry] === page && cells[entry + TAG] === tag) return entry;
      entry = cells[entry + CHAIN] as number;
    }
    return NONE;
  }

  private insert(page: number, tag: number, stamp: number): void {
    let entry = this.unused;
    if (entry >= 0) {
      this.unused = this.cells[entry + CHAIN] as number;
    } else if (this.used < this.capacity * PLACE) {
      if (this.used === this.cells.length) this.grow();
      entry = this.used;
      this.used += PLACE;
    } else {
      entry = this.oldest;
      this.detach(entry);
      this.unchain(entry);
      this.live--;
    }
    const { cells } = this;
    cells[entry + PAGE] = page;
    cells[entry + TAG] = tag;
    cells[entry + STAMP] = stamp;
    const bucket = this.bucket(page, tag);
    cells[entry + CHAIN] = this.heads[bucket] as number;
    this.heads[bucket] = entry;
    this.attach(entry);
    this.live++;
  }

  /** Puts an entry at the newest end of the list. */
  private attach(entry: number): void {
    const { cells, newest } = this;
    cells[entry + OLDER] = newest;
    cells[entry + NEWER] = NONE;
    if (newest >= 0) cells[newest + NEWER] = entry;
    else this.oldest = entry;
    this.newest = entry;
    this.recent = entry;
  }

  private detach(entry: number): void {
    const { cells } = this;
    const newer = cells[entry + NEWER] as number;
    const older = cells[entry + OLDER] as number;
    if (newer >= 0) cells[newer + OLDER] = older;
    else this.newest = older;
    if (older >= 0) cells[older + NEWER] = newer;
    else this.oldest = newer;
  }

  private unchain(entry: number): void {
    const { cells } = this;
    const bucket = this.bucket(cells[entry + PAGE] as number, cells[entry + TAG] as number);
    let at = this.heads[bucket] as number;
    if (at === entry) {
      this.heads[bucket] = cells[entry + CHAIN] as number;
      return;
    }
    for (;;) {
      const next = cells[at + CHAIN] as number;
      if (next === entry) {
        cells[at + CHAIN] = cells[entry + CHAIN] as number;
        return;
      }
      at = next;
    }
  }

  private grow(): void {
    const places = Math.min(this.capacity, (this.cells.length / PLACE) * 2);
    const cells = new Int32Array(places * PLACE);
    cells.set(this.cells);
    this.cells = cells;
    let buckets = this.heads.length;
    while (buckets < places * 2) buckets *= 2;
    if (buckets === this.heads.length) return;
    this.heads = new Int32Array(buckets).fill(NONE);
    for (let entry = this.newest; entry >= 0; entry = cells[entry + OLDER] as number) {
      const bucket = this.bucket(cells[entry + PAGE] as number, cells[entry + TAG] as number);
      cells[entry + CHAIN] = this.heads[bucket] as number;
      this.heads[bucket] = entry;
    }
  }
}
