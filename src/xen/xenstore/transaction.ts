import type { StoredPermission, XenstoreNode } from './nodes.js';

/** The generation of a node that does not exist. */
export const NO_GENERATION = -1;

/** A node as one transaction sees it, from its first access on. */
export interface AccessedNode {
  /** Outside, at the first access. The commit fails with EAGAIN if it is another by then. */
  readonly generation: number;
  /** Outside, at the first access: who could read the node then hears of its removal. */
  readonly permissions: readonly StoredPermission[] | undefined;
  /** What the transaction reads: undefined if there is no such node (any more). */
  node: XenstoreNode | undefined;
  modified: boolean;
  /** The event that a commit fires: for watches of this very path, or of its ancestors too. */
  event: 'none' | 'exact' | 'subtree';
}

/**
 * An open transaction. Nodes are immutable, so a view costs nothing but the entry. Every access is
 * preceded by a read in xenstored, thus every accessed node takes part in the check for conflicts.
 */
export class XenstoreTransaction {
  readonly accessed = new Map<string, AccessedNode>();
  /**
   * By domid: nodes gained or lost. An entry of 0 counts too: its domain must exist at the commit.
   */
  readonly ownedDelta = new Map<number, number>();
  /** What each private copy of a node costs beside the node: its key is "<generation>/<path>". */
  readonly keyOverheadBytes: number;
  memoryBytes = 0;
  nodeCreated = false;
  /** An error that cannot be undone: the commit will fail with ENOMEM. */
  failed = false;

  constructor(
    readonly id: number,
    generation: number,
  ) {
    this.keyOverheadBytes = String(generation).length + 1;
  }

  countOwned(domid: number, delta: number): void {
    this.ownedDelta.set(domid, (this.ownedDelta.get(domid) ?? 0) + delta);
  }

  /** Remembers an event for the commit. The wider kind replaces the narrower. */
  queueEvent(path: string, exact: boolean): void {
    const accessed = this.accessed.get(path);
    if (accessed === undefined) this.failed = true;
    else if (!exact) accessed.event = 'subtree';
    else if (accessed.event === 'none') accessed.event = 'exact';
  }
}
