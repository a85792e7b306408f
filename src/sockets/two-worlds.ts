import { invariant } from '../base/errors.js';
import { LiveMemory } from '../testbed/live/live-memory.js';
import { LivePlatform } from '../testbed/live/live-platform.js';
import { SharedHypervisorWords } from '../testbed/live/shared-words.js';
import type { Mover } from '../testbed/live/wasm-mover.js';
import { PAGE_SHIFT } from '../xen/memory.js';

/**
 * Frames in two places: this thread's own copy, in which connections are made and taken down in virtual time, and the
 * shared one, in which they carry bytes. The same frame has the same number in both.
 */
export class TwofoldMemory extends LiveMemory {
  private own: ArrayBufferLike | undefined;
  private fresh: number[] = [];

  /** Frames that fit the shared memory. */
  constructor(private readonly shared: WebAssembly.Memory) {
    super();
  }

  /** Frames that have been given out since this was last asked, in that order. */
  takeFresh(): readonly number[] {
    const { fresh } = this;
    this.fresh = [];
    return fresh;
  }

  override allocate(domid: number): number {
    invariant(this.own === undefined, 'memory is given out while a connection is made', { domid });
    const mfn = super.allocate(domid);
    this.fresh.push(mfn);
    return mfn;
  }

  /** Frames that can still be given out. */
  get room(): number {
    return (this.shared.buffer.byteLength >> PAGE_SHIFT) - this.allocatedFrames;
  }

  /** Copies frames to where both threads see them. */
  publish(frames: readonly number[]): void {
    const to = new Uint8Array(this.shared.buffer);
    for (const mfn of frames) {
      const at = mfn << PAGE_SHIFT;
      to.set(this.bytes.subarray(at, at + (1 << PAGE_SHIFT)), at);
    }
  }

  goLive(mover: Mover): void {
    this.own = this.bytes.buffer;
    this.view(this.shared.buffer);
    this.mover = mover;
  }

  goPrivate(): void {
    invariant(this.own !== undefined, 'the machine is private already');
    this.view(this.own);
    this.own = undefined;
    this.mover = undefined;
  }
}

/** The hypervisor's table in the same two places. */
export class TwofoldWords extends SharedHypervisorWords {
  private own: Int32Array<ArrayBufferLike> | undefined;
  private readonly shared: Int32Array;
  private fresh: number[] = [];

  constructor(shared: SharedArrayBuffer) {
    super();
    this.shared = new Int32Array(shared);
  }

  takeFresh(): readonly number[] {
    const { fresh } = this;
    this.fresh = [];
    return fresh;
  }

  override allocate(count: number): number {
    invariant(this.own === undefined, "Xen's table grows while a connection is made", { count });
    const first = super.allocate(count);
    invariant(this.length <= this.shared.length, 'the shared table is full', { count });
    for (let word = first; word < first + count; word++) this.fresh.push(word);
    return first;
  }

  publish(words: readonly number[]): void {
    for (const word of words) Atomics.store(this.shared, word, this.words[word] as number);
  }

  goLive(): void {
    this.own = this.words;
    this.words = this.shared;
  }

  goPrivate(): void {
    invariant(this.own !== undefined, 'the table is private already');
    this.words = this.own;
    this.own = undefined;
  }
}

/** The parts of a machine that is private while connections are made, and live between. */
export class TwofoldPlatform extends LivePlatform {
  override readonly memory = new TwofoldMemory(this.area.frames);
  override readonly words = new TwofoldWords(this.area.words);

  /** From now on this thread carries out its own domain only, over shared memory. */
  override goLive(): void {
    this.memory.goLive(this.mover);
    this.words.goLive();
    super.goLive();
  }

  /** From now on this thread carries out the whole machine, in virtual time, in memory of its own. */
  override goPrivate(): void {
    super.goPrivate();
    this.memory.goPrivate();
    this.words.goPrivate();
  }

  /** Shows the other thread what has been made since the last time. */
  publish(frames: readonly number[], words: readonly number[]): void {
    this.memory.publish(frames);
    this.words.publish(words);
  }
}
