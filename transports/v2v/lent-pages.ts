import type { Guest } from '../../src/transport/guest.js';
import { PAGE_BYTES } from './layout.js';

/**
 * The pages in which one side puts payload and which it lends to the peer, transfer by transfer. Used and given back in
 * the same order; a page is not used again before the peer has answered.
 */
export class LentPages {
  private readonly address: number;
  private readonly references: Int32Array;
  private readonly pagesOf: Int32Array;
  private firstPage = 0;
  private lent = 0;
  private firstTransfer = 0;
  private transfers = 0;
  private freed = false;

  constructor(
    private readonly guest: Guest,
    private readonly peerDomid: number,
    private readonly pages: number,
  ) {
    this.address = guest.domain.allocate(pages);
    this.references = new Int32Array(pages);
    this.pagesOf = new Int32Array(pages);
  }

  /** Pages that the peer can read now. */
  get lentCount(): number {
    return this.lent;
  }

  /** Pages free for a transfer: none where as many transfers as pages wait for an answer. */
  get freeCount(): number {
    return this.transfers === this.pages ? 0 : this.pages - this.lent;
  }

  /** Number of the next transfer, and of the one whose answer comes next. 16 bits each. */
  get nextNumber(): number {
    return (this.firstTransfer + this.transfers) & 0xffff;
  }
  get awaitedNumber(): number {
    return this.firstTransfer & 0xffff;
  }
  get awaitsAnswer(): boolean {
    return this.transfers > 0;
  }

  /** Copies payload into free pages. There must be enough. */
  fill(source: number, length: number): void {
    const { memory } = this.guest;
    for (let done = 0; done < length; done += PAGE_BYTES) {
      const page = this.pageAddress(this.lent + done / PAGE_BYTES);
      memory.copy(page, source + done, Math.min(PAGE_BYTES, length - done));
    }
  }

  /**
   * Grants the next pages to the peer, for reading, as one transfer.
   *
   * @returns false where the grant table is full
   */
  lend(pages: number): boolean {
    const { grantTable } = this.guest.domain;
    for (let i = 0; i < pages; i++) {
      const reference = grantTable.grant(this.pageAddress(this.lent), this.peerDomid, true);
      if (reference < 0) {
        while (i-- > 0) this.endLast();
        return false;
      }
      this.references[this.slot(this.lent++)] = reference;
    }
    this.pagesOf[(this.firstTransfer + this.transfers++) % this.pages] = pages;
    return true;
  }

  /** Grant reference of a page of the transfer that was lent last. */
  referenceOfLast(index: number, pages: number): number {
    return this.references[this.slot(this.lent - pages + index)] as number;
  }

  /** The oldest transfer was answered: its pages are free again. False where the peer still maps one of them. */
  takeOldestBack(): boolean {
    const { grantTable } = this.guest.domain;
    const pages = this.pagesOf[this.firstTransfer % this.pages] as number;
    for (let i = 0; i < pages; i++) {
      if (!grantTable.end(this.references[this.firstPage] as number)) return false;
      this.firstPage = (this.firstPage + 1) % this.pages;
      this.lent--;
    }
    this.firstTransfer++;
    this.transfers--;
    return true;
  }

  /** The connection is over. Frees what can be freed. Returns the pages that the peer still maps: those leak. */
  freeAll(): number {
    if (this.freed) return this.lent;
    this.freed = true;
    const { domain } = this.guest;
    const lent = this.lent;
    for (let i = 0; i < this.pages; i++) {
      const stuck = i < lent && !domain.grantTable.end(this.references[this.slot(i)] as number);
      if (stuck) continue;
      domain.free(this.pageAddress(i), 1);
      if (i < lent) this.lent--;
    }
    return this.lent;
  }

  private endLast(): void {
    const reference = this.references[this.slot(--this.lent)] as number;
    this.guest.domain.grantTable.end(reference);
  }

  /** Slot of a page counted from the oldest that is lent. */
  private slot(index: number): number {
    return (this.firstPage + index) % this.pages;
  }

  private pageAddress(index: number): number {
    return this.address + this.slot(index) * PAGE_BYTES;
  }
}
