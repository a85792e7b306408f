import type { Features } from '../profiles/feature-list.js';
import { LruTable } from './lru-table.js';
import type { MachineMemory } from './memory.js';

/** Where a piece of memory was found: indexes of CacheHierarchy's prices. */
export const IN_L1 = 0;
export const IN_L2 = 1;
export const IN_L3 = 2;
export const IN_DRAM = 3;
/** Added to the level of a write for which the copies of other pCPUs must go first. */
export const CLAIMED = 4;

/**
 * The caches that one pCPU sees, piece by piece (`cacheGrainBytes`): private L1 and L2, and the socket's L3. Coherent through the
 * version of each piece: when another pCPU has written since, the private copies are stale and the piece comes from L3.
 *
 * Simplification (docs/cost-model.md): a piece counts as resident wholly or not at all, even if few lines were touched. The
 * published profiles have pages for pieces.
 */
export class CacheHierarchy {
  private readonly l1: LruTable;
  private readonly l2: LruTable;
  readonly grainBytes: number;
  /** A machine address has so many bits within its piece. */
  private readonly shift: number;

  constructor(
    private readonly memory: MachineMemory,
    private readonly pcpu: number,
    private readonly l3: LruTable,
    features: Pick<Features, 'l1Bytes' | 'l2Bytes'>,
  ) {
    const { grainBytes } = memory;
    this.grainBytes = grainBytes;
    this.shift = 31 - Math.clz32(grainBytes);
    this.l1 = new LruTable(Math.max(1, Math.floor(features.l1Bytes / grainBytes)));
    this.l2 = new LruTable(Math.max(1, Math.floor(features.l2Bytes / grainBytes)));
  }

  /** Uses the piece in which a machine address lies. Returns the level in which it was found, and CLAIMED where it was. */
  touch(machineAddress: number, write: boolean): number {
    const { pcpu } = this;
    const { versions, lastWriters, readElsewhere } = this.memory.coherence;
    const piece = machineAddress >>> this.shift;
    const found = versions[piece] as number;
    const isOwn = lastWriters[piece] === pcpu;
    if (write && !(isOwn && readElsewhere[piece] === 0)) return this.claim(piece, found);
    // What nobody has written is nobody's to claim.
    if (!isOwn && (lastWriters[piece] as number) >= 0) readElsewhere[piece] = 1;
    if (this.l1.touch(piece, 0, found)) return IN_L1;
    const inL2 = this.l2.touch(piece, 0, found);
    const inL3 = this.l3.touch(piece, 0, 0);
    return inL2 ? IN_L2 : inL3 ? IN_L3 : IN_DRAM;
  }

  /**
   * The first write after another pCPU wrote or read: makes every other copy stale. Where this pCPU's own copy is still
   * good, the data is in it, and only the others' must go.
   */
  private claim(piece: number, found: number): number {
    const { versions, lastWriters, readElsewhere } = this.memory.coherence;
    const claimed = readElsewhere[piece] === 0 ? 0 : CLAIMED;
    const fresh = (found + 1) | 0;
    versions[piece] = fresh;
    lastWriters[piece] = this.pcpu;
    readElsewhere[piece] = 0;
    const inL1 = this.l1.touch(piece, 0, fresh, found);
    const inL2 = this.l2.touch(piece, 0, fresh, found);
    const inL3 = this.l3.touch(piece, 0, 0);
    return claimed + (inL1 ? IN_L1 : inL2 ? IN_L2 : inL3 ? IN_L3 : IN_DRAM);
  }
}
