import type { Features } from '../profiles/feature-list.js';
import { LruTable } from './lru-table.js';
import { type MachineMemory, PAGE_SIZE } from './memory.js';

/** Where a page was found: indexes of CacheHierarchy's prices. */
export const IN_L1 = 0;
export const IN_L2 = 1;
export const IN_L3 = 2;
export const IN_DRAM = 3;

/**
 * The caches that one pCPU sees, page by page: private L1 and L2, and the socket's L3. Coherent through the version of
 * each frame: when another pCPU has written since, the private copies are stale and the page comes from L3.
 *
 * Simplification (docs/cost-model.md): a page counts as resident wholly or not at all, even if few lines were touched.
 */
export class CacheHierarchy {
  private readonly l1: LruTable;
  private readonly l2: LruTable;
  private readonly claimsFromL3: boolean;

  constructor(
    private readonly memory: MachineMemory,
    private readonly pcpu: number,
    private readonly l3: LruTable,
    features: Pick<Features, 'l1Bytes' | 'l2Bytes' | 'claimsFromL3'>,
  ) {
    this.l1 = new LruTable(Math.max(1, Math.floor(features.l1Bytes / PAGE_SIZE)));
    this.l2 = new LruTable(Math.max(1, Math.floor(features.l2Bytes / PAGE_SIZE)));
    this.claimsFromL3 = features.claimsFromL3;
  }

  /** Uses a page. Returns the level in which it was found. */
  touch(mfn: number, write: boolean): number {
    const { memory, pcpu } = this;
    const found = memory.versions[mfn] as number;
    const isOwn = memory.lastWriters[mfn] === pcpu;
    if (write && !(isOwn && memory.readElsewhere[mfn] === 0)) return this.claim(mfn, found);
    if (!isOwn) memory.readElsewhere[mfn] = 1;
    if (this.l1.touch(mfn, 0, found)) return IN_L1;
    const inL2 = this.l2.touch(mfn, 0, found);
    const inL3 = this.l3.touch(mfn, 0, 0);
    return inL2 ? IN_L2 : inL3 ? IN_L3 : IN_DRAM;
  }

  /**
   * The first write after another pCPU wrote or read: makes every other copy stale. Where this pCPU's own copy is still
   * good, the data is in it, and only the others' must go: free, or as far away as L3 (`claimsFromL3`).
   */
  private claim(mfn: number, found: number): number {
    const { memory } = this;
    const waits = this.claimsFromL3 && memory.readElsewhere[mfn] !== 0;
    const fresh = (found + 1) | 0;
    memory.versions[mfn] = fresh;
    memory.lastWriters[mfn] = this.pcpu;
    memory.readElsewhere[mfn] = 0;
    const inL1 = this.l1.touch(mfn, 0, fresh, found);
    const inL2 = this.l2.touch(mfn, 0, fresh, found);
    const inL3 = this.l3.touch(mfn, 0, 0);
    if (waits && inL3) return IN_L3;
    return inL1 ? IN_L1 : inL2 ? IN_L2 : inL3 ? IN_L3 : IN_DRAM;
  }
}
