import { invariant } from '../../base/errors.js';
import { type XenstoreCounters, type XenstoreRequest, zeroRequests } from './counters.js';
import type { XenstoreDomain } from './domain.js';
import {
  accessOf,
  isUnprivileged,
  OWNER,
  ownerOf,
  READ,
  type StoredPermission,
  WRITE,
  XENSTORED,
  type XenstoreCaller,
  type XenstoreNode,
  XenstoreNodes,
} from './nodes.js';
import {
  absolutePath,
  isValidPath,
  parentPath,
  XENSTORE_DEFAULT_QUOTAS,
  XENSTORE_PAYLOAD_MAX,
  XENSTORE_REL_PATH_MAX,
  type XenstoreDirectoryPart,
  type XenstoreError,
  type XenstorePermission,
  type XenstoreQuotas,
  type XenstoreResult,
  type XenstoreUsage,
  type XenstoreWatchEvent,
} from './protocol.js';
import { XenstoreTransaction } from './transaction.js';
import { XenstoreTree } from './tree.js';
import { XenstoreWatches } from './watches.js';

const DONE: XenstoreResult<void> = { ok: true, value: undefined };
const BEYOND_OCTETS = /[\u0100-\uffff]/;

/**
 * The data that dom0's xenstored serves: nodes, permissions, watches, transactions and quotas,
 * after C xenstored of Xen 4.17.5 (tools/xenstore). It knows no time: the write rate limit, the 20
 * s after which an unread event is dropped, and the rings are its user's business. Each domain has
 * one connection; domid 0 is privileged and connected from the start. Not modelled: SET_TARGET,
 * CONTROL, live update, and further connections of dom0 over sockets.
 */
export class XenstoreStore {
  readonly quotas: XenstoreQuotas;
  private readonly nodes: XenstoreNodes;
  private readonly watches: XenstoreWatches;
  private readonly tree: XenstoreTree;
  private readonly requests = zeroRequests();
  private errors = 0;
  private conflicts = 0;
  private introductions = 1;
  /** What was asked last: the operation, and the path as it was given, where there is one. */
  lastRequest = '';

  /**
   * @param domainExists whether the hypervisor has a domain that was not introduced yet: the
   *   toolstack gives nodes to a domain before INTRODUCE, and xenstored refuses owners that do not
   *   exist. Without it only introduced domains exist.
   */
  constructor(
    quotas: Partial<XenstoreQuotas> = {},
    domainExists: (domid: number) => boolean = () => false,
  ) {
    this.quotas = { ...XENSTORE_DEFAULT_QUOTAS, ...quotas };
    this.nodes = new XenstoreNodes(this.quotas, domainExists);
    this.watches = new XenstoreWatches(this.nodes, this.quotas);
    this.tree = new XenstoreTree(this.nodes, this.watches, this.quotas);
  }

  get counters(): XenstoreCounters {
    const { queued, merged, dropped } = this.watches.fates;
    return {
      ...this.requests,
      errors: this.errors,
      conflicts: this.conflicts,
      eventsQueued: queued,
      eventsMerged: merged,
      eventsDropped: dropped,
    };
  }

  // Domains. On the wire INTRODUCE, RELEASE and RESUME are dom0's alone (EACCES for others), so
  // these take no caller.

  /** Connects a domain and fires @introduceDomain. Once more: resets its connection. */
  introduce(domid: number): void {
    this.requests.introduce++;
    const domain = this.nodes.domains.get(domid) ?? this.nodes.addDomain(domid);
    if (domain.introduced) {
      this.resetConnection(domain);
      return;
    }
    domain.order = this.introductions++;
    this.watches.fire(XENSTORED, '@introduceDomain', true);
  }

