import type { AddressSpace } from '../../xen/address-space.js';
import type { GuestMemory } from '../../xen/guest-memory.js';
import { ProgramWords } from '../../xen/program-words.js';
import { KeptRange } from './kept-range.js';
import type { LiveMemory } from './live-memory.js';

/** A program's words in the memory of this machine. Where they lie is found once, and again when the mapping has changed. */
export class LiveProgramWords extends ProgramWords {
  private readonly range: KeptRange;
  /** Machine address / 4, while the range is current. */
  private at = 0;

  constructor(
    memory: GuestMemory,
    address: number,
    private readonly bytes: number,
    space: AddressSpace,
    private readonly live: LiveMemory,
  ) {
    super(memory, address);
    this.range = new KeptRange(space, true);
  }

  override write(offset: number, first: number, second: number): void {
    if (!this.range.isCurrent && !this.findAnew()) {
      super.write(offset, first, second);
      return;
    }
    const { words } = this.live;
    const at = this.at + (offset >> 2);
    words[at] = first;
    words[at + 1] = second;
  }

  /** Returns false where the buffer does not lie in one piece, or the domain may not write it. */
  private findAnew(): boolean {
    const { range, address, bytes } = this;
    if (this.memory.vcpu.state === 'offline' || !this.live.isShared) return false;
    range.keep(address, bytes);
    this.at = range.at(address) >> 2;
    if (range.holds(address, bytes)) return true;
    range.forget();
    return false;
  }
}
