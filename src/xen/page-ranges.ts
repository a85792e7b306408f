/**
 * Free pages of an address space, as ranges in ascending order; neighbours are one range. Requests are served from the
 * lowest place that is large enough, so that an address space that is mapped and unmapped again does not grow.
 */
export class PageRanges {
  private readonly firsts: number[] = [];
  private readonly lengths: number[] = [];

  /** Takes adjacent pages out. Returns the first, or -1 where no range is long enough. */
  take(pages: number): number {
    const { firsts, lengths } = this;
    for (let i = 0; i < firsts.length; i++) {
      const length = lengths[i] as number;
      if (length < pages) continue;
      const first = firsts[i] as number;
      if (length === pages) {
        firsts.splice(i, 1);
        lengths.splice(i, 1);
      } else {
        firsts[i] = first + pages;
        lengths[i] = length - pages;
      }
      return first;
    }
    return -1;
  }

  /** Puts pages back, none of which is here. */
  add(first: number, pages: number): void {
    const { firsts, lengths } = this;
    const at = this.firstAfter(first);
    const joinsLower = at > 0 && (firsts[at - 1] as number) + (lengths[at - 1] as number) === first;
    const joinsUpper = firsts[at] === first + pages;
    if (joinsLower) {
      lengths[at - 1] = (lengths[at - 1] as number) + pages;
      if (!joinsUpper) return;
      lengths[at - 1] = (lengths[at - 1] as number) + (lengths[at] as number);
      firsts.splice(at, 1);
      lengths.splice(at, 1);
    } else if (joinsUpper) {
      firsts[at] = first;
      lengths[at] = (lengths[at] as number) + pages;
    } else {
      firsts.splice(at, 0, first);
      lengths.splice(at, 0, pages);
    }
  }

  /** Pages here, in all ranges. */
  get pages(): number {
    return this.lengths.reduce((sum, length) => sum + length, 0);
  }

  /** Index of the first range that begins behind a page. */
  private firstAfter(page: number): number {
    let low = 0;
    let high = this.firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.firsts[middle] as number) > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