  /**
   * RELEASE, or the domain's death: its watches, transactions and events go, its nodes with all
   * below them (watches fire), and @releaseDomain fires if it was introduced. EINVAL for dom0,
   * ENOENT if xenstored never heard of the domain.
   */
  release(domid: number): XenstoreResult<void> {
    this.requests.release++;
    if (domid === 0) return this.failure('EINVAL');
    const domain = this.nodes.domains.get(domid);
    if (domain === undefined) return this.failure('ENOENT');
    this.resetConnection(domain);
    this.tree.removeOwned(domain);
    this.watches.forgetDomain(domid);
    this.nodes.domains.delete(domid);
    if (domain.introduced) this.watches.fire(XENSTORED, '@releaseDomain', true);
    return DONE;
  }

  /** The domain shut down or crashed but is not gone: @releaseDomain fires, once until `resume`. */
  noticeShutdown(domid: number): void {
    const domain = this.nodes.domains.get(domid);
    if (domain === undefined || !domain.introduced || domain.shutdown) return;
    domain.shutdown = true;
    this.watches.fire(XENSTORED, '@releaseDomain', true);
  }

  /** RESUME: the next shutdown will be announced again. */
  resume(domid: number): void {
    const domain = this.nodes.domains.get(domid);
    if (domain !== undefined) domain.shutdown = false;
  }

  /**
   * What impossible ring indexes or an oversized message bring: deaf to the domain until it dies.
   */
  ignore(domid: number): void {
    const domain = this.nodes.domains.get(domid);
    if (domain === undefined) return;
    this.resetConnection(domain);
    domain.ignored = true;
  }

  isIntroduced(domid: number): boolean {
    return this.nodes.domains.get(domid)?.introduced ?? false;
  }

  /**
   * Does xenstored read the domain's ring (domain_can_read)? Not beyond the quotas of memory and of
   * requests whose reply, or whose watch events at other domains, were not read yet.
   */
  acceptsRequests(domid: number, outstandingRequests: number): boolean {
    const domain = this.nodes.domains.get(domid);
    if (domain === undefined || !domain.introduced || domain.ignored) return false;
    if (domain.privileged) return true;
    if (outstandingRequests >= this.quotas.outstandingRequests) return false;
    return domain.hasRoomFor(domain.memoryBytes, this.quotas);
  }

  /** What a domain has taken of its quotas; undefined if xenstored never heard of it. */
  usage(domid: number): XenstoreUsage | undefined {
    return this.nodes.domains.get(domid)?.usage();
  }

  // Nodes. Paths may be relative to the caller's home. All of these also give EINVAL for a bad
  // path,
  // EACCES, ENOENT for a transaction that is not open, ENOSPC for one that touched too many nodes,
  // and ENOTCONN. EACCES hides whether a node exists from those without access to its parent.

  /** The value. ENOENT; E2BIG if it does not fit in one message. */
  read(domid: number, path: string, transactionId = 0): XenstoreResult<string> {
    const node = this.accessible('read', domid, path, transactionId);
    if (typeof node === 'string') return this.failure(node);
    if (node.value.length > XENSTORE_PAYLOAD_MAX) return this.failure('E2BIG');
    return { ok: true, value: node.value };
  }

  /** Leaf names in order of creation. ENOENT; E2BIG where `directoryPart` is needed. */
  directory(domid: number, path: string, transactionId = 0): XenstoreResult<readonly string[]> {
    const node = this.accessible('directory', domid, path, transactionId);
    if (typeof node === 'string') return this.failure(node);
    if (node.childBytes > XENSTORE_PAYLOAD_MAX) return this.failure('E2BIG');
    return { ok: true, value: node.children };
  }

  /** As many whole names as fit in one message, from a byte offset in the list of names. ENOENT. */
  directoryPart(
    domid: number,
    path: string,
    offsetBytes: number,
    transactionId = 0,
  ): XenstoreResult<XenstoreDirectoryPart> {
    const node = this.accessible('directoryPart', domid, path, transactionId);
    return typeof node === 'string'
      ? this.failure(node)
      : { ok: true, value: part(node, offsetBytes) };
  }

