import type { Trace } from '../sim/trace.js';
import { type AddressSpace, GuestFault } from './address-space.js';
import { CACHE_LINE, COPY, TLB } from './causes.js';
import type { MachineCounters } from './counters.js';
import { type MachineMemory, PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from './memory.js';
import type { Pcpu } from './pcpu.js';
import type { SharedLine } from './shared-line.js';
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
  private readonly pcpu: Pcpu;
  private readonly work: MachineCounters['work'];
  private readonly copies: MachineCounters['copies'];
  private readonly cacheLinePs: number;
  private readonly trace: Trace;

  constructor(
    protected readonly vcpu: Vcpu,
    protected readonly space: AddressSpace,
  ) {
    const { memory, counters, prices, trace } = vcpu.machine;
    this.trace = trace;
    this.frames = memory;
    this.pcpu = vcpu.pcpu;
    this.work = counters.work;
    this.copies = counters.copies;
    this.cacheLinePs = prices.cacheLine;
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

  /** What a copy by the guest is, whatever carries it out. */
  protected accountForCopy(length: number): void {
    const { vcpu, copies } = this;
    if (vcpu.state === 'offline') throw new VcpuStopped();
    vcpu.useFpu();
    copies.guestCopies++;
    copies.guestBytes += length;
  }

  /**
   * Copies between two address spaces on this vCPU's pCPU, page by page, and charges what TLB and caches say. Each end
   * of the copy pays half the price of the level in which its page was found.
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
      const sourceLevel = cache.touch(from >> PAGE_SHIFT, false);
      const destinationLevel = cache.touch(to >> PAGE_SHIFT, true);
      price +=
        step * ((halfPrices[sourceLevel] as number) + (halfPrices[destinationLevel] as number));
      if (guest) {
        if (!tlb.touch((source + done) >>> PAGE_SHIFT, tlbTag)) misses++;
        if (!tlb.touch((destination + done) >>> PAGE_SHIFT, tlbTag)) misses++;
      }
      done += step;
    }
    pcpu.charge(COPY, machine.prices.copySetup + Math.round(price));
    if (misses > 0) chargeTlbMisses(this.vcpu, misses);
  }

  /** Reads a 32-bit word that a peer may write. @param line the cache line in which it lies */
  readShared32(address: number, line: SharedLine): number {
    if (line.read(this.pcpu.id)) this.fetchLine();
    const at = this.readable(address);
    return (this.frames.words[at >> 2] as number) >>> 0;
  }

  /** Reads a 32-bit word that a peer may read and should not write: an index of one's own. */
  readOwn32(address: number, line: SharedLine): number {
    return this.readShared32(address, line);
  }

  /** Writes a 32-bit word that a peer may read or write. */
  writeShared32(address: number, value: number, line: SharedLine): void {
    if (line.write(this.pcpu.id)) this.fetchLine();
    const at = this.writable(address);
    this.frames.words[at >> 2] = value | 0;
    this.wroteShared();
  }

  /** Reads a byte that a peer may write. */
  readShared8(address: number, line: SharedLine): number {
    if (line.read(this.pcpu.id)) this.fetchLine();
    return this.frames.bytes[this.readable(address)] as number;
  }

  /** Writes a byte that a peer may read or write (also stands for an atomic operation on it). */
  writeShared8(address: number, value: number, line: SharedLine): void {
    if (line.write(this.pcpu.id)) this.fetchLine();
    this.frames.bytes[this.writable(address)] = value;
    this.wroteShared();
  }

  /** Adds to a 32-bit word that a peer reads, as `index += n` does: one access to the line. */
  addShared32(address: number, increment: number, line: SharedLine): void {
    if (line.write(this.pcpu.id)) this.fetchLine();
    const at = this.writable(address) >> 2;
    const { words } = this.frames;
    words[at] = (words[at] as number) + increment;
    this.wroteShared();
  }

  /** Atomically clears and sets bits of a byte that a peer writes too. Returns what it was. */
  exchangeBits8(address: number, clear: number, set: number, line: SharedLine): number {
    if (line.write(this.pcpu.id)) this.fetchLine();
    const at = this.writable(address);
    const { bytes } = this.frames;
    const before = bytes[at] as number;
    bytes[at] = (before & ~clear) | set;
    this.wroteShared();
    return before;
  }

  /**
   * Adds to an index that a peer reads, and then clears a bit by which it may have asked to be told: both lie in one line.
   *
   * @returns whether it had asked
   */
  announce32(address: number, by: number, flags: number, bit: number, line: SharedLine): boolean {
    this.addShared32(address, by, line);
    return (this.exchangeBits8(flags, bit, 0, line) & bit) !== 0;
  }

  /** Whoever watches may let the domain die behind this write: then nothing of it runs on. */
  private wroteShared(): void {
    const { observer } = this.trace;
    if (observer?.sharedWrite === undefined) return;
    observer.sharedWrite(this.pcpu.clock, this.vcpu.domain.domid);
    if (this.vcpu.state === 'offline') throw new VcpuStopped();
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
      pcpu.cache.touch(this.writable(at) >> PAGE_SHIFT, true);
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

  protected readable(address: number): number {
    const at = this.space.find(address, false);
    if (at < 0) this.fault(address, false);
    return at;
  }

  protected writable(address: number): number {
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

  private fetchLine(): void {
    this.work.cacheLineTransfers++;
    this.pcpu.charge(CACHE_LINE, this.cacheLinePs);
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
