import type { Guest } from '../../transport/guest.js';
import type { Machine } from '../../xen/machine.js';
import { PAGE_SHIFT, PAGE_SIZE } from '../../xen/memory.js';
import { foreignReaches } from '../checkers/isolation.js';

const SECRET = Buffer.from('what no other domain may ever see');

/** Pages of a victim that nobody may write and whose content nobody else may get: they lie between what it shares. */
export class CanaryPages {
  private readonly expected = Buffer.alloc(PAGE_SIZE);
  private readonly addresses: number[] = [];

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

  get intact(): boolean {
    const { memory } = this.victim;
    return this.addresses.every((address) => memory.equals(address, this.expected, 0, PAGE_SIZE));
  }

  /** Whether a part of the secret lies in memory of a guest's program. */
  static leakedInto(guest: Guest, address: number, length: number): boolean {
    return holdsSecret(Buffer.from(guest.memory.peek(address, length)));
  }

  /** Whether the secret lies in a frame that two domains reach. */
  static leakedIntoShared(machine: Machine): boolean {
    const frames = new Set(foreignReaches(machine).map(({ mfn }) => mfn));
    for (const mfn of frames) {
      const from = mfn << PAGE_SHIFT;
      if (holdsSecret(machine.memory.buffer.subarray(from, from + PAGE_SIZE))) return true;
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