  /** Owner first. ENOENT. */
  getPermissions(
    domid: number,
    path: string,
    transactionId = 0,
  ): XenstoreResult<readonly XenstorePermission[]> {
    const node = this.accessible('getPermissions', domid, path, transactionId);
    if (typeof node === 'string') return this.failure(node);
    const value = node.permissions.map((entry) => ({ domid: entry.domid, access: entry.access }));
    return { ok: true, value };
  }

  /**
   * Replaces the value, or creates the node, and missing parents with empty values. ENOSPC for the
   * quotas of nodes and entry size, EIO for that of memory.
   */
  write(domid: number, path: string, value: string, transactionId = 0): XenstoreResult<void> {
    invariant(!BEYOND_OCTETS.test(value), 'a xenstore value holds octets only', { path });
    const caller = this.enter('write', domid, transactionId, path);
    if (typeof caller === 'string') return this.failure(caller);
    const absolute = absolutePath(domid, path);
    const node = this.tree.find(caller, absolute, WRITE);
    if (node === 'ENOENT') return this.outcome(this.tree.create(caller, absolute, value));
    if (typeof node === 'string') return this.failure(node);
    const error = this.nodes.write(caller, absolute, { ...node, value }, true);
    if (error !== undefined) return this.failure(error);
    this.watches.fire(caller, absolute, false);
    return DONE;
  }

  /** Like `write`, but a node that exists and is writable is left alone, and fires nothing. */
  mkdir(domid: number, path: string, transactionId = 0): XenstoreResult<void> {
    const caller = this.enter('mkdir', domid, transactionId, path);
    if (typeof caller === 'string') return this.failure(caller);
    const absolute = absolutePath(domid, path);
    const node = this.tree.find(caller, absolute, WRITE);
    if (node === 'ENOENT') return this.outcome(this.tree.create(caller, absolute, ''));
    return typeof node === 'string' ? this.failure(node) : DONE;
  }

  /**
   * Removes the node and all below it, whoever owns that. A missing node is no error if its parent
   * exists; ENOENT if not. EINVAL for the root, EIO if the transaction touched too many nodes or
   * cannot commit any more.
   */
  rm(domid: number, path: string, transactionId = 0): XenstoreResult<void> {
    const caller = this.enter('rm', domid, transactionId, path);
    if (typeof caller === 'string') return this.failure(caller);
    const absolute = absolutePath(domid, path);
    const node = this.tree.find(caller, absolute, WRITE);
    if (node === 'ENOENT') {
      const parent = this.nodes.read(caller, parentPath(absolute));
      return typeof parent === 'string' ? this.failure(parent) : DONE;
    }
    if (typeof node === 'string') return this.failure(node);
    return absolute === '/'
      ? this.failure('EINVAL')
      : this.outcome(this.tree.remove(caller, absolute));
  }

  /**
   * Replaces the permissions of a node one owns; only dom0 may change the owner (EPERM). ENOENT if
   * there is no such node or new owner, EINVAL without entries, ENOSPC above the quota of entries.
   * Entries for other domains that do not exist are kept but give nothing. @introduceDomain and
   * @releaseDomain take permissions too, by which dom0 admits watchers.
   */
  setPermissions(
    domid: number,
    path: string,
    permissions: readonly XenstorePermission[],
    transactionId = 0,
  ): XenstoreResult<void> {
    const caller = this.enter('setPermissions', domid, transactionId, path);
    if (typeof caller === 'string') return this.failure(caller);
    const owner = permissions[0]?.domid;
    if (owner === undefined) return this.failure('EINVAL');
    const tooMany = permissions.length > this.quotas.permissionsPerNode;
    if (tooMany && isUnprivileged(caller)) return this.failure('ENOSPC');
    const stored = permissions.map((entry) => ({
      domid: entry.domid,
      access: entry.access,
      ignored: this.nodes.mention(entry.domid) === undefined,
    }));
    if (stored[0]?.ignored === true) return this.failure('ENOENT');
    if (path.startsWith('@')) return this.setSpecialPermissions(caller, path, stored);
    const absolute = absolutePath(domid, path);
    const node = this.tree.find(caller, absolute, WRITE | OWNER);
    if (typeof node === 'string') return this.failure(node);
    if (isUnprivileged(caller) && owner !== ownerOf(node)) return this.failure('EPERM');
    const error = this.nodes.write(caller, absolute, { ...node, permissions: stored }, true);
    if (error !== undefined) return this.failure(error);
    caller.transaction?.countOwned(ownerOf(node), -1);
    caller.transaction?.countOwned(owner, 1);
    this.watches.fire(caller, absolute, false, undefined, node.permissions);
    return DONE;
  }

