import type { AddressSpace } from '../../xen/address-space.js';
import { chargeTlbMisses, GuestMemory } from '../../xen/guest-memory.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from '../../xen/memory.js';
import type { ProgramWords } from '../../xen/program-words.js';
import type { SharedFields } from '../../xen/shared-fields.js';
import type { RingPlace, RingReader, RingWriter, WriterPlace } from '../../xen/shared-ring.js';
import type { Vcpu } from '../../xen/vcpu.js';
import { KeptRanges } from './kept-ranges.js';
import type { LivePlatform } from './live-platform.js';
import { LiveProgramWords } from './live-program-words.js';
import { LiveSharedFields, StressedSharedFields } from './live-shared-fields.js';
import {
  LiveRingReader,
  LiveRingWriter,
  StressedRingReader,
  StressedRingWriter,
} from './live-shared-ring.js';

/** How code in a live domain touches memory: at no price but the machine's own. */
export class LiveGuestMemory extends GuestMemory {
  private readonly sources: KeptRanges;
  private readonly destinations: KeptRanges;

  constructor(
    vcpu: Vcpu,
    space: AddressSpace,
    private readonly platform: LivePlatform,
  ) {
    super(vcpu, space);
    this.sources = new KeptRanges(vcpu, platform.memory, space, false);
    this.destinations = new KeptRanges(vcpu, platform.memory, space, true);
  }

  override sharedFields(address: number): SharedFields {
    const Fields = this.platform.disturbs ? StressedSharedFields : LiveSharedFields;
    return new Fields(this, address, this.lineAt(address), this.space, this.platform);
  }

  override ringWriter(place: WriterPlace): RingWriter {
    const Writer = this.platform.disturbs ? StressedRingWriter : LiveRingWriter;
    return new Writer(this, place, this.space, this.platform);
  }

  override ringReader(place: RingPlace): RingReader {
    const Reader = this.platform.disturbs ? StressedRingReader : LiveRingReader;
    return new Reader(this, place, this.space, this.platform);
  }

  override programWords(address: number, bytes: number): ProgramWords {
    return new LiveProgramWords(this, address, bytes, this.space, this.platform.memory);
  }

  override copy(destination: number, source: number, length: number): void {
    const from = this.sources.find(source, length);
    const to = this.destinations.find(destination, length);
    if ((from | to) < 0 || this.platform.paysRefills) {
      super.copy(destination, source, length);
      return;
    }
    this.frames.move(to, from, length);
    // Behind the copy: the machine still writes its last lines back meanwhile.
    this.accountForCopy(length);
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

  /** There is nothing to warm but the machine's own caches: each page is touched. */
  override warm(address: number, length: number): void {
    for (let at = address; at < address + length; at += PAGE_SIZE) {
      const byte = this.writable(at);
      this.frames.bytes[byte] = this.frames.bytes[byte] as number;
    }
  }
}
