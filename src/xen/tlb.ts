import { LruTable } from './lru-table.js';

/**
 * The TLB of one pCPU: guest pages by tag, least recently used out. Where TLBs are tagged, a tag belongs to a vCPU
 * and entries outlive VMEXITs; without tags every change of vCPU empties it.
 */
export class Tlb {
  private readonly table: LruTable;

  constructor(entries: number) {
    this.table = new LruTable(entries);
  }

  /** Translates a page. Returns false on a miss, after which the entry is there. */
  touch(page: number, tag: number): boolean {
    return this.table.touch(page, tag, 0);
  }

  /** Drops everything: the pCPU takes new tags. Returns the entries dropped. */
  flushAll(): number {
    return this.table.clear();
  }

  /** Drops what one vCPU has here. Returns the entries dropped. */
  flushTag(tag: number): number {
    return this.table.removeTag(tag);
  }

  /** INVLPG. Returns the entries dropped: 0 or 1. */
  flushPage(page: number, tag: number): number {
    return this.table.remove(page, tag) ? 1 : 0;
  }
}
