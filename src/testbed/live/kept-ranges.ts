import type { AddressSpace } from '../../xen/address-space.js';
import type { Vcpu } from '../../xen/vcpu.js';
import { KeptRange } from './kept-range.js';
import type { LiveMemory } from './live-memory.js';

/** The last two ranges of an address space from which, or to which, bytes were copied: a buffer and a ring, mostly. */
export class KeptRanges {
  private last: KeptRange;
  private other: KeptRange;

  /** @param write whether the domain must have the right to write there */
  constructor(
    private readonly vcpu: Vcpu,
    private readonly memory: LiveMemory,
    space: AddressSpace,
    write: boolean,
  ) {
    this.last = new KeptRange(space, write);
    this.other = new KeptRange(space, write);
  }

  /**
   * Machine address of the bytes; -1 where they do not lie in one piece, the domain has no right to them, the vCPU is
   * stopped (which changes the generation of its address space, too), or the memory is not shared yet.
   */
  find(address: number, length: number): number {
    const { last } = this;
    return last.holds(address, length) ? last.at(address) : this.findAnew(address, length);
  }

  private findAnew(address: number, length: number): number {
    if (this.vcpu.state === 'offline' || !this.memory.isShared) return -1;
    const found = this.other;
    this.other = this.last;
    this.last = found;
    if (!found.holds(address, length)) found.keep(address, length);
    return found.holds(address, length) ? found.at(address) : -1;
  }
}
