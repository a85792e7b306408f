import type { AddressSpace } from '../../xen/address-space.js';
import { chargeTlbMisses, GuestMemory } from '../../xen/guest-memory.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from '../../xen/memory.js';
import type { SharedLine } from '../../xen/shared-line.js';
import type { Vcpu } from '../../xen/vcpu.js';
import type { LiveMemory } from './live-memory.js';
import type { LivePlatform } from './live-platform.js';
import type { Mover } from './wasm-mover.js';

/** The last translation of a page, as long as the mapping stays as it is. */
class KeptTranslation {
  private page = -1;
  private base = 0;
  private generation = -1;

  constructor(private readonly space: AddressSpace) {}

  holds(address: number): boolean {
    return address >>> PAGE_SHIFT === this.page && this.space.generation === this.generation;
  }

  /** The machine address, where it `holds`. */
  at(address: number): number {
    return this.base | (address & PAGE_MASK);
  }

  /** Returns the machine address that it was given. */
  keep(address: number, machineAddress: number): number {
    this.page = address >>> PAGE_SHIFT;
    this.base = machineAddress & ~PAGE_MASK;
    this.generation = this.space.generation;
    return machineAddress;
  }
}

/**
 * How code in a live domain touches memory: at no price but the machine's own. Words that a peer may write are read and
 * written atomically, which orders them before and behind the bytes that they stand for.
 */
export class LiveGuestMemory extends GuestMemory {
  private readonly live: LiveMemory;
  private readonly mover: Mover;
  /** Where the words lie that a peer writes, and those that it reads: in one page, mostly. */
  private readonly peers: KeptTranslation;
  private readonly own: KeptTranslation;

  constructor(
    vcpu: Vcpu,
    space: AddressSpace,
    protected readonly platform: LivePlatform,
  ) {
    super(vcpu, space);
    this.live = platform.memory;
    this.mover = platform.mover;
    this.peers = new KeptTranslation(space);
    this.own = new KeptTranslation(space);
  }

  override copy(destination: number, source: number, length: number): void {
    const { space, live } = this;
    const from = space.find(source, false);
    const to = space.find(destination, true);
    const isInPages = length <= PAGE_SIZE - Math.max(from & PAGE_MASK, to & PAGE_MASK);
    if (!live.isShared || !isInPages || from < 0 || to < 0 || this.platform.paysRefills) {
      super.copy(destination, source, length);
    } else {
      this.accountForCopy(length);
      this.mover.copy(to, from, length);
    }
  }

  override copyBetween(
    destinationSpace: AddressSpace,
    destination: number,
    sourceSpace: AddressSpace,
    source: number,
    length: number,
    guest: boolean,
  ): void {
    const { frames } = this;
    if (guest && this.platform.paysRefills) this.payRefills(destination, source, length);
    let done = 0;
    while (done < length) {
      const from = sourceSpace.translate(source + done, false);
      const to = destinationSpace.translate(destination + done, true);
      let step = PAGE_SIZE - Math.max(from & PAGE_MASK, to & PAGE_MASK);
      // Pages whose frames are adjacent at both ends are copied at once.
      while (
        done + step < length &&
        sourceSpace.find(source + done + step, false) === from + step &&
        destinationSpace.find(destination + done + step, true) === to + step
      ) {
        step += PAGE_SIZE - Math.max((from + step) & PAGE_MASK, (to + step) & PAGE_MASK);
      }
      step = Math.min(step, length - done);
      frames.move(to, from, step);
      done += step;
    }
  }

  private wordToRead(address: number): number {
    const { peers } = this;
    return peers.holds(address) ? peers.at(address) : peers.keep(address, this.readable(address));
  }

  private wordToWrite(address: number): number {
    const { own, vcpu } = this;
    return own.holds(address) && vcpu.state !== 'offline'
      ? own.at(address)
      : own.keep(address, this.writable(address));
  }

  /** This machine's own TLB was not flushed: what a flushed one would miss is owed. */
  private payRefills(destination: number, source: number, length: number): void {
    const { tlbTag, pcpu } = this.vcpu;
    let misses = 0;
    for (const start of [source, destination]) {
      const last = (start + length - 1) >>> PAGE_SHIFT;
      for (let page = start >>> PAGE_SHIFT; page <= last; page++) {
        if (!pcpu.tlb.touch(page, tlbTag)) misses++;
      }
    }
    if (misses > 0) chargeTlbMisses(this.vcpu, misses);
  }

  override readShared32(address: number, _line: SharedLine): number {
    return this.frames.loadShared(this.wordToRead(address) >> 2) >>> 0;
  }

  /** Who wrote it last was this thread, so that no order is needed to see it. */
  override readOwn32(address: number, _line: SharedLine): number {
    return (this.frames.words[this.wordToRead(address) >> 2] as number) >>> 0;
  }

  override writeShared32(address: number, value: number, _line: SharedLine): void {
    this.frames.storeShared(this.wordToWrite(address) >> 2, value | 0);
  }

  override readShared8(address: number, _line: SharedLine): number {
    return this.live.loadByte(this.wordToRead(address));
  }

  override writeShared8(address: number, value: number, _line: SharedLine): void {
    Atomics.store(this.frames.bytes, this.wordToWrite(address), value);
  }

  override addShared32(address: number, increment: number, _line: SharedLine): void {
    const { frames } = this;
    const at = this.wordToWrite(address) >> 2;
    // Only this side writes it: reading it needs no order.
    frames.storeShared(at, ((frames.words[at] as number) + increment) | 0);
  }

  override exchangeBits8(address: number, clear: number, set: number, _line: SharedLine): number {
    return this.live.changeByte(this.wordToWrite(address), clear, set);
  }

  override announce32(address: number, by: number, flags: number, bit: number, line: SharedLine) {
    return this.live.isShared
      ? this.mover.announce(this.wordToWrite(address), by, this.wordToWrite(flags), bit) !== 0
      : super.announce32(address, by, flags, bit, line);
  }

  /** There is nothing to warm but the machine's own caches: each page is touched. */
  override warm(address: number, length: number): void {
    for (let at = address; at < address + length; at += PAGE_SIZE) {
      const byte = this.writable(at);
      this.frames.bytes[byte] = this.frames.bytes[byte] as number;
    }
  }
}

/** The same, with a pause of random length before each step that the peer could see: for tests. */
export class StressedGuestMemory extends LiveGuestMemory {
  /** As the data path does it, and as often with a pause between index and flag. */
  override announce32(address: number, by: number, flags: number, bit: number, line: SharedLine) {
    if (this.platform.below(2) === 0) {
      this.platform.disturb();
      const wasSet = super.announce32(address, by, flags, bit, line);
      this.platform.disturb();
      return wasSet;
    }
    this.addShared32(address, by, line);
    return (this.exchangeBits8(flags, bit, 0, line) & bit) !== 0;
  }

  override readShared32(address: number, line: SharedLine): number {
    this.platform.disturb();
    return super.readShared32(address, line);
  }

  override writeShared32(address: number, value: number, line: SharedLine): void {
    this.platform.disturb();
    super.writeShared32(address, value, line);
    this.platform.disturb();
  }

  override readShared8(address: number, line: SharedLine): number {
    this.platform.disturb();
    return super.readShared8(address, line);
  }

  override addShared32(address: number, increment: number, line: SharedLine): void {
    this.platform.disturb();
    super.addShared32(address, increment, line);
    this.platform.disturb();
  }

  override exchangeBits8(address: number, clear: number, set: number, line: SharedLine): number {
    this.platform.disturb();
    return super.exchangeBits8(address, clear, set, line);
  }
}
