import type { CacheHierarchy } from './cache.js';

/**
 * One end of a copy, as the caches of its pCPU see it. Each piece of memory is looked for once in a copy, and all bytes of it
 * come from where it was found: also where the copy goes on in steps, because the other end has come to the end of a page.
 */
export class CopyEnd {
  /** Level in which the last piece was found. */
  private level = 0;

  constructor(private readonly isWritten: boolean) {}

  /**
   * Price of a step, in picoseconds: half that of the level in which each byte is found.
   *
   * @param at machine address of the first byte; all lie in one page
   * @param isFirst the copy begins here: otherwise it goes on where it was
   */
  price(
    cache: CacheHierarchy,
    halfPrices: Float64Array,
    at: number,
    length: number,
    isFirst: boolean,
  ): number {
    const { grainBytes } = cache;
    let price = 0;
    let left = length;
    let address = at;
    while (left > 0) {
      const within = address & (grainBytes - 1);
      if (within === 0 || (isFirst && address === at)) {
        this.level = cache.touch(address, this.isWritten);
      }
      const toEnd = grainBytes - within;
      const bytes = left < toEnd ? left : toEnd;
      price += bytes * (halfPrices[this.level] as number);
      address += bytes;
      left -= bytes;
    }
    return price;
  }
}
