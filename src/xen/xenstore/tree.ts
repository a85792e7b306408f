import type { XenstoreDomain } from './domain.js';
import {
  accessOf,
  DOM0_ONLY,
  isUnprivileged,
  type NodeContent,
  ownerOf,
  type StoredPermission,
  withChild,
  withChildren,
  withoutChild,
  XENSTORED,
  type XenstoreCaller,
  type XenstoreNode,
  type XenstoreNodes,
} from './nodes.js';
import {
  childPath,
  isValidPath,
  parentPath,
  type XenstoreError,
  type XenstoreQuotas,
} from './protocol.js';
import type { XenstoreWatches } from './watches.js';

/** The tree that nodes form: finding under permissions, growing, pruning; watches fire. */
export class XenstoreTree {
  constructor(
    private readonly nodes: XenstoreNodes,
    private readonly watches: XenstoreWatches,
    private readonly quotas: XenstoreQuotas,
  ) {}

  /**
   * get_node(): the node, if it exists and all of the access is granted. Who may not so access the
   * nearest parent that exists is told EACCES, not whether the node is there. Reads of parents
   * count as accesses of the transaction.
   */
  find(
    caller: XenstoreCaller,
    path: string,
    access: number,
  ): XenstoreNode | 'EINVAL' | 'ENOENT' | 'EACCES' | 'ENOSPC' {
    if (!isValidPath(path, this.quotas.pathBytes)) return 'EINVAL';
    const node = this.nodes.read(caller, path);
    if (node === 'ENOSPC') return node;
    const granted = node === 'ENOENT' ? 0 : accessOf(caller.domain, node.permissions);
    if (node !== 'ENOENT' && (granted & access) === access) return node;
    const parent = this.nearestAncestor(caller, path).node;
    if (parent === 'ENOSPC') return parent;
    if (node !== 'ENOENT' || parent === 'ENOENT') return 'EACCES';
    return (accessOf(caller.domain, parent.permissions) & access) === 0 ? 'EACCES' : 'ENOENT';
  }

  /**
   * create_node(): the missing nodes from the leaf upwards, each with its parent's permissions,
   * then the parent's list of children. The node must be missing, and its creation permitted.
   */
  create(caller: XenstoreCaller, path: string, value: string): XenstoreError | undefined {
    const { path: top, node: parent, missing } = this.nearestAncestor(caller, path);
    if (typeof parent === 'string') return parent;
    const { transaction, domain } = caller;
    if (transaction !== undefined) transaction.nodeCreated = true;
    const owner = domain !== undefined && !domain.privileged ? domain.domid : ownerOf(parent);
    const inherited = parent.permissions[0] as StoredPermission;
    const permissions = [{ ...inherited, domid: owner }, ...parent.permissions.slice(1)];
    const bare: NodeContent = { permissions, value: '', children: [], childBytes: 0 };
    let error: XenstoreError | undefined;
    let created = 0;
    for (const name of missing) {
      const below = missing[created - 1];
      const content = below === undefined ? { ...bare, value } : withChild(bare, below);
      error = this.mayOwnMore(caller) ? this.nodes.write(caller, name, content, true) : 'ENOSPC';
      if (error !== undefined) break;
      transaction?.countOwned(owner, 1);
      created++;
    }
    error ??= this.nodes.write(caller, top, withChild(parent, missing.at(-1) ?? path), true);
    if (error === undefined) {
      this.watches.fire(caller, path, false);
      return undefined;
    }
    for (const name of missing.slice(0, created)) {
      this.nodes.remove(caller, name);
      if (transaction !== undefined) transaction.failed = true;
    }
    return error;
  }

  /**
   * rm_node(): the node, which must exist and not be the root, with all below it, whoever owns
   * that.
   */
  remove(caller: XenstoreCaller, path: string): XenstoreError | undefined {
    const parent = this.nodes.read(caller, parentPath(path));
    if (typeof parent === 'string') return parent === 'ENOSPC' ? parent : 'EINVAL';
    const error = this.removeSubtree(caller, path, path);
    if (error !== undefined) return error;
    const left = withoutChild(parent, path);
    // A transaction read the parent before somebody else made the node: it cannot commit any more.
    if (left === undefined) return 'EIO';
    return this.nodes.write(caller, parentPath(path), left, false);
  }

  /** domain_tree_remove(): all that a dying domain owns, with all below it. */
  removeOwned(domain: XenstoreDomain): void {
    for (const path of this.nodes.ownedRoots(domain)) this.remove(XENSTORED, path);
    // xenstored would delete the root of a dying owner and corrupt its store: here dom0 inherits
    // it.
    const root = domain.ownedPaths.has('/') ? this.nodes.stored('/') : undefined;
    if (root === undefined) return;
    this.nodes.write(XENSTORED, '/', { ...root, permissions: DOM0_ONLY }, false);
  }

  /** Children first. A watch on a node below the root of the removal hears of that node only. */
  private removeSubtree(
    caller: XenstoreCaller,
    path: string,
    root: string,
  ): XenstoreError | undefined {
    const node = this.nodes.read(caller, path);
    // ENOENT: a transaction read the parent before somebody else removed this.
    if (typeof node === 'string') return 'EIO';
    for (const [index, child] of node.children.entries()) {
      const error = this.removeSubtree(caller, childPath(path, child), root);
      if (error === undefined) continue;
      // The transaction cannot commit any more, but it sees how far this came.
      const left = withChildren(node, node.children.slice(index));
      if (index > 0) this.nodes.write(caller, path, left, false);
      return error;
    }
    this.nodes.remove(caller, path);
    this.watches.fire(caller, path, path !== root, node);
    return undefined;
  }

  private nearestAncestor(
    caller: XenstoreCaller,
    path: string,
  ): { path: string; node: XenstoreNode | 'ENOENT' | 'ENOSPC'; missing: string[] } {
    const missing = [path];
    let at = parentPath(path);
    let node = this.nodes.read(caller, at);
    while (node === 'ENOENT' && at !== '/') {
      missing.push(at);
      at = parentPath(at);
      node = this.nodes.read(caller, at);
    }
    return { path: at, node, missing };
  }

  /** Only nodes outside transactions count here; the commit looks at the others. */
  private mayOwnMore(caller: XenstoreCaller): boolean {
    if (!isUnprivileged(caller)) return true;
    return (caller.domain as XenstoreDomain).ownedPaths.size < this.quotas.nodesPerDomain;
  }
}
