import { type AddressSpace, GuestFault } from './address-space.js';
import { COPY, TLB } from './causes.js';
import { CopyEnd } from './copy-end.js';
import type { MachineCounters } from './counters.js';
import { type MachineMemory, PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from './memory.js';
import { ProgramWords } from './program-words.js';
import { SharedFields } from './shared-fields.js';
import type { SharedLine } from './shared-line.js';
import { type RingPlace, RingReader, RingWriter, type WriterPlace } from './shared-ring.js';
import type { Vcpu } from './vcpu.js';
import { VcpuStopped } from './vcpu-stopped.js';

/** Called directly: looking it up on a view of memory costs as much as copying a kibibyte. */
const { compare } = Buffer.prototype;

/**
 * How code on one vCPU touches memory: through the domain's address space, at the price of its TLB and caches. Where
 * the domain has no right to an address it crashes, and what is thrown (GuestFault) only ends the code that runs: of a
 * stopped vCPU nothing is written any more.
 */
export class GuestMemory {
  protected readonly frames: MachineMemory;
  private readonly copies: MachineCounters['copies'];
  private readonly readEnd = new CopyEnd(false);
  private readonly writtenEnd = new CopyEnd(true);

  constructor(
    readonly vcpu: Vcpu,
    protected readonly space: AddressSpace,
  ) {
    const { memory, counters } = vcpu.machine;
    this.frames = memory;
    this.copies = counters.copies;
  }

  /** The fields at an address, in one cache line, as this domain sees them. Throws GuestFault where nothing is mapped. */
  sharedFields(address: number): SharedFields {
    return new SharedFields(this, address, this.lineAt(address));
  }

  /** The end at which this domain writes a ring. */
  ringWriter(place: WriterPlace): RingWriter {
    return new RingWriter(this, place);
  }

  /** The end at which it reads one. */
  ringReader(place: RingPlace): RingReader {
    return new RingReader(this, place);
  }

  /** A buffer of a program, of so many bytes, for writing words into it. */
  programWords(address: number, _bytes: number): ProgramWords {
    return new ProgramWords(this, address);
  }

  /** The same object for all who have mapped it. */
  protected lineAt(address: number): SharedLine {
    return this.frames.sharedLine(this.space.translate(address, true));
  }

  /** Copies bytes inside the domain's address space, as memcpy in its user space does. */
  copy(destination: number, source: number, length: number): void {
    const { vcpu } = this;
    this.accountForCopy(length);
    try {
      this.copyBetween(this.space, destination, this.space, source, length, true);
    } catch (error) {
      if (error instanceof GuestFault) vcpu.domain.fault(vcpu, error);
      throw error;
    }
  }

  /** What copies by the guest are, whatever carries them out: so many bytes, in so many pieces. */
  accountForCopy(length: number, pieces = 1): void {
    const { vcpu, copies } = this;
    if (vcpu.state === 'offline') throw new VcpuStopped();
    vcpu.useFpu();
    copies.guestCopies += pieces;
    copies.guestBytes += length;
  }

  /**
   * Copies between two address spaces on this vCPU's pCPU, page by page, and charges what TLB and caches say. Each end
   * of the copy pays half the price of the level in which its bytes were found, the written one also for claiming them.
   *
   * @param guest the copy uses guest translations, and so the TLB; Xen's own copies use its permanent mappings
   */
  copyBetween(
    destinationSpace: AddressSpace,
    destination: number,
    sourceSpace: AddressSpace,
    source: number,
    length: number,
    guest: boolean,
  ): void {
    const { machine, pcpu, tlbTag } = this.vcpu;
    const { memory } = machine;
    const { tlb, cache } = pcpu;
    const halfPrices =
      length < machine.longCopyBytes ? machine.shortCopyHalfPrices : machine.copyHalfPrices;
    let price = 0;
    let misses = 0;
    let done = 0;
    while (done < length) {
      const from = sourceSpace.translate(source + done, false);
      const to = destinationSpace.translate(destination + done, true);
      const step = Math.min(
        PAGE_SIZE - (from & PAGE_MASK),
        PAGE_SIZE - (to & PAGE_MASK),
        length - done,
      );
      memory.move(to, from, step);
      price +=
        this.readEnd.price(cache, halfPrices, from, step, done === 0) +
        this.writtenEnd.price(cache, halfPrices, to, step, done === 0);
      if (guest) {
        if (!tlb.touch((source + done) >>> PAGE_SHIFT, tlbTag)) misses++;
        if (!tlb.touch((destination + done) >>> PAGE_SHIFT, tlbTag)) misses++;
      }
      done += step;
    }
    pcpu.charge(COPY, machine.prices.copySetup + Math.round(price));
    if (misses > 0) chargeTlbMisses(this.vcpu, misses);
  }

  /** Reads bytes without a price: for payload checks and tests. */
  peek(address: number, length: number): Uint8Array {
    const result = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const at = this.space.translate(address + done, false);
      const step = Math.min(PAGE_SIZE - (at & PAGE_MASK), length - done);
      result.set(this.frames.bytes.subarray(at, at + step), done);
      done += step;
    }
    return result;
  }

  /** Writes bytes without a price: for making payloads and for tests. */
  poke(address: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const at = this.writable(address + done);
      const step = Math.min(PAGE_SIZE - (at & PAGE_MASK), bytes.length - done);
      this.frames.bytes.set(bytes.subarray(done, done + step), at);
      done += step;
    }
  }

  /** Brings pages into the TLB and caches as writing them does, without a price: before anything is measured. */
  warm(address: number, length: number): void {
    const { pcpu, tlbTag } = this.vcpu;
    for (let at = address; at < address + length; at += PAGE_SIZE) {
      const page = this.writable(at);
      for (let piece = 0; piece < PAGE_SIZE; piece += this.frames.grainBytes) {
        pcpu.cache.touch(page + piece, true);
      }
      pcpu.tlb.touch(at >>> PAGE_SHIFT, tlbTag);
    }
  }

  /** Writes two 32-bit words without a price. The address is a multiple of 4, and both lie in one page. */
  pokeWords(address: number, first: number, second: number): void {
    const at = this.writable(address) >> 2;
    const { words } = this.frames;
    words[at] = first;
    words[at + 1] = second;
  }

  /** Whether two 32-bit words have these values. The address is a multiple of 4, and both lie in one page. */
  hasWords(address: number, first: number, second: number): boolean {
    const at = this.readable(address) >> 2;
    const { words } = this.frames;
    return words[at] === first && words[at + 1] === second;
  }

  /** Whether the bytes at an address equal a part of an expected buffer. Without a price: for payload checks. */
  equals(address: number, expected: Buffer, from: number, length: number): boolean {
    const { buffer } = this.frames;
    let done = 0;
    while (done < length) {
      const at = this.space.translate(address + done, false);
      const step = Math.min(PAGE_SIZE - (at & PAGE_MASK), length - done);
      if (compare.call(expected, buffer, at, at + step, from + done, from + done + step) !== 0) {
        return false;
      }
      done += step;
    }
    return true;
  }

  /** Its code may not write any more: translations that were kept no longer hold. */
  vcpuStopped(): void {
    this.space.generation++;
  }

  /** Machine address of what the domain may read; else it crashes, and GuestFault is thrown. */
  readable(address: number): number {
    const at = this.space.find(address, false);
    if (at < 0) this.fault(address, false);
    return at;
  }

  /** Machine address of what the domain may write; else it crashes, and GuestFault is thrown. Throws VcpuStopped. */
  writable(address: number): number {
    if (this.vcpu.state === 'offline') throw new VcpuStopped();
    const at = this.space.find(address, true);
    if (at < 0) this.fault(address, true);
    return at;
  }

  private fault(address: number, write: boolean): never {
    const { domain } = this.vcpu;
    const fault = new GuestFault(domain.domid, address, write);
    domain.fault(this.vcpu, fault);
    throw fault;
  }
}

/** Charges the page walks of the hardware for translations that the TLB did not hold. */
export function chargeTlbMisses(vcpu: Vcpu, misses: number): void {
  const { machine, pcpu } = vcpu;
  const ps = misses * machine.prices.tlbRefill;
  machine.counters.tlb.misses += misses;
  machine.counters.tlb.refillPs += ps;
  pcpu.charge(TLB, ps);
}
