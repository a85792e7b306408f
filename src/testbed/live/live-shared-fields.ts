import type { AddressSpace } from '../../xen/address-space.js';
import type { GuestMemory } from '../../xen/guest-memory.js';
import { SharedFields } from '../../xen/shared-fields.js';
import type { SharedLine } from '../../xen/shared-line.js';
import type { LiveMemory } from './live-memory.js';
import type { LivePlatform } from './live-platform.js';
import type { Mover } from './wasm-mover.js';

/** No generation of an address space. */
const NEVER = -1;
/** No machine address: this thread alone has the machine's memory, to set it up. */
const PRIVATE = -1;

/**
 * Shared fields in the memory of this machine. They are read and written atomically, which orders them before and behind
 * the bytes that they stand for. Where they lie is found once, and again when the mapping has changed or the vCPU stops.
 */
export class LiveSharedFields extends SharedFields {
  private readonly live: LiveMemory;
  private readonly mover: Mover;
  /** Machine addresses for reading and for writing, and the generations of the address space in which they hold. */
  private from = PRIVATE;
  private readIn = NEVER;
  private to = PRIVATE;
  private writtenIn = NEVER;

  constructor(
    memory: GuestMemory,
    address: number,
    line: SharedLine,
    private readonly space: AddressSpace,
    protected readonly platform: LivePlatform,
  ) {
    super(memory, address, line);
    this.live = platform.memory;
    this.mover = platform.mover;
  }

  override read32(offset: number): number {
    const from = this.source();
    return from === PRIVATE ? super.read32(offset) : this.mover.load32(from + offset) >>> 0;
  }

  /** Who wrote it last was this thread, so that no order is needed to see it. */
  override readOwn32(offset: number): number {
    const from = this.source();
    return from === PRIVATE
      ? super.read32(offset)
      : (this.live.words[(from + offset) >> 2] as number) >>> 0;
  }

  override write32(offset: number, value: number): void {
    const to = this.target();
    if (to === PRIVATE) super.write32(offset, value);
    else this.mover.store32(to + offset, value | 0);
  }

  override read8(offset: number): number {
    const from = this.source();
    return from === PRIVATE ? super.read8(offset) : this.mover.load8(from + offset);
  }

  override write8(offset: number, value: number): void {
    const to = this.target();
    if (to === PRIVATE) super.write8(offset, value);
    else Atomics.store(this.live.bytes, to + offset, value);
  }

  override add32(offset: number, increment: number): void {
    const to = this.target();
    if (to === PRIVATE) super.add32(offset, increment);
    // Only this side writes it: reading it needs no order.
    else {
      const before = this.live.words[(to + offset) >> 2] as number;
      this.mover.store32(to + offset, (before + increment) | 0);
    }
  }

  override exchangeBits8(offset: number, clear: number, set: number): number {
    const { mover } = this;
    const to = this.target();
    if (to === PRIVATE) return super.exchangeBits8(offset, clear, set);
    const before = clear === 0 ? 0 : mover.clear8(to + offset, clear);
    return set === 0 ? before : mover.set8(to + offset, set);
  }

  override announce32(offset: number, by: number, flags: number, bit: number): boolean {
    const to = this.target();
    return to === PRIVATE
      ? super.announce32(offset, by, flags, bit)
      : this.mover.announce(to + offset, by, to + flags, bit) !== 0;
  }

  private source(): number {
    if (this.space.generation === this.readIn) return this.from;
    const at = this.memory.readable(this.address);
    if (!this.live.isShared) return PRIVATE;
    this.readIn = this.space.generation;
    this.from = at;
    return at;
  }

  private target(): number {
    if (this.space.generation === this.writtenIn) return this.to;
    const at = this.memory.writable(this.address);
    if (!this.live.isShared) return PRIVATE;
    this.writtenIn = this.space.generation;
    this.to = at;
    return at;
  }
}

/** The same, with a pause of random length before each step that the peer could see: for tests. */
export class StressedSharedFields extends LiveSharedFields {
  /** As the data path does it, and as often with a pause between index and flag. */
  override announce32(offset: number, by: number, flags: number, bit: number): boolean {
    if (this.platform.below(2) === 0) {
      this.platform.disturb();
      const wasSet = super.announce32(offset, by, flags, bit);
      this.platform.disturb();
      return wasSet;
    }
    this.add32(offset, by);
    return (this.exchangeBits8(flags, bit, 0) & bit) !== 0;
  }

  override read32(offset: number): number {
    this.platform.disturb();
    return super.read32(offset);
  }

  override write32(offset: number, value: number): void {
    this.platform.disturb();
    super.write32(offset, value);
    this.platform.disturb();
  }

  override read8(offset: number): number {
    this.platform.disturb();
    return super.read8(offset);
  }

  override add32(offset: number, increment: number): void {
    this.platform.disturb();
    super.add32(offset, increment);
    this.platform.disturb();
  }

  override exchangeBits8(offset: number, clear: number, set: number): number {
    this.platform.disturb();
    return super.exchangeBits8(offset, clear, set);
  }
}
