import { invariant } from '../../base/errors.js';
import { HypervisorWords } from '../../xen/hypervisor-words.js';

/** The hypervisor's table for machines whose domains are threads: each operation is atomic. */
export class SharedHypervisorWords extends HypervisorWords {
  protected isShared = false;

  /** A copy of what the set-up has written. */
  copyInto(target: Int32Array): void {
    target.set(this.words.subarray(0, this.length));
  }

  /** Goes over to shared memory, which holds the same words already. From now on none can be taken. */
  share(buffer: SharedArrayBuffer): void {
    this.words = new Int32Array(buffer);
    this.isShared = true;
  }

  override allocate(count: number): number {
    invariant(!this.isShared, "a live machine's hypervisor table cannot grow", { count });
    return super.allocate(count);
  }

  override load(index: number): number {
    return Atomics.load(this.words, index);
  }

  override store(index: number, value: number): void {
    Atomics.store(this.words, index, value);
  }

  override or(index: number, bits: number): number {
    return Atomics.or(this.words, index, bits);
  }

  override and(index: number, bits: number): number {
    return Atomics.and(this.words, index, bits);
  }

  override compareExchange(index: number, expected: number, value: number): number {
    return Atomics.compareExchange(this.words, index, expected, value);
  }
}
