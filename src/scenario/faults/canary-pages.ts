import type { Guest } from '../../transport/guest.js';
import type { Machine } from '../../xen/machine.js';
import { NO_DOMAIN, PAGE_SHIFT, PAGE_SIZE } from '../../xen/memory.js';

/** Canaries at which every look looks. */
const NEWEST = 4;
const SECRET = Buffer.from('what no other domain may ever see');

/** Pages of a victim that nobody may write and whose content nobody else may get: they lie between what it shares. */
export class CanaryPages {
  private readonly expected = Buffer.alloc(PAGE_SIZE);
  private readonly addresses: number[] = [];
  private next = 0;

  constructor(private readonly victim: Guest) {
    for (let at = 0; at + SECRET.length <= PAGE_SIZE; at += SECRET.length) {
      SECRET.copy(this.expected, at);
    }
  }

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
    return holdsSecret(Buffer.from(guest.memory.peek(address, length)));
  }

  /** Whether the secret lies in a frame that a domain has mapped beside its owner. */
  static leakedIntoShared({ memory }: Machine): boolean {
    const { foreignMappings, allocatedFrames } = memory;
    // Frames are numbered from 0; freed ones among them are mapped by nobody.
    for (let mfn = 0, seen = 0; seen < allocatedFrames && mfn < foreignMappings.length; mfn++) {
      if (memory.owners[mfn] !== NO_DOMAIN) seen++;
      if (foreignMappings[mfn] === 0) continue;
      const from = mfn << PAGE_SHIFT;
      if (holdsSecret(memory.buffer.subarray(from, from + PAGE_SIZE))) return true;
    }
    return false;
  }
}

/** Eight bytes of it are enough to tell. */
function holdsSecret(bytes: Buffer): boolean {
  for (let from = 0; from + 8 <= SECRET.length; from += 8) {
    if (bytes.includes(SECRET.subarray(from, from + 8))) return true;
  }
  return false;
}
