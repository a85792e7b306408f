import type { AddressSpace } from '../../xen/address-space.js';
import { PAGE_MASK, PAGE_SIZE } from '../../xen/memory.js';

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

  /** Whether the mapping is still that in which the range was kept. */
  get isCurrent(): boolean {
    return this.space.generation === this.generation;
  }

  holds(address: number, length: number): boolean {
    return address >= this.first && address + length <= this.end && this.isCurrent;
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
