import type { GuestMemory } from './guest-memory.js';

/** A program's own buffer, of which it writes words over and over. Without a price, as all that payloads are made of. */
export class ProgramWords {
  /** @param address of the buffer in the domain's address space: a multiple of 8 */
  constructor(
    protected readonly memory: GuestMemory,
    protected readonly address: number,
  ) {}

  /** Writes two 32-bit words. @param offset a multiple of 8 */
  write(offset: number, first: number, second: number): void {
    this.memory.pokeWords(this.address + offset, first, second);
  }
}
