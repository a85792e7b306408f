const FIRST_WORDS = 256;
/** Nobody's word: always zero. */
export const NO_WORD = 0;

/**
 * What Xen keeps for its data path - event bits, grant entries, rings of its extensions - in one flat table of 32-bit
 * words. In the model nobody else looks at it between two steps, and plain loads and stores do; where the domains run
 * at the same time (testbed live) the table lies in shared memory, and each operation is atomic
 * (SharedHypervisorWords).
 */
export class HypervisorWords {
  protected words: Int32Array<ArrayBufferLike> = new Int32Array(FIRST_WORDS);
  private used = NO_WORD + 1;
  private readonly free = new Map<number, number[]>();

  /** Words in use, those that were given back among them: what somebody copies who moves the table. */
  get length(): number {
    return this.used;
  }

  /** Takes so many adjacent words, all zero. Returns the index of the first. */
  allocate(count: number): number {
    const recycled = this.free.get(count)?.pop();
    if (recycled !== undefined) {
      this.clear(recycled, count);
      return recycled;
    }
    const first = this.used;
    this.used += count;
    if (this.used > this.words.length) this.grow(this.used);
    return first;
  }

  /** Gives words back that `allocate` gave. */
  release(first: number, count: number): void {
    const same = this.free.get(count);
    if (same === undefined) this.free.set(count, [first]);
    else same.push(first);
  }

  load(index: number): number {
    return this.words[index] as number;
  }

  store(index: number, value: number): void {
    this.words[index] = value;
  }

  /** Sets bits. Returns what was there. */
  or(index: number, bits: number): number {
    const before = this.words[index] as number;
    this.words[index] = before | bits;
    return before;
  }

  /** Keeps these bits only. Returns what was there. */
  and(index: number, bits: number): number {
    const before = this.words[index] as number;
    this.words[index] = before & bits;
    return before;
  }

  /** Writes a value where another stands. Returns what stood there. */
  compareExchange(index: number, expected: number, value: number): number {
    const before = this.words[index] as number;
    if (before === expected) this.words[index] = value;
    return before;
  }

  protected clear(first: number, count: number): void {
    this.words.fill(0, first, first + count);
  }

  protected grow(words: number): void {
    let size = this.words.length;
    while (size < words) size *= 2;
    const larger = new Int32Array(size);
    larger.set(this.words);
    this.words = larger;
  }
}
