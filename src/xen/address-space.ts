import { InvariantViolation } from '../base/errors.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from './memory.js';
import { PageRanges } from './page-ranges.js';

/** A guest touched an address that it does not have, or wrote where it may only read. */
export class GuestFault extends Error {
  override readonly name = 'GuestFault';
  constructor(
    readonly domid: number,
    readonly address: number,
    readonly write: boolean,
  ) {
    super(`dom${domid}: page fault ${write ? 'writing' : 'reading'} 0x${address.toString(16)}`);
  }
}

/** Nothing is mapped at this page. */
const HOLE = -1;
/** Bit of an entry. */
const READ_ONLY = 1;
/** Addresses are 31-bit: the machine has no more memory than that (memory.ts). */
const MOST_PAGES = 1 << 19;

/**
 * What one domain can reach: guest page -> machine frame, with a right to write. For a PVH guest this is its p2m; for
 * a PV guest it stands for its page tables, which Xen has checked.
 *
 * Page 0 is never mapped, so address 0 always faults.
 */
export class AddressSpace {
  /** Of each page: twice its machine frame, plus one where it may only be read. */
  private entries: Int32Array = new Int32Array(32).fill(HOLE);
  /** Changes with each change of the mapping: whoever has kept a translation asks whether it still holds. */
  generation = 0;
  private nextPage = 1;
  private readonly unused = new PageRanges();

  constructor(readonly domid: number) {}

  /** Finds `pages` adjacent unused guest pages, the lowest there are. Returns the address of the first. */
  reserve(pages: number): number {
    const found = this.unused.take(pages);
    if (found >= 0) return found << PAGE_SHIFT;
    const first = this.nextPage;
    if (first + pages > MOST_PAGES) {
      throw new InvariantViolation('a domain has used up its 2 GiB of addresses', {
        domid: this.domid,
        pages,
      });
    }
    this.nextPage += pages;
    if (this.nextPage > this.entries.length) this.grow(this.nextPage);
    return first << PAGE_SHIFT;
  }

  /** Pages that `reserve` gave, and that are not mapped now, may be reserved again. */
  giveBack(page: number, pages: number): void {
    this.unused.add(page, pages);
  }

  map(page: number, mfn: number, writable: boolean): void {
    if (page >= this.entries.length) this.grow(page + 1);
    if (page >= this.nextPage) this.nextPage = page + 1;
    this.generation++;
    this.entries[page] = (mfn << 1) | (writable ? 0 : READ_ONLY);
  }

  unmap(page: number): void {
    this.generation++;
    this.entries[page] = HOLE;
  }

  /** Machine frame behind a guest page, or -1. */
  frameAt(page: number): number {
    const entry = this.entryAt(page);
    return entry === HOLE ? HOLE : entry >> 1;
  }

  /** Whether every byte of the range can be read (and written, if asked). */
  reaches(address: number, length: number, write: boolean): boolean {
    if (!Number.isSafeInteger(address) || address < 0) return false;
    const last = Math.floor((address + Math.max(length, 1) - 1) / PAGE_SIZE);
    for (let page = Math.floor(address / PAGE_SIZE); page <= last; page++) {
      const entry = this.entryAt(page);
      if (entry === HOLE || (write && (entry & READ_ONLY) !== 0)) return false;
    }
    return true;
  }

  /** Machine address of a guest address, or -1 where the domain has no right to it. */
  find(address: number, write: boolean): number {
    const page = address >>> PAGE_SHIFT;
    const { entries } = this;
    const entry = page < entries.length ? (entries[page] as number) : HOLE;
    // Nobody has a right to a hole, nor to write what is only to be read.
    if (entry < 0 || (write && (entry & READ_ONLY) !== 0)) return -1;
    return ((entry >> 1) << PAGE_SHIFT) | (address & PAGE_MASK);
  }

  /** Machine address of a guest address. Throws GuestFault. */
  translate(address: number, write: boolean): number {
    const at = this.find(address, write);
    if (at < 0) throw new GuestFault(this.domid, address, write);
    return at;
  }

  /** Guest pages mapped now, with their frames and rights. */
  *mappings(): Generator<{ page: number; mfn: number; writable: boolean }> {
    for (let page = 0; page < this.nextPage; page++) {
      const entry = this.entryAt(page);
      if (entry !== HOLE) yield { page, mfn: entry >> 1, writable: (entry & READ_ONLY) === 0 };
    }
  }

  private entryAt(page: number): number {
    return page < this.entries.length && page >= 0 ? (this.entries[page] as number) : HOLE;
  }

  private grow(pages: number): void {
    let size = this.entries.length;
    while (size < pages) size *= 2;
    const entries = new Int32Array(size).fill(HOLE);
    entries.set(this.entries);
    this.entries = entries;
  }
}
