import type { Trace } from '../sim/trace.js';
import { CACHE_LINE } from './causes.js';
import type { MachineCounters } from './counters.js';
import type { GuestMemory } from './guest-memory.js';
import type { MachineMemory } from './memory.js';
import type { Pcpu } from './pcpu.js';
import type { SharedLine } from './shared-line.js';
import type { Vcpu } from './vcpu.js';
import { VcpuStopped } from './vcpu-stopped.js';

/**
 * Fields of one cache line that two domains have mapped - indexes, flags - as one of them sees them, by their offsets. Each
 * access costs the way of the line, where another pCPU has it, and faults as any access of `memory` does.
 */
export class SharedFields {
  protected readonly vcpu: Vcpu;
  protected readonly frames: MachineMemory;
  private readonly pcpu: Pcpu;
  private readonly work: MachineCounters['work'];
  private readonly cacheLinePs: number;
  private readonly trace: Trace;

  /** @param address of the fields in the domain's address space */
  constructor(
    protected readonly memory: GuestMemory,
    readonly address: number,
    private readonly line: SharedLine,
  ) {
    const { vcpu } = memory;
    const { machine, pcpu } = vcpu;
    this.vcpu = vcpu;
    this.pcpu = pcpu;
    this.frames = machine.memory;
    this.work = machine.counters.work;
    this.cacheLinePs = machine.prices.cacheLine;
    this.trace = machine.trace;
  }

  /** Reads a 32-bit word that a peer may write. */
  read32(offset: number): number {
    if (this.line.read(this.pcpu.id)) this.fetchLine();
    const at = this.memory.readable(this.address + offset);
    return (this.frames.words[at >> 2] as number) >>> 0;
  }

  /** Reads a 32-bit word that a peer may read and should not write: an index of one's own. */
  readOwn32(offset: number): number {
    return this.read32(offset);
  }

  /** Writes a 32-bit word that a peer may read or write. */
  write32(offset: number, value: number): void {
    if (this.line.write(this.pcpu.id)) this.fetchLine();
    const at = this.memory.writable(this.address + offset);
    this.frames.words[at >> 2] = value | 0;
    this.written();
  }

  /** Reads a byte that a peer may write. */
  read8(offset: number): number {
    if (this.line.read(this.pcpu.id)) this.fetchLine();
    return this.frames.bytes[this.memory.readable(this.address + offset)] as number;
  }

  /** Writes a byte that a peer may read or write (also stands for an atomic operation on it). */
  write8(offset: number, value: number): void {
    if (this.line.write(this.pcpu.id)) this.fetchLine();
    this.frames.bytes[this.memory.writable(this.address + offset)] = value;
    this.written();
  }

  /** Adds to a 32-bit word that a peer reads, as `index += n` does: one access to the line. */
  add32(offset: number, increment: number): void {
    if (this.line.write(this.pcpu.id)) this.fetchLine();
    const at = this.memory.writable(this.address + offset) >> 2;
    const { words } = this.frames;
    words[at] = (words[at] as number) + increment;
    this.written();
  }

  /** Atomically clears and sets bits of a byte that a peer writes too. Returns what it was. */
  exchangeBits8(offset: number, clear: number, set: number): number {
    if (this.line.write(this.pcpu.id)) this.fetchLine();
    const at = this.memory.writable(this.address + offset);
    const { bytes } = this.frames;
    const before = bytes[at] as number;
    bytes[at] = (before & ~clear) | set;
    this.written();
    return before;
  }

  /**
   * Adds to an index that a peer reads, and then clears a bit by which it may have asked to be told.
   *
   * @param flags offset of the byte with that bit
   * @returns whether it had asked
   */
  announce32(offset: number, by: number, flags: number, bit: number): boolean {
    this.add32(offset, by);
    return (this.exchangeBits8(flags, bit, 0) & bit) !== 0;
  }

  /** Whoever watches may let the domain die behind this write: then nothing of it runs on. */
  private written(): void {
    const { observer } = this.trace;
    if (observer?.sharedWrite === undefined) return;
    observer.sharedWrite(this.pcpu.clock, this.vcpu.domain.domid);
    if (this.vcpu.state === 'offline') throw new VcpuStopped();
  }

  private fetchLine(): void {
    this.work.cacheLineTransfers++;
    this.pcpu.charge(CACHE_LINE, this.cacheLinePs);
  }
}
