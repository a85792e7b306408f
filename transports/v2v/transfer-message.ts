import type { Guest } from '../../src/transport/guest.js';
import { LARGEST_RING, PAGE_BYTES } from './layout.js';

/**
 * Messages of the grant modes: this project's, in netchannel2's frame. They do what a request and a response of netback
 * do: the sender lends pages by their grant references, the receiver answers when it has let go of them.
 *
 * | type | payload, little-endian |
 * | --- | --- |
 * | 2, transfer | u16 number, u16 pages, u32 bytes, then a u32 grant reference for each page |
 * | 3, answer | u16 number, u16 of zeros: the pages are read and let go |
 */
export const MESSAGE_TRANSFER = 2;
export const MESSAGE_ANSWER = 3;

/** Most pages that one side lends at a time: as many as a ring can have. */
export const MOST_PAGES = LARGEST_RING / PAGE_BYTES;
const TRANSFER_FIXED_BYTES = 8;
export const ANSWER_BYTES = 4;
export const LARGEST_TRANSFER_MESSAGE = TRANSFER_FIXED_BYTES + 4 * MOST_PAGES;

export function transferMessageBytes(pages: number): number {
  return TRANSFER_FIXED_BYTES + 4 * pages;
}

/**
 * A page of a guest's own in which such a message is put together before it is copied into the ring, and into which
 * one is copied out before it is looked at: the peer may change the ring meanwhile.
 */
export class MessageBuffer {
  readonly address: number;

  constructor(private readonly guest: Guest) {
    this.address = guest.domain.allocate(1);
  }

  word(index: number): number {
    return (this.guest.machine.memory.words[this.at(index, false)] as number) >>> 0;
  }

  setWord(index: number, value: number): void {
    this.guest.machine.memory.words[this.at(index, true)] = value;
  }

  free(): void {
    this.guest.domain.free(this.address, 1);
  }

  private at(index: number, write: boolean): number {
    return this.guest.domain.space.translate(this.address + 4 * index, write) >> 2;
  }
}
