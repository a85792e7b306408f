import type { Guest } from '../../transport/guest.js';
import type { Machine } from '../../xen/machine.js';
import { NO_DOMAIN, PAGE_SHIFT, PAGE_SIZE } from '../../xen/memory.js';

/** Canaries at which every look looks. */
const NEWEST = 4;
/** What canary pages are full of. Whoever has 15 bytes of one has these eight: one search tells. */
const SECRET = Buffer.from('private!');

/** Pages of a victim that nobody may write and whose content nobody else may get: they lie between what it shares. */
export class CanaryPages {
  private readonly expected = Buffer.alloc(PAGE_SIZE, SECRET);
  private readonly addresses: number[] = [];
  private next = 0;

  constructor(private readonly victim: Guest) {}

  /** One more page, next to what the domain has allocated last. */
  add(): void {
    const address = this.victim.domain.allocate(1);
    this.victim.memory.poke(address, this.expected);
    this.addresses.push(address);
  }

  /** Whether the newest pages are as they were, and of the others the next in turn: cheap enough for every state. */
  get lookIntact(): boolean {
    const { addresses } = this;
    for (let i = Math.max(0, addresses.length - NEWEST); i < addresses.length; i++) {
      if (!this.isIntact(addresses[i] as number)) return false;
    }
    this.next = (this.next + 1) % Math.max(1, addresses.length);
    const other = addresses[this.next];
    return other === undefined || this.isIntact(other);
  }

  /** Whether all are as they were. */
  get areIntact(): boolean {
    return this.addresses.every((address) => this.isIntact(address));
  }

  private isIntact(address: number): boolean {
    return this.victim.memory.equals(address, this.expected, 0, PAGE_SIZE);
  }

  /** Whether a part of the secret lies in memory of a guest's program. */
  static leakedInto(guest: Guest, address: number, length: number): boolean {
    return Buffer.from(guest.memory.peek(address, length)).includes(SECRET);
  }

  /** Whether the secret lies in a frame that a domain has mapped beside its owner. */
  static leakedIntoShared({ memory }: Machine): boolean {
    const { foreignMappings, allocatedFrames } = memory;
    // Frames are numbered from 0; freed ones among them are mapped by nobody.
    for (let mfn = 0, seen = 0; seen < allocatedFrames && mfn < foreignMappings.length; mfn++) {
      if (memory.owners[mfn] !== NO_DOMAIN) seen++;
      if (foreignMappings[mfn] === 0) continue;
      const from = mfn << PAGE_SHIFT;
      if (memory.buffer.subarray(from, from + PAGE_SIZE).includes(SECRET)) return true;
    }
    return false;
  }
}
