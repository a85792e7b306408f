import type { AddressSpace } from '../../xen/address-space.js';
import { PAGE_MASK, PAGE_SIZE } from '../../xen/memory.js';
import type { Vcpu } from '../../xen/vcpu.js';
import type { LiveMemory } from './live-memory.js';

/** Pages that are looked at beyond what was asked for: rings are rarely longer. */
const PAGES_AHEAD = 16;
/** No generation of an address space. */
const NEVER = -1;

/** Adjacent guest pages behind which adjacent frames lie. */
export class KeptRange {
  private first = 0;
  private end = 0;
  private distance = 0;
  private generation = NEVER;

  constructor(
    private readonly space: AddressSpace,
    private readonly write: boolean,
  ) {}

  holds(address: number, length: number): boolean {
    return (
      address >= this.first &&
      address + length <= this.end &&
      this.space.generation === this.generation
    );
  }

  /** The machine address, where it `holds`. */
  at(address: number): number {
    return address + this.distance;
  }

  /** Holds nothing any more. */
  forget(): void {
    this.generation = NEVER;
  }

  /** Keeps the range that begins with the page of an address. */
  keep(address: number, length: number): void {
    const { space, write } = this;
    const page = address & ~PAGE_MASK;
    const frame = space.find(page, write);
    this.first = this.end = page;
    this.distance = frame - page;
    this.generation = space.generation;
    if (frame < 0) return;
    const most = address + length + PAGES_AHEAD * PAGE_SIZE;
    do this.end += PAGE_SIZE;
    while (this.end < most && space.find(this.end, write) === this.end + this.distance);
  }
}

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
