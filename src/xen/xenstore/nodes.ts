import { invariant } from '../../base/errors.js';
import { XenstoreDomain } from './domain.js';
import {
  leafName,
  parentPath,
  type XenstoreAccess,
  type XenstoreError,
  type XenstorePermission,
  type XenstoreQuotas,
} from './protocol.js';
import { type AccessedNode, NO_GENERATION, type XenstoreTransaction } from './transaction.js';

export interface StoredPermission extends XenstorePermission {
  /** The domain it was meant for is gone; a later one of that domid gets nothing by it. */
  readonly ignored: boolean;
}

/**
 * What a node holds. Immutable: a change stores another object, so transactions share nodes with
 * the store.
 */
export interface NodeContent {
  readonly permissions: readonly StoredPermission[];
  readonly value: string;
  /** Leaf names in order of creation. */
  readonly children: readonly string[];
  /** Their lengths with a NUL each. */
  readonly childBytes: number;
}

export interface XenstoreNode extends NodeContent {
  /** Unique to this writing of the node. */
  readonly generation: number;
}

/** On whose behalf nodes are touched; no domain: xenstored itself. */
export interface XenstoreCaller {
  readonly domain: XenstoreDomain | undefined;
  readonly transaction: XenstoreTransaction | undefined;
}

/** xenstored itself: it may do everything, and its changes are no domain's. */
export const XENSTORED: XenstoreCaller = { domain: undefined, transaction: undefined };

export const READ = 1;
export const WRITE = 2;
export const OWNER = 8;
const ACCESS_BITS: Readonly<Record<XenstoreAccess, number>> = {
  n: 0,
  r: READ,
  w: WRITE,
  b: READ | WRITE,
};

/**
 * perm_for_conn(): the owner and dom0 may do all; the first entry of a domain counts; others get
 * the owner entry's.
 */
export function accessOf(
  domain: XenstoreDomain | undefined,
  permissions: readonly StoredPermission[],
): number {
  const owner = permissions[0] as StoredPermission;
  if (domain === undefined || domain.privileged || owner.domid === domain.domid)
    return READ | WRITE | OWNER;
  for (let i = 1; i < permissions.length; i++) {
    const entry = permissions[i] as StoredPermission;
    if (!entry.ignored && entry.domid === domain.domid) return ACCESS_BITS[entry.access];
  }
  return ACCESS_BITS[owner.access];
}

export function ownerOf(node: NodeContent): number {
  return (node.permissions[0] as StoredPermission).domid;
}

/** The size that the entry quota limits: struct xs_tdb_record_hdr and what follows it. */
function recordBytes(node: NodeContent): number {
  return 24 + 8 * node.permissions.length + node.value.length + node.childBytes;
}

export const DOM0_ONLY: readonly StoredPermission[] = [{ domid: 0, access: 'n', ignored: false }];

function initialNode(generation: number, child?: string): XenstoreNode {
  const children = child === undefined ? [] : [child];
  const childBytes = child === undefined ? 0 : child.length + 1;
  return { generation, permissions: DOM0_ONLY, value: '', children, childBytes };
}
// setup_structure(). Shared by all stores, as nodes never change.
const INITIAL_NODES: readonly (readonly [string, XenstoreNode])[] = [
  ['/', initialNode(1, 'tool')],
  ['/tool', initialNode(2, 'xenstored')],
  ['/tool/xenstored', initialNode(3)],
];

/**
 * The data base of xenstored: nodes by path, the domains that own them, and the views of
 * transactions. It knows quotas of size and memory but no permissions, and fires nothing.
 */
export class XenstoreNodes {
  readonly domains = new Map<number, XenstoreDomain>();
  private readonly nodes = new Map<string, XenstoreNode>();
  private generation = INITIAL_NODES.length;

  constructor(
    private readonly quotas: XenstoreQuotas,
    private readonly domainExists: (domid: number) => boolean,
  ) {
    const dom0 = new XenstoreDomain(0, 0);
    dom0.order = 0;
    this.domains.set(0, dom0);
    for (const [path, node] of INITIAL_NODES) this.put(path, node);
  }

  nextGeneration(): number {
    return ++this.generation;
  }

  /** The domain, which becomes known by this if the hypervisor has it. */
  mention(domid: number): XenstoreDomain | undefined {
    const known = this.domains.get(domid);
    return known !== undefined || !this.domainExists(domid) ? known : this.addDomain(domid);
  }

  addDomain(domid: number): XenstoreDomain {
    const domain = new XenstoreDomain(domid, this.generation);
    this.domains.set(domid, domain);
    return domain;
  }