  /**
   * The id of a new transaction. ENOSPC above the quota; EBUSY if the request itself names an open
   * transaction, as they do not nest.
   */
  transactionStart(domid: number, transactionId = 0): XenstoreResult<number> {
    const caller = this.enter('transactionStart', domid, transactionId);
    if (typeof caller === 'string') return this.failure(caller);
    if (caller.transaction !== undefined) return this.failure('EBUSY');
    const { domain } = caller;
    const open = domain.transactions.size;
    if (open > this.quotas.transactionsPerDomain && !domain.privileged)
      return this.failure('ENOSPC');
    const id = domain.unusedTransactionId();
    domain.transactions.set(id, new XenstoreTransaction(id, this.nodes.nextGeneration()));
    return { ok: true, value: id };
  }

  /**
   * Ends a transaction, whatever comes of it. A commit gives EAGAIN if a node that the transaction
   * touched was changed outside since, ENOSPC if a domain's quota of nodes would be reached, ENOMEM
   * if an earlier error spoilt it or a new owner died.
   */
  transactionEnd(domid: number, transactionId: number, commit: boolean): XenstoreResult<void> {
    const caller = this.enter('transactionEnd', domid, transactionId);
    if (typeof caller === 'string') return this.failure(caller);
    const { domain, transaction } = caller;
    if (transaction === undefined) return this.failure('ENOENT');
    domain.endTransaction(transaction);
    if (!commit) return DONE;
    const outside = { domain, transaction: undefined };
    const error = this.nodes.commit(domain, transaction, (path, { event, permissions }) =>
      this.watches.fire(outside, path, event === 'exact', undefined, permissions),
    );
    if (error === 'EAGAIN') this.conflicts++;
    return this.outcome(error);
  }

  /**
   * Watches a path and all below it, or a special name; it fires once at once. The path need not
   * exist, but events come only of what the domain may read. EINVAL for a bad path, EEXIST for the
   * same path and token, E2BIG above the quota, ENOMEM above that of memory.
   */
  watch(domid: number, path: string, token: string): XenstoreResult<void> {
    const caller = this.enter('watch', domid, 0, path);
    if (typeof caller === 'string') return this.failure(caller);
    const { domain } = caller;
    const absolute = absolutePath(domid, path);
    const valid = path.startsWith('@')
      ? path.length <= XENSTORE_REL_PATH_MAX
      : isValidPath(absolute, this.quotas.pathBytes);
    if (!valid) return this.failure('EINVAL');
    if (this.watches.find(domain, absolute, token) !== undefined) return this.failure('EEXIST');
    const tooMany = domain.watches.size > this.quotas.watchesPerDomain;
    if (tooMany && !domain.privileged) return this.failure('E2BIG');
    const memoryBytes = domain.memoryBytes + absolute.length + token.length;
    if (!domain.hasRoomFor(memoryBytes, this.quotas)) return this.failure('ENOMEM');
    this.watches.add(domain, absolute, token, absolute !== path);
    return DONE;
  }

  /** ENOENT if there is no such watch. Events that wait already still arrive. */
  unwatch(domid: number, path: string, token: string): XenstoreResult<void> {
    const caller = this.enter('unwatch', domid, 0, path);
    if (typeof caller === 'string') return this.failure(caller);
    const watch = this.watches.find(caller.domain, absolutePath(domid, path), token);
    if (watch === undefined) return this.failure('ENOENT');
    this.watches.remove(watch);
    return DONE;
  }

