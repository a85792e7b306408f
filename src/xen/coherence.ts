/** Nobody has written it yet. */
const NOBODY = -1;

/**
 * What coherent caches know of memory, for pieces of one size (`cacheGrainBytes`, a page at most): who wrote last, and whether
 * others have read since. Known by machine address / size of a piece.
 */
export class Coherence {
  /** Changes when a pCPU writes of which others may hold the piece: tells a cached copy that it is stale. */
  versions: Int32Array = new Int32Array(0);
  /** pCPU that wrote last, or -1. */
  lastWriters: Int32Array = new Int32Array(0);
  /** 1: another pCPU has read since that write. */
  readElsewhere: Uint8Array = new Uint8Array(0);

  /** @param piecesAFrame a power of two */
  constructor(private readonly piecesAFrame: number) {}

  /** A frame is given to somebody anew: what others hold of it is stale. */
  renew(mfn: number): void {
    const { piecesAFrame } = this;
    for (let piece = mfn * piecesAFrame, end = piece + piecesAFrame; piece < end; piece++) {
      this.versions[piece] = ((this.versions[piece] as number) + 1) | 0;
      this.lastWriters[piece] = NOBODY;
      this.readElsewhere[piece] = 0;
    }
  }

  /** Makes room for so many frames. */
  grow(frames: number): void {
    const { versions, lastWriters, readElsewhere } = this;
    const pieces = frames * this.piecesAFrame;
    this.versions = new Int32Array(pieces);
    this.versions.set(versions);
    this.lastWriters = new Int32Array(pieces).fill(NOBODY, lastWriters.length);
    this.lastWriters.set(lastWriters);
    this.readElsewhere = new Uint8Array(pieces);
    this.readElsewhere.set(readElsewhere);
  }
}
