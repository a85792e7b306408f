import { InvariantViolation, invariant } from '../base/errors.js';
import { Coherence } from './coherence.js';
import { SharedLine } from './shared-line.js';

export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;
export const PAGE_MASK = PAGE_SIZE - 1;
const LINE_SHIFT = 6;
/** Owner of a frame that nobody has. */
export const NO_DOMAIN = -1;

/** Called directly: looking it up on a view of memory costs as much as copying a kibibyte. */
const { copyWithin } = Uint8Array.prototype;

const FIRST_FRAMES = 32;
/** Machine addresses are 31-bit. */
const MOST_FRAMES = 1 << 19;

/**
 * The machine's memory: frames of 4 KiB with real bytes, and what Xen keeps of each frame (its `page_info`).
 * Domains never come here directly: they see frames through their AddressSpace only.
 *
 * All frames lie in one buffer, which doubles when it runs out. The views change then: never keep one.
 */
export class MachineMemory {
  bytes: Uint8Array<ArrayBufferLike> = new Uint8Array(FIRST_FRAMES * PAGE_SIZE);
  words: Int32Array<ArrayBufferLike> = new Int32Array(this.bytes.buffer);
  buffer: Buffer<ArrayBufferLike> = Buffer.from(this.bytes.buffer);
  /** Domain that owns the frame, or NO_DOMAIN. */
  owners: Int32Array = new Int32Array(FIRST_FRAMES).fill(NO_DOMAIN);
  /** Foreign mappings that hold the frame: while there are any, its owner cannot be destroyed wholly. */
  foreignMappings: Int32Array = new Int32Array(FIRST_FRAMES);
  readonly coherence: Coherence;
  protected used = 0;
  protected readonly freeFrames: number[] = [];
  private readonly lines = new Map<number, SharedLine[]>();

  /** @param grainBytes coherence is known for pieces of this size: a power of two, a page at most */
  constructor(readonly grainBytes = PAGE_SIZE) {
    this.coherence = new Coherence(PAGE_SIZE / grainBytes);
    this.coherence.grow(FIRST_FRAMES);
  }

  /** Frames owned by somebody. */
  get allocatedFrames(): number {
    return this.used - this.freeFrames.length;
  }

  /** Gives a zeroed frame to a domain. Returns its machine frame number (MFN). */
  allocate(domid: number): number {
    const recycled = this.freeFrames.pop();
    const mfn = recycled ?? this.used++;
    if (mfn === this.owners.length) this.grow(2 * mfn);
    invariant(mfn < MOST_FRAMES, 'the simulated machine has no more than 2 GiB of memory', { mfn });
    if (recycled !== undefined) this.bytes.fill(0, mfn << PAGE_SHIFT, (mfn + 1) << PAGE_SHIFT);
    this.owners[mfn] = domid;
    this.coherence.renew(mfn);
    return mfn;
  }

  /** Another domain than the owner maps a frame. */
  hold(mfn: number): void {
    this.foreignMappings[mfn] = (this.foreignMappings[mfn] as number) + 1;
  }

  /** Another domain has unmapped a frame. */
  letGo(mfn: number): void {
    this.foreignMappings[mfn] = (this.foreignMappings[mfn] as number) - 1;
  }

  /** The cache line at a machine address: one object for all who look there, until its frame is released. */
  sharedLine(machineAddress: number): SharedLine {
    const mfn = machineAddress >>> PAGE_SHIFT;
    let lines = this.lines.get(mfn);
    if (lines === undefined) {
      lines = [];
      this.lines.set(mfn, lines);
    }
    const at = (machineAddress & PAGE_MASK) >>> LINE_SHIFT;
    lines[at] ??= new SharedLine();
    return lines[at];
  }

  /** Copies bytes from one machine address to another. Both ranges lie in adjacent frames. */
  move(to: number, from: number, length: number): void {
    copyWithin.call(this.bytes, to, from, from + length);
  }

  /** Reads a word that somebody else writes at any time. @param word machine address / 4 */
  loadShared(word: number): number {
    return this.words[word] as number;
  }

  /** Writes a word that somebody else reads at any time: behind all that was written before. */
  storeShared(word: number, value: number): void {
    this.words[word] = value;
  }

  /** Takes a frame back. Xen scrubs it before it gives it away again; here that happens on allocation. */
  release(mfn: number): void {
    if (this.owners[mfn] === NO_DOMAIN || this.foreignMappings[mfn] !== 0) {
      throw new InvariantViolation('frame released while free or still mapped by somebody', {
        mfn,
        owner: this.owners[mfn],
        foreignMappings: this.foreignMappings[mfn],
      });
    }
    this.owners[mfn] = NO_DOMAIN;
    this.lines.delete(mfn);
    this.freeFrames.push(mfn);
  }

  /** From now on the frames lie in this buffer. */
  protected view(memory: ArrayBufferLike): void {
    this.bytes = new Uint8Array(memory);
    this.words = new Int32Array(memory);
    this.buffer = Buffer.from(memory);
  }

  /** Makes room for so many frames. @param memory where they lie from now on, with what they hold; else it is made */
  protected grow(frames: number, memory?: ArrayBufferLike): void {
    if (memory === undefined) {
      const bytes = new Uint8Array(frames * PAGE_SIZE);
      bytes.set(this.bytes);
      this.view(bytes.buffer);
    } else this.view(memory);
    const larger = (old: Int32Array, filler: number): Int32Array => {
      const fresh = new Int32Array(frames);
      fresh.set(old);
      if (filler !== 0) fresh.fill(filler, old.length);
      return fresh;
    };
    this.owners = larger(this.owners, NO_DOMAIN);
    this.foreignMappings = larger(this.foreignMappings, 0);
    this.coherence.grow(frames);
  }
}