  /** The node outside transactions. */
  stored(path: string): XenstoreNode | undefined {
    const node = this.nodes.get(path);
    return node === undefined ? undefined : this.withoutStaleEntries(node);
  }

  /** The node as the caller sees it. ENOSPC: its transaction has touched too many nodes. */
  read(caller: XenstoreCaller, path: string): XenstoreNode | 'ENOENT' | 'ENOSPC' {
    const transaction = caller.transaction;
    if (transaction === undefined) return this.stored(path) ?? 'ENOENT';
    const accessed = transaction.accessed.get(path);
    if (accessed !== undefined) {
      return accessed.node === undefined ? 'ENOENT' : this.withoutStaleEntries(accessed.node);
    }
    const full = transaction.accessed.size >= this.quotas.nodesPerTransaction;
    if (full && isUnprivileged(caller)) {
      transaction.failed = true;
      return 'ENOSPC';
    }
    const node = this.stored(path);
    transaction.accessed.set(path, {
      generation: node?.generation ?? NO_GENERATION,
      permissions: node?.permissions,
      node,
      modified: false,
      event: 'none',
    });
    if (node === undefined) return 'ENOENT';
    this.charge(caller, transaction, this.copyBytes(transaction, path, node));
    return node;
  }

  /**
   * Stores a node that the caller has read before, or found missing. Only this and `remove` change
   * nodes.
   */
  write(
    caller: XenstoreCaller,
    path: string,
    content: NodeContent,
    checkQuotas: boolean,
  ): 'ENOSPC' | 'EIO' | undefined {
    const node = { ...content, generation: this.nextGeneration() };
    const tooLarge = recordBytes(node) >= this.quotas.entrySizeBytes && isUnprivileged(caller);
    const transaction = caller.transaction;
    if (transaction === undefined) {
      if (checkQuotas && tooLarge) return 'ENOSPC';
      return this.put(path, node, checkQuotas) ? undefined : 'EIO';
    }
    const accessed = this.modify(transaction, path);
    const error = checkQuotas && tooLarge ? 'ENOSPC' : undefined;
    const freed =
      accessed.node === undefined ? 0 : this.copyBytes(transaction, path, accessed.node);
    const change = this.copyBytes(transaction, path, node) - freed;
    const account = caller.domain as XenstoreDomain;
    const fits = !checkQuotas || account.hasRoomFor(account.memoryBytes + change, this.quotas);
    if (error !== undefined || !fits) {
      transaction.failed = true;
      return error ?? 'EIO';
    }
    this.charge(caller, transaction, change);
    accessed.node = node;
    return undefined;
  }

  /** Deletes one node that the caller has read before; its parent still names it. */
  remove(caller: XenstoreCaller, path: string): void {
    this.nextGeneration();
    const transaction = caller.transaction;
    if (transaction === undefined) {
      this.drop(path);
      return;
    }
    const accessed = this.modify(transaction, path);
    if (accessed.node === undefined) return;
    this.charge(caller, transaction, -this.copyBytes(transaction, path, accessed.node));
    transaction.countOwned(ownerOf(accessed.node), -1);
    accessed.node = undefined;
  }

  /**
   * Makes a transaction's changes the store's, if nothing it accessed has changed outside. `fire`
   * is called between the single changes, as xenstored does: a watcher's right to read is judged on
   * what is stored so far.
   */
  commit(
    domain: XenstoreDomain,
    transaction: XenstoreTransaction,
    fire: (path: string, accessed: AccessedNode) => void,
  ): XenstoreError | undefined {
    if (transaction.failed) return 'ENOMEM';
    const checkQuota = transaction.nodeCreated && !domain.privileged;
    for (const [domid, delta] of transaction.ownedDelta) {
      const owner = this.mention(domid);
      if (owner === undefined) return 'ENOMEM';
      const count = owner.ownedPaths.size + delta;
      if (checkQuota && !owner.privileged && count >= this.quotas.nodesPerDomain) return 'ENOSPC';
    }
    for (const [path, accessed] of transaction.accessed) {
      const generation = this.nodes.get(path)?.generation ?? NO_GENERATION;
      if (generation !== accessed.generation) return 'EAGAIN';
    }
    for (const [path, accessed] of transaction.accessed) {
      if (!accessed.modified) continue;
      const node = accessed.node;
      if (node !== undefined) this.put(path, { ...node, generation: this.nextGeneration() });
      else this.drop(path);
      if (accessed.event !== 'none') fire(path, accessed);
    }
    return undefined;
  }