  /** Drops all watches and transactions of the caller. */
  resetWatches(domid: number): XenstoreResult<void> {
    const caller = this.enter('resetWatches', domid, 0);
    if (typeof caller === 'string') return this.failure(caller);
    this.dropWatchesAndTransactions(caller.domain);
    return DONE;
  }

  /**
   * The domain's oldest waiting events, at most `limit`: once taken, an equal event is a new one.
   */
  takeWatchEvents(domid: number, limit = Number.POSITIVE_INFINITY): XenstoreWatchEvent[] {
    const domain = this.nodes.domains.get(domid);
    if (domain === undefined) return [];
    const events = domain.takeEvents(limit);
    this.watches.eventsTaken(domain);
    return events;
  }

  /** The domains for which events wait, in the order in which xenstored serves connections. */
  domainsWithEvents(): number[] {
    return this.watches.domainsWithEvents().map((domain) => domain.domid);
  }

  private failure(error: XenstoreError): { readonly ok: false; readonly error: XenstoreError } {
    this.errors++;
    return { ok: false, error };
  }

  private outcome(error: XenstoreError | undefined): XenstoreResult<void> {
    return error === undefined ? DONE : this.failure(error);
  }

  private enter(
    request: XenstoreRequest,
    domid: number,
    transactionId: number,
    path = '',
  ): (XenstoreCaller & { readonly domain: XenstoreDomain }) | 'ENOTCONN' | 'ENOENT' {
    this.requests[request]++;
    this.lastRequest = `${request} ${path}`.trimEnd();
    const domain = this.nodes.domains.get(domid);
    if (domain === undefined || !domain.introduced || domain.ignored) return 'ENOTCONN';
    if (transactionId === 0) return { domain, transaction: undefined };
    const transaction = domain.transactions.get(transactionId);
    return transaction === undefined ? 'ENOENT' : { domain, transaction };
  }

  private accessible(
    request: XenstoreRequest,
    domid: number,
    path: string,
    transactionId: number,
  ): XenstoreNode | XenstoreError {
    const caller = this.enter(request, domid, transactionId, path);
    if (typeof caller === 'string') return caller;
    return this.tree.find(caller, absolutePath(domid, path), READ);
  }

  private setSpecialPermissions(
    caller: XenstoreCaller,
    name: string,
    permissions: readonly StoredPermission[],
  ): XenstoreResult<void> {
    const old = this.watches.permissionsOfSpecial(name);
    if (old === undefined) return this.failure('EINVAL');
    const needed = WRITE | OWNER;
    if ((accessOf(caller.domain, old) & needed) !== needed) return this.failure('EACCES');
    this.watches.setPermissionsOfSpecial(name, permissions);
    return DONE;
  }

  private resetConnection(domain: XenstoreDomain): void {
    this.dropWatchesAndTransactions(domain);
    domain.takeEvents(Number.POSITIVE_INFINITY);
    this.watches.eventsTaken(domain);
  }

  private dropWatchesAndTransactions(domain: XenstoreDomain): void {
    this.watches.removeAll(domain);
    for (const transaction of [...domain.transactions.values()]) domain.endTransaction(transaction);
  }
}

/** send_directory_part(). One byte of the message is kept for the empty name that marks the end. */
function part(node: XenstoreNode, offsetBytes: number): XenstoreDirectoryPart {
  const { generation, childBytes } = node;
  if (offsetBytes >= childBytes) return { generation, names: '', complete: true };
  const list = `${node.children.join('\0')}\0`;
  const end = offsetBytes + XENSTORE_PAYLOAD_MAX - (String(generation).length + 1) - 1;
  const names = list.slice(offsetBytes, list.lastIndexOf('\0', end - 1) + 1);
  return { generation, names, complete: offsetBytes + names.length === list.length };
}
