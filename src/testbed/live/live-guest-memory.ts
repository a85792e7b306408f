import type { AddressSpace } from '../../xen/address-space.js';
import { chargeTlbMisses, GuestMemory } from '../../xen/guest-memory.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from '../../xen/memory.js';
import type { SharedLine } from '../../xen/shared-line.js';
import type { Vcpu } from '../../xen/vcpu.js';
import type { LiveMemory } from './live-memory.js';
import type { LivePlatform } from './live-platform.js';

/**
 * How code in a live domain touches memory: at no price but the machine's own. Words that a peer may write are read and
 * written atomically, which orders them before and behind the bytes that they stand for.
 */
export class LiveGuestMemory extends GuestMemory {
  private readonly live: LiveMemory;

  constructor(
    vcpu: Vcpu,
    space: AddressSpace,
    protected readonly platform: LivePlatform,
  ) {
    super(vcpu, space);
    this.live = platform.memory;
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
    return this.frames.loadShared(this.readable(address) >> 2) >>> 0;
  }

  override writeShared32(address: number, value: number, _line: SharedLine): void {
    this.frames.storeShared(this.writable(address) >> 2, value | 0);
  }

  override readShared8(address: number, _line: SharedLine): number {
    return this.live.loadByte(this.readable(address));
  }

  override writeShared8(address: number, value: number, _line: SharedLine): void {
    Atomics.store(this.frames.bytes, this.writable(address), value);
  }

  override addShared32(address: number, increment: number, _line: SharedLine): void {
    const { frames } = this;
    const at = this.writable(address) >> 2;
    // Only this side writes it: reading it needs no order.
    frames.storeShared(at, ((frames.words[at] as number) + increment) | 0);
  }

  override exchangeBits8(address: number, clear: number, set: number, _line: SharedLine): number {
    return this.live.changeByte(this.writable(address), clear, set);
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
