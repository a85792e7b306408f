import { invariant } from '../../base/errors.js';
import { MachineMemory, PAGE_SHIFT } from '../../xen/memory.js';
import type { Mover } from './wasm-mover.js';

/** `count` of so many equal parts, from the `first` on. */
export interface PartOfMemory {
  readonly first: number;
  readonly count: number;
  readonly parts: number;
}

/**
 * Frames of a machine whose domains are threads. Each thread sets the same machine up in memory of its own; then all go
 * over to one shared memory, and take further frames from a part of it that is theirs alone.
 */
export class LiveMemory extends MachineMemory {
  /** Undefined while the machine is set up, alone in memory of its own. */
  protected mover: Mover | undefined;
  private ends = Number.POSITIVE_INFINITY;

  /** The frames lie in shared memory: `mover` is to be used. */
  get isShared(): boolean {
    return this.mover !== undefined;
  }

  /** Bytes that the set-up has used, from the start. */
  get usedBytes(): number {
    return this.used << PAGE_SHIFT;
  }

  /** Shows all threads what the set-up has written. */
  copyInto(frames: WebAssembly.Memory): void {
    Buffer.from(frames.buffer).set(this.bytes.subarray(0, this.usedBytes));
  }

  /**
   * Goes over to shared memory, which holds the same bytes already.
   *
   * @param part what of that which is left is this thread's own
   */
  share(frames: WebAssembly.Memory, mover: Mover, { first, count, parts }: PartOfMemory): void {
    const all = frames.buffer.byteLength >> PAGE_SHIFT;
    const each = Math.floor((all - this.used) / parts);
    invariant(each > 0, 'the shared memory is too small for the machine', { all, used: this.used });
    this.grow(all, frames.buffer);
    this.mover = mover;
    // Frames that the set-up has given back are given back in every thread.
    this.freeFrames.length = 0;
    this.used += first * each;
    this.ends = this.used + count * each;
  }

  override allocate(domid: number): number {
    invariant(
      this.used < this.ends || this.freeFrames.length > 0,
      'a live domain has used up its part of the shared memory',
      { domid },
    );
    return super.allocate(domid);
  }

  override move(to: number, from: number, length: number): void {
    if (this.mover === undefined) super.move(to, from, length);
    else this.mover.copy(to, from, length);
  }

  override loadShared(word: number): number {
    const { mover } = this;
    return mover === undefined ? (this.words[word] as number) : mover.load32(word << 2);
  }

  override storeShared(word: number, value: number): void {
    if (this.mover === undefined) this.words[word] = value;
    else this.mover.store32(word << 2, value);
  }
}
