import { HypervisorWords } from '../../../xen/hypervisor-words.js';
import { SharedHypervisorWords } from '../shared-words.js';

/**
 * The hypervisor's table of a machine of which each thread has a copy, and whose ports and rings come and go. A change is
 * carried out once, and then again in the other copies: those give words out and take them back in the same order, and
 * leave what stands in them alone.
 */
export class RepeatingWords extends SharedHypervisorWords {
  /** Another thread has done this already: nothing is written, and everything reads as zero. */
  isRepeating = false;

  /** @param disturb called at each access that others can notice */
  constructor(private readonly disturb: () => void) {
    super();
  }

  override allocate(count: number): number {
    return HypervisorWords.prototype.allocate.call(this, count);
  }

  protected override grow(words: number): void {
    if (this.isShared) throw new Error(`a live machine's table has no room for ${words} words`);
    super.grow(words);
  }

  protected override clear(first: number, count: number): void {
    if (!this.isRepeating) super.clear(first, count);
  }

  override load(index: number): number {
    if (this.isRepeating) return 0;
    this.disturb();
    return super.load(index);
  }

  override store(index: number, value: number): void {
    if (this.isRepeating) return;
    this.disturb();
    super.store(index, value);
  }

  override or(index: number, bits: number): number {
    if (this.isRepeating) return 0;
    this.disturb();
    return super.or(index, bits);
  }

  override and(index: number, bits: number): number {
    if (this.isRepeating) return 0;
    this.disturb();
    return super.and(index, bits);
  }

  override compareExchange(index: number, expected: number, value: number): number {
    if (this.isRepeating) return expected;
    this.disturb();
    return super.compareExchange(index, expected, value);
  }
}