  /**
   * The domain's nodes that do not lie under another of them, in the order of a walk through the
   * tree.
   */
  ownedRoots(domain: XenstoreDomain): string[] {
    const roots = [...domain.ownedPaths].filter((path) => {
      for (let at = path; at !== '/'; ) {
        at = parentPath(at);
        if (at !== '/' && domain.ownedPaths.has(at)) return false;
      }
      return path !== '/';
    });
    return roots.length < 2 ? roots : roots.sort((a, b) => this.compareInTree(a, b));
  }

  private compareInTree(a: string, b: string): number {
    let common = 0;
    for (let at = 0; at < a.length && a[at] === b[at]; at++) if (a[at] === '/') common = at;
    const children = this.nodes.get(common === 0 ? '/' : a.slice(0, common))?.children ?? [];
    const place = (path: string) => children.indexOf(path.slice(common + 1).split('/', 1)[0] ?? '');
    return place(a) - place(b);
  }

  /** domain_adjust_node_perms() */
  private withoutStaleEntries(node: XenstoreNode): XenstoreNode {
    if (node.permissions.length === 1) return node;
    const stale = (entry: StoredPermission): boolean => {
      const domain = this.domains.get(entry.domid);
      return !entry.ignored && (domain === undefined || domain.generation > node.generation);
    };
    // The owner's entry is never stale: a domain's nodes go when it goes.
    if (!node.permissions.some((entry, index) => index > 0 && stale(entry))) return node;
    const permissions = node.permissions.map((entry, index) =>
      index > 0 && stale(entry) ? { ...entry, ignored: true } : entry,
    );
    return { ...node, permissions };
  }

  private modify(transaction: XenstoreTransaction, path: string): AccessedNode {
    const accessed = transaction.accessed.get(path);
    invariant(accessed !== undefined, 'a transaction changes a node that it never read', { path });
    accessed.modified = true;
    return accessed;
  }

  private copyBytes(transaction: XenstoreTransaction, path: string, node: XenstoreNode): number {
    return recordBytes(node) + path.length + transaction.keyOverheadBytes;
  }

  private charge(caller: XenstoreCaller, transaction: XenstoreTransaction, bytes: number): void {
    transaction.memoryBytes += bytes;
    (caller.domain as XenstoreDomain).memoryBytes += bytes;
  }

  /** False, and nothing done, if the new owner's memory is used up. */
  private put(path: string, node: XenstoreNode, checkMemory = false): boolean {
    const owner = this.ownerRecord(path, node);
    const old = this.nodes.get(path);
    const oldOwner = old === undefined ? undefined : this.ownerRecord(path, old);
    const freed = old === undefined ? 0 : recordBytes(old) + path.length;
    const added = recordBytes(node) + path.length;
    const total = owner.memoryBytes + added - (oldOwner === owner ? freed : 0);
    if (checkMemory && !owner.hasRoomFor(total, this.quotas)) return false;
    if (oldOwner !== owner) {
      if (oldOwner !== undefined) oldOwner.memoryBytes -= freed;
      oldOwner?.ownedPaths.delete(path);
      owner.ownedPaths.add(path);
    }
    owner.memoryBytes = total;
    this.nodes.set(path, node);
    return true;
  }

  private drop(path: string): void {
    const old = this.nodes.get(path);
    if (old === undefined) return;
    const owner = this.ownerRecord(path, old);
    owner.memoryBytes -= recordBytes(old) + path.length;
    owner.ownedPaths.delete(path);
    this.nodes.delete(path);
  }

  /** Invariant: the owner of a node is a known domain. */
  private ownerRecord(path: string, node: NodeContent): XenstoreDomain {
    const domain = this.domains.get(ownerOf(node));
    invariant(domain !== undefined, 'a xenstore node belongs to an unknown domain', {
      path,
      owner: ownerOf(node),
    });
    return domain;
  }
}

export function isUnprivileged(caller: XenstoreCaller): boolean {
  return caller.domain !== undefined && !caller.domain.privileged;
}

export function withChildren(node: NodeContent, children: readonly string[]): NodeContent {
  const childBytes = children.reduce((bytes, name) => bytes + name.length + 1, 0);
  return { ...node, children, childBytes };
}

/** The parent with one more child. */
export function withChild(parent: NodeContent, path: string): NodeContent {
  const name = leafName(path);
  const childBytes = parent.childBytes + name.length + 1;
  return { ...parent, children: [...parent.children, name], childBytes };
}

/** The parent with one child less; undefined if it does not name the child. */
export function withoutChild(parent: NodeContent, path: string): NodeContent | undefined {
  const name = leafName(path);
  const place = parent.children.indexOf(name);
  if (place < 0) return undefined;
  const childBytes = parent.childBytes - name.length - 1;
  return { ...parent, children: parent.children.toSpliced(place, 1), childBytes };
}
