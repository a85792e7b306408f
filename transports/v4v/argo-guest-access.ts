import { PAGE_WALK } from '../../src/xen/causes.js';
import { chargeTlbMisses } from '../../src/xen/guest-memory.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from '../../src/xen/memory.js';
import type { Vcpu } from '../../src/xen/vcpu.js';

const SCRATCH_BYTES = 128;
/** Below it, bit operations say what arithmetic says. */
const LARGEST_SIMPLE_ADDRESS = 0x80000000;

/**
 * copy_from_guest and copy_to_guest: how Xen reaches what a hypercall's arguments point at.
 *
 * A PVH guest's addresses are walked in software, each page anew for each access (__hvm_copy in
 * xen/arch/x86/hvm/hvm.c). Of a PV guest, whose page tables are in use, Xen reads and writes directly
 * (xen/arch/x86/usercopy.c): no walk, but its translations go through the TLB.
 */
export class GuestAccess {
  /** What was read, or is to be written. */
  readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private walks = 0;
  private misses = 0;

  constructor() {
    const buffer = new ArrayBuffer(SCRATCH_BYTES);
    this.words = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /** Reads at most 128 bytes into `words`. Returns false where the guest has no such memory: -EFAULT. */
  read(vcpu: Vcpu, address: number, length: number): boolean {
    if (!this.reach(vcpu, address, length, false)) return false;
    const { space } = vcpu.domain;
    const { memory } = vcpu.machine;
    if ((address & 3) === 0 && (address & PAGE_MASK) + length <= PAGE_SIZE) {
      const from = space.translate(address, false) >> 2;
      const { words } = this;
      for (let i = 0, count = length >> 2; i < count; i++) {
        words[i] = memory.words[from + i] as number;
      }
      return true;
    }
    for (let i = 0; i < length; i++) {
      this.bytes[i] = memory.bytes[space.translate(address + i, false)] as number;
    }
    return true;
  }

  /** Writes one field of 2 or 4 bytes. Returns false where the guest cannot be written there. */
  writeField(vcpu: Vcpu, address: number, length: number, value: number): boolean {
    if (!this.reach(vcpu, address, length, true)) return false;
    const { memory } = vcpu.machine;
    for (let i = 0; i < length; i++) {
      memory.bytes[vcpu.domain.space.translate(address + i, true)] = (value >>> (8 * i)) & 0xff;
    }
    return true;
  }

  /**
   * Reaches a range, page by page, without moving anything. Returns false where the guest has no such memory.
   *
   * @param cuts where else the access is cut into pieces: Xen fills a page of ring at a time, each from the start
   */
  reach(vcpu: Vcpu, address: number, length: number, write: boolean, cuts = 0): boolean {
    const { space, type } = vcpu.domain;
    const inPage = (address & PAGE_MASK) + length;
    // Most accesses are reads within one page.
    const isThere =
      !write && inPage <= PAGE_SIZE && address >= 0 && address < LARGEST_SIMPLE_ADDRESS
        ? space.frameAt(address >>> PAGE_SHIFT) >= 0
        : space.reaches(address, length, write);
    if (!isThere) {
      if (type === 'pvh') this.walks++;
      return false;
    }
    const pages = (inPage + PAGE_MASK) >> PAGE_SHIFT;
    if (type === 'pvh') {
      this.walks += pages + cuts;
      return true;
    }
    const first = address >>> PAGE_SHIFT;
    for (let page = first; page < first + pages; page++) {
      if (!vcpu.pcpu.tlb.touch(page, vcpu.tlbTag)) this.misses++;
    }
    return true;
  }

  /** Charges what was reached since the last call. */
  settle(vcpu: Vcpu): void {
    if (this.walks > 0) {
      vcpu.machine.counters.work.pageWalks += this.walks;
      vcpu.pcpu.charge(PAGE_WALK, this.walks * vcpu.machine.prices.pageWalk);
      this.walks = 0;
    }
    if (this.misses > 0) {
      chargeTlbMisses(vcpu, this.misses);
      this.misses = 0;
    }
  }
}

/**
 * Page boundaries of the ring inside a piece of a message that are none of the source's: at each, Xen begins a new
 * access to the guest, in the middle of a page.
 */
export function ringCuts(source: number, ringOffset: number, length: number): number {
  const shift = (ringOffset & PAGE_MASK) - (source & PAGE_MASK);
  if (shift === 0) return 0;
  return ((ringOffset & PAGE_MASK) + length - 1) >> PAGE_SHIFT;
}
