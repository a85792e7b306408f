import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../test/property-runs.js';
import type {
  XenstoreAccess,
  XenstorePermission,
  XenstoreQuotas,
  XenstoreWatchEvent,
} from './protocol.js';
import { XENSTORE_DEFAULT_QUOTAS } from './protocol.js';
import { XenstoreStore } from './store.js';

interface PathRequest {
  kind: 'read' | 'directory' | 'getPermissions' | 'mkdir' | 'rm';
  domid: number;
  path: string;
  tx: number;
}
type CallerRequest =
  | PathRequest
  | { kind: 'write'; domid: number; path: string; value: string; tx: number }
  | {
      kind: 'setPermissions';
      domid: number;
      path: string;
      permissions: XenstorePermission[];
      tx: number;
    }
  | { kind: 'watch' | 'unwatch'; domid: number; path: string; token: string }
  | { kind: 'transactionStart'; domid: number; tx: number }
  | { kind: 'transactionEnd'; domid: number; tx: number; commit: boolean }
  | { kind: 'resetWatches'; domid: number };
/** One request, as data, so that the store and the model get the same. */
type Request =
  | CallerRequest
  | { kind: 'introduce' | 'release' | 'noticeShutdown'; domid: number }
  | { kind: 'take'; domid: number; limit: number };

function ask(store: XenstoreStore, request: Request): unknown {
  const plain = (result: { ok: boolean; value?: unknown; error?: string }) =>
    result.ok ? (result.value ?? 'OK') : result.error;
  const { domid } = request;
  switch (request.kind) {
    case 'read':
    case 'directory':
    case 'getPermissions':
    case 'mkdir':
    case 'rm':
      return plain(store[request.kind](domid, request.path, request.tx));
    case 'write':
      return plain(store.write(domid, request.path, request.value, request.tx));
    case 'setPermissions':
      return plain(store.setPermissions(domid, request.path, request.permissions, request.tx));
    case 'watch':
    case 'unwatch':
      return plain(store[request.kind](domid, request.path, request.token));
    case 'transactionStart':
      return plain(store.transactionStart(domid, request.tx));
    case 'transactionEnd':
      return plain(store.transactionEnd(domid, request.tx, request.commit));
    case 'resetWatches':
    case 'release':
      return plain(store[request.kind](domid));
    case 'introduce':
    case 'noticeShutdown':
      store[request.kind](domid);
      return 'OK';
    case 'take':
      return store.takeWatchEvents(domid, request.limit);
  }
}

type ModelPermission = { domid: number; access: XenstoreAccess; dead?: boolean };
type ModelNode = { at: number; permissions: ModelPermission[]; value: string; children: string[] };
type Touched = {
  path: string;
  before: ModelNode | undefined;
  now: ModelNode | undefined;
  changed: boolean;
  event: '' | 'exact' | 'wide';
};
type ModelTransaction = {
  id: number;
  touched: Touched[];
  gains: { domid: number; by: number }[];
  created: boolean;
  spoilt: boolean;
};
type ModelDomain = {
  domid: number;
  since: number;
  connected: boolean;
  down: boolean;
  watches: { path: string; token: string; cut: string }[];
  events: XenstoreWatchEvent[];
  transactions: ModelTransaction[];
  ids: number;
};

/**
 * xenstored once more, as naively as possible: one list of nodes, copied whenever touched; every
 * question is answered by a walk through all there is. Errors are thrown as strings. It knows no
 * memory accounting. Written after the same C sources, but sharing nothing with the store.
 */
class Model {
  private clock = 3;
  private nodes: { path: string; node: ModelNode }[] = [
    this.first('/', 1, 'tool'),
    this.first('/tool', 2, 'xenstored'),
    this.first('/tool/xenstored', 3),
  ];
  private special: Record<string, ModelPermission[]> = {
    '@introduceDomain': [{ domid: 0, access: 'n' }],
    '@releaseDomain': [{ domid: 0, access: 'n' }],
  };
  /** Introduced ones in this order; others anywhere. */
  private domains: ModelDomain[] = [this.newDomain(0, true)];
  private transaction: ModelTransaction | undefined;
  private caller: ModelDomain | undefined;

  constructor(
    private readonly quotas: XenstoreQuotas,
    private readonly exists: (domid: number) => boolean,
  ) {}

  ask(request: Request): unknown {
    try {
      return this.answer(request) ?? 'OK';
    } catch (error) {
      if (typeof error !== 'string') throw error;
      return error;
    } finally {
      this.transaction = undefined;
      this.caller = undefined;
    }
  }

  openTransactions(domid: number): number[] {
    return this.domain(domid)?.transactions.map((transaction) => transaction.id) ?? [];
  }

  allNodes(): { path: string; node: ModelNode }[] {
    return this.nodes;
  }

  private first(path: string, at: number, ...children: string[]) {
    return {
      path,
      node: { at, permissions: [{ domid: 0, access: 'n' as const }], value: '', children },
    };
  }

  private newDomain(domid: number, connected: boolean): ModelDomain {
    const since = domid === 0 ? 0 : this.clock;
    const lists = { watches: [], events: [], transactions: [] };
    return { domid, since, connected, down: false, ids: 0, ...lists };
  }

  private domain(domid: number): ModelDomain | undefined {
    return this.domains.find((domain) => domain.domid === domid);
  }

  private mention(domid: number): ModelDomain | undefined {
    if (this.domain(domid) === undefined && this.exists(domid)) {
      this.domains.unshift(this.newDomain(domid, false));
    }
    return this.domain(domid);
  }

  private answer(request: Request): unknown {
    const { domid } = request;
    switch (request.kind) {
      case 'introduce':
        return this.introduce(domid);
      case 'release':
        return this.release(domid);
      case 'noticeShutdown': {
        const domain = this.domain(domid);
        if (domain === undefined || !domain.connected || domain.down) return undefined;
        domain.down = true;
        return this.fire('@releaseDomain', true);
      }
      case 'take':
        return this.domain(domid)?.events.splice(0, request.limit) ?? [];
      default:
        return this.answerCaller(request);
    }
  }

  private answerCaller(request: CallerRequest): unknown {
    const { domid } = request;
    const caller = this.domain(domid);
    if (caller?.connected !== true) throw 'ENOTCONN';
    this.caller = caller;
    if ('tx' in request && request.tx !== 0) {
      this.transaction = caller.transactions.find(({ id }) => id === request.tx);
      if (this.transaction === undefined) throw 'ENOENT';
    }
    switch (request.kind) {
      case 'resetWatches':
        caller.watches = [];
        caller.transactions = [];
        return undefined;
      case 'transactionStart':
        if (this.transaction !== undefined) throw 'EBUSY';
        if (domid !== 0 && caller.transactions.length > this.quotas.transactionsPerDomain)
          throw 'ENOSPC';
        this.clock++;
        caller.ids++;
        caller.transactions.push({
          id: caller.ids,
          touched: [],
          gains: [],
          created: false,
          spoilt: false,
        });
        return caller.ids;
      case 'transactionEnd':
        return this.end(caller, request.commit);
      case 'watch':
        return this.watch(caller, request.path, request.token);
      case 'unwatch': {
        const path = this.full(request.path);
        const index = caller.watches.findIndex((w) => w.path === path && w.token === request.token);
        if (index < 0) throw 'ENOENT';
        caller.watches.splice(index, 1);
        return undefined;
      }
      case 'setPermissions':
        return this.setPermissions(caller, request.path, request.permissions);
      case 'write':
        return this.writeOrCreate(this.full(request.path), request.value, true);
      default:
        return this.answerAbout(request.kind, this.full(request.path));
    }
  }

  private answerAbout(kind: PathRequest['kind'], path: string): unknown {
    switch (kind) {
      case 'read':
        return this.get(path, 'r').value;
      case 'directory':
        return [...this.get(path, 'r').children];
      case 'getPermissions':
        return this.get(path, 'r').permissions.map(({ domid: who, access }) => ({
          domid: who,
          access,
        }));
      case 'mkdir':
        return this.writeOrCreate(path, '', false);
      case 'rm':
        return this.rm(path);
    }
  }

  private introduce(domid: number): void {
    const known = this.domain(domid);
    if (known?.connected === true) {
      Object.assign(known, { watches: [], events: [], transactions: [] });
      return;
    }
    this.domains = this.domains.filter((domain) => domain !== known);
    this.domains.push({ ...(known ?? this.newDomain(domid, false)), connected: true });
    this.fire('@introduceDomain', true);
  }

  private release(domid: number): void {
    if (domid === 0) throw 'EINVAL';
    const domain = this.domain(domid);
    if (domain === undefined) throw 'ENOENT';
    Object.assign(domain, { watches: [], events: [], transactions: [] });
    const visit = (path: string): void => {
      const node = this.load(path);
      if (node?.permissions[0]?.domid === domid && path !== '/') this.prune(path);
      else for (const child of [...(node?.children ?? [])]) visit(join(path, child));
    };
    visit('/');
    // xenstored has no answer to the death of the root's owner; the store makes dom0 its heir.
    const root = this.load('/');
    if (root?.permissions[0]?.domid === domid) {
      this.save('/', { ...root, permissions: [{ domid: 0, access: 'n' }] }, false);
    }
    for (const list of Object.values(this.special)) {
      for (let index = list.length - 1; index > 0; index--) {
        if (list[index]?.domid === domid) list.splice(index, 1);
      }
      if (list[0]?.domid === domid) list[0] = { ...list[0], domid: 0 };
    }
    this.domains = this.domains.filter((other) => other !== domain);
    if (domain.connected) this.fire('@releaseDomain', true);
  }

  private full(path: string): string {
    const absolute = path.startsWith('/') || path.startsWith('@');
    return absolute ? path : `/local/domain/${this.caller?.domid}/${path}`;
  }

  private checkPath(path: string): void {
    const parts = path.split('/').slice(1);
    const good = path === '/' || parts.every((part) => /^[a-zA-Z0-9\-_@]+$/.test(part));
    const home = /^\/local\/domain\/\d{1,5}\//.exec(path)?.[0] ?? '';
    if (!path.startsWith('/') || !good) throw 'EINVAL';
    if (path.length > home.length + this.quotas.pathBytes) throw 'EINVAL';
  }

  /** What the caller sees, in its transaction if it is in one; stale entries marked. */
  private load(path: string): ModelNode | undefined {
    const stored = this.nodes.find((entry) => entry.path === path)?.node;
    if (this.transaction === undefined) return this.copy(stored);
    const known = this.transaction.touched.find((entry) => entry.path === path);
    if (known !== undefined) return this.copy(known.now);
    if (
      this.transaction.touched.length >= this.quotas.nodesPerTransaction &&
      this.caller?.domid !== 0
    ) {
      this.transaction.spoilt = true;
      throw 'ENOSPC';
    }
    const [before, now] = [this.copy(stored), this.copy(stored)];
    this.transaction.touched.push({ path, before, now, changed: false, event: '' });
    return this.copy(stored);
  }

  private copy(node: ModelNode | undefined): ModelNode | undefined {
    if (node === undefined) return undefined;
    const permissions = node.permissions.map((entry, index) => {
      const since = this.domain(entry.domid)?.since ?? Number.POSITIVE_INFINITY;
      return index > 0 && since > node.at ? { ...entry, dead: true } : { ...entry };
    });
    return { ...node, permissions, children: [...node.children] };
  }

  private save(path: string, node: ModelNode, limited: boolean): void {
    const { permissions, value, children } = node;
    const names = children.reduce((bytes, name) => bytes + name.length + 1, 0);
    const bytes = 24 + permissions.length * 8 + value.length + names;
    const at = ++this.clock;
    if (limited && this.isGuest() && bytes >= this.quotas.entrySizeBytes) {
      if (this.transaction !== undefined) this.transaction.spoilt = true;
      throw 'ENOSPC';
    }
    this.store(path, { at, permissions, value, children });
  }

  private store(path: string, node: ModelNode | undefined): void {
    const touched = this.transaction?.touched.find((entry) => entry.path === path);
    if (touched !== undefined) {
      touched.now = node;
      touched.changed = true;
      return;
    }
    this.nodes = this.nodes.filter((entry) => entry.path !== path);
    if (node !== undefined) this.nodes.push({ path, node });
  }

  private isGuest(): boolean {
    return this.caller !== undefined && this.caller.domid !== 0;
  }

  private rights(who: ModelDomain | undefined, permissions: ModelPermission[]): string {
    if (who === undefined || who.domid === 0 || who.domid === permissions[0]?.domid) return 'rwo';
    const own = permissions.slice(1).find((entry) => !entry.dead && entry.domid === who.domid);
    const access = (own ?? permissions[0])?.access ?? 'n';
    return access === 'b' ? 'rw' : access;
  }

  private get(path: string, needed: string): ModelNode {
    this.checkPath(path);
    const node = this.load(path);
    const has = (found: ModelNode, letter: string) =>
      this.rights(this.caller, found.permissions).includes(letter);
    if (node !== undefined && [...needed].every((letter) => has(node, letter))) return node;
    const { parent } = this.ancestor(path);
    if (node === undefined && [...needed].some((letter) => has(parent, letter))) throw 'ENOENT';
    throw 'EACCES';
  }

  private ancestor(path: string): { top: string; parent: ModelNode } {
    for (let top = up(path); ; top = up(top)) {
      const parent = this.load(top);
      if (parent !== undefined) return { top, parent };
      if (top === '/') throw 'EACCES';
    }
  }

  private writeOrCreate(path: string, value: string, overwrite: boolean): void {
    let node: ModelNode | undefined;
    try {
      node = this.get(path, 'w');
    } catch (error) {
      if (error !== 'ENOENT') throw error;
    }
    if (node === undefined) this.create(path, value);
    else if (overwrite) this.save(path, { ...node, value }, true);
    else return;
    this.fire(path, false);
  }

  private create(path: string, value: string): void {
    const { top, parent } = this.ancestor(path);
    if (this.transaction !== undefined) this.transaction.created = true;
    const [owner, ...others] = parent.permissions as [ModelPermission, ...ModelPermission[]];
    const guest = this.isGuest() ? this.caller : undefined;
    const permissions = [{ ...owner, domid: guest?.domid ?? owner.domid }, ...others];
    const done: string[] = [];
    const children: string[] = [];
    try {
      for (let at = path; at !== top; at = up(at)) {
        const owned = this.nodes.filter(({ node }) => node.permissions[0]?.domid === guest?.domid);
        if (guest !== undefined && owned.length >= this.quotas.nodesPerDomain) throw 'ENOSPC';
        this.save(
          at,
          { at: 0, permissions, value: at === path ? value : '', children: [...children] },
          true,
        );
        children[0] = at.slice(at.lastIndexOf('/') + 1);
        this.gain(permissions[0]?.domid ?? 0, 1);
        done.push(at);
      }
      this.save(top, { ...parent, children: [...parent.children, ...children] }, true);
    } catch (error) {
      for (const at of done) this.store(at, undefined);
      if (this.transaction !== undefined && done.length > 0) this.transaction.spoilt = true;
      throw error;
    }
  }

  private gain(domid: number, by: number): void {
    this.transaction?.gains.push({ domid, by });
  }

  private rm(path: string): void {
    try {
      this.get(path, 'w');
    } catch (error) {
      if (error === 'ENOENT' && this.load(up(path)) !== undefined) return;
      throw error;
    }
    if (path === '/') throw 'EINVAL';
    this.prune(path);
  }

  private prune(path: string): void {
    const parent = this.load(up(path));
    if (parent === undefined) throw 'EINVAL';
    const visit = (at: string): void => {
      const node = this.load(at);
      // In a transaction that read the parent before somebody else removed the child.
      if (node === undefined) throw 'EIO';
      const rest = [...node.children];
      for (const child of node.children) {
        visit(join(at, child));
        rest.shift();
        this.save(at, { ...node, children: [...rest] }, false);
      }
      this.clock++;
      this.store(at, undefined);
      this.gain(node.permissions[0]?.domid ?? 0, -1);
      this.fire(at, at !== path, node);
    };
    try {
      visit(path);
    } catch (error) {
      throw error === 'ENOSPC' ? 'EIO' : error;
    }
    const place = parent.children.findIndex((name) => join(up(path), name) === path);
    // In a transaction that read the parent before somebody else made the node.
    if (place < 0) throw 'EIO';
    parent.children.splice(place, 1);
    this.save(up(path), parent, false);
  }

  private setPermissions(caller: ModelDomain, path: string, wanted: XenstorePermission[]): void {
    const owner = wanted[0]?.domid;
    if (owner === undefined) throw 'EINVAL';
    if (this.isGuest() && wanted.length > this.quotas.permissionsPerNode) throw 'ENOSPC';
    const permissions = wanted.map((entry) => ({
      ...entry,
      dead: this.mention(entry.domid) === undefined,
    }));
    if (permissions[0]?.dead) throw 'ENOENT';
    if (path.startsWith('@')) {
      const old = this.special[path];
      if (old === undefined) throw 'EINVAL';
      if (this.rights(caller, old) !== 'rwo') throw 'EACCES';
      this.special[path] = permissions;
      return;
    }
    const absolute = this.full(path);
    const node = this.get(absolute, 'wo');
    const oldOwner = node.permissions[0]?.domid ?? 0;
    if (this.isGuest() && owner !== oldOwner) throw 'EPERM';
    this.save(absolute, { ...node, permissions }, true);
    this.gain(oldOwner, -1);
    this.gain(owner, 1);
    this.fire(absolute, false, undefined, node.permissions);
  }

  private end(caller: ModelDomain, commit: boolean): void {
    const ended = this.transaction;
    if (ended === undefined) throw 'ENOENT';
    caller.transactions = caller.transactions.filter((other) => other !== ended);
    this.transaction = undefined;
    if (!commit) return;
    if (ended.spoilt) throw 'ENOMEM';
    for (const domid of new Set(ended.gains.map((gain) => gain.domid))) {
      if (this.mention(domid) === undefined) throw 'ENOMEM';
      const gains = ended.gains.filter((gain) => gain.domid === domid);
      const owned = this.nodes.filter(({ node }) => node.permissions[0]?.domid === domid).length;
      const total = gains.reduce((sum, gain) => sum + gain.by, owned);
      const limited = ended.created && caller.domid !== 0 && domid !== 0;
      if (limited && total >= this.quotas.nodesPerDomain) throw 'ENOSPC';
    }
    for (const { path, before } of ended.touched) {
      if (this.nodes.find((entry) => entry.path === path)?.node.at !== before?.at) throw 'EAGAIN';
    }
    for (const { path, before, now, changed, event } of ended.touched) {
      if (!changed) continue;
      this.store(path, now === undefined ? undefined : { ...now, at: ++this.clock });
      if (event !== '') this.fire(path, event === 'exact', undefined, before?.permissions);
    }
  }

  private watch(caller: ModelDomain, path: string, token: string): void {
    const absolute = this.full(path);
    if (!absolute.startsWith('@')) this.checkPath(absolute);
    if (caller.watches.some((w) => w.path === absolute && w.token === token)) throw 'EEXIST';
    if (this.isGuest() && caller.watches.length > this.quotas.watchesPerDomain) throw 'E2BIG';
    const cut = absolute === path ? '' : `/local/domain/${caller.domid}/`;
    caller.watches.push({ path: absolute, token, cut });
    this.send(caller, { path: absolute.replace(cut, ''), token });
  }

  private send(to: ModelDomain, event: XenstoreWatchEvent): void {
    const waiting = to.events.some(
      ({ path, token }) => path === event.path && token === event.token,
    );
    if (!waiting || event.path.startsWith('@')) to.events.push(event);
  }

  private fire(
    path: string,
    exact: boolean,
    removed?: ModelNode,
    before?: ModelPermission[],
  ): void {
    if (this.transaction !== undefined) {
      const touched = this.transaction.touched.find((entry) => entry.path === path) as Touched;
      touched.event = exact && touched.event !== 'wide' ? 'exact' : 'wide';
      return;
    }
    const stored = (at: string) => this.copy(this.nodes.find((entry) => entry.path === at)?.node);
    for (const domain of this.domains) {
      const node = removed ?? stored(path);
      let seen = [before, node?.permissions, node && stored(up(path))?.permissions];
      if (path.startsWith('@')) seen = [this.special[path]];
      if (!seen.some((list) => list !== undefined && this.rights(domain, list).includes('r')))
        continue;
      for (const { path: at, token, cut } of domain.watches) {
        const below = at === '/' || path.startsWith(`${at}/`);
        if (path === at || (!exact && below))
          this.send(domain, { path: path.replace(cut, ''), token });
      }
    }
  }
}

function up(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function join(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

const domid = fc.constantFrom(0, 1, 1, 2, 2, 3);
const path = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('a', 'a/b', 'a/b/c', 'd', '/', '/x', '/x/y', '/x/y/z', '/x/w'),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom('/local/domain/1', '/local/domain/1/a', '/local/domain/2/a/b'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '/x/', '/x//y', '/x.y', '@releaseDomain', `/${'q'.repeat(40)}`),
  },
);
const permission = fc.record({
  domid: fc.constantFrom(0, 1, 1, 1, 2, 2, 2, 3, 3, 4),
  access: fc.constantFrom('n' as const, 'r' as const, 'w' as const, 'b' as const),
});
/** Picks among no transaction and the open ones; rarely one that does not exist. */
const BOGUS = 30;
const tx = fc.integer({ min: 0, max: BOGUS });
const token = fc.constantFrom('t', 'u');
const value = fc.constantFrom('', 'v', 'some longer value', 'x'.repeat(60));
const watched = fc.oneof(path, fc.constantFrom('@introduceDomain', '@releaseDomain', '@other'));

const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['read', 'directory', 'getPermissions', 'mkdir', 'rm', 'rm'] as const),
      ),
      domid,
      path,
      tx,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('write' as const), domid, path, value, tx }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('setPermissions' as const),
      domid: fc.constantFrom(0, 0, 0, 1, 2),
      path: fc.oneof({ weight: 5, arbitrary: path }, { weight: 1, arbitrary: watched }),
      permissions: fc.array(permission, { maxLength: 3, minLength: 0, size: 'max' }),
      tx,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('watch' as const, 'watch' as const, 'unwatch' as const),
      domid,
      path: watched,
      token,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('transactionStart' as const),
      domid,
      tx: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('transactionEnd' as const),
      domid,
      tx,
      commit: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('introduce' as const, 'introduce' as const, 'release' as const),
      domid: fc.constantFrom(0, 1, 2, 3, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'resetWatches' as const,
        'noticeShutdown' as const,
        'noticeShutdown' as const,
        'noticeShutdown' as const,
      ),
      domid,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      domid,
      limit: fc.constantFrom(1, 100),
    }),
  },
);

/** About two seconds for the three of them. */
const RUNS = 500;

/** All errors that occurred, to prove that the runs reach them. */
const replies = new Set<string>();

const EXPECTED = [
  'read EINVAL',
  'read ENOENT',
  'read EACCES',
  'read ENOSPC',
  'read ENOTCONN',
  'write ENOSPC',
  'mkdir EACCES',
  'mkdir ENOSPC',
  'rm EACCES',
  'rm EINVAL',
  'rm ENOENT',
  'rm OK',
  'setPermissions EACCES',
  'setPermissions EINVAL',
  'setPermissions ENOENT',
  'setPermissions ENOSPC',
  'setPermissions EPERM',
  'setPermissions OK',
  'transactionStart EBUSY',
  'transactionStart ENOSPC',
  'transactionEnd EAGAIN',
  'transactionEnd ENOENT',
  'transactionEnd ENOMEM',
  'transactionEnd ENOSPC',
  'transactionEnd OK',
  'watch E2BIG',
  'watch EEXIST',
  'watch EINVAL',
  'unwatch ENOENT',
  'unwatch OK',
  'release EINVAL',
  'release ENOENT',
  'release OK',
];

class Ask implements fc.Command<Model, XenstoreStore> {
  private asked: Request;
  constructor(private readonly request: Request) {
    this.asked = request;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, store: XenstoreStore): void {
    const asked = this.request;
    if ('tx' in asked) {
      const open = model.openTransactions(asked.domid);
      const ids = asked.kind === 'transactionEnd' && open.length > 0 ? open : [0, ...open];
      this.asked = { ...asked, tx: asked.tx === BOGUS ? 99 : (ids[asked.tx % ids.length] ?? 0) };
    } else {
      this.asked = asked;
    }
    const reply = ask(store, this.asked);
    if (typeof reply === 'string') replies.add(`${asked.kind} ${reply}`);
    assert.deepEqual(reply, model.ask(this.asked), JSON.stringify(this.asked));
  }
  toString(): string {
    return JSON.stringify(this.asked);
  }
}

/** Every node as dom0 sees it; the walk itself proves that parents name their children. */
function dump(store: XenstoreStore): Map<string, { owner: number; bytes: number; text: string }> {
  const found = new Map<string, { owner: number; bytes: number; text: string }>();
  const visit = (at: string): void => {
    const [read, children, permissions] = [
      store.read(0, at),
      store.directory(0, at),
      store.getPermissions(0, at),
    ];
    assert.ok(read.ok && children.ok && permissions.ok, `${at} is listed but not there`);
    const bytes =
      at.length +
      24 +
      8 * permissions.value.length +
      read.value.length +
      children.value.reduce((sum, name) => sum + name.length + 1, 0);
    const text = JSON.stringify([read.value, children.value, permissions.value]);
    assert.ok(!found.has(at), `${at} is listed twice`);
    found.set(at, { owner: permissions.value[0]?.domid ?? -1, bytes, text });
    for (const child of children.value) visit(join(at, child));
  };
  visit('/');
  return found;
}

/** What the domains are charged for is what is there. */
function checkAccounts(store: XenstoreStore): void {
  const nodes = [...dump(store).values()];
  for (const domid of [0, 1, 2, 3, 4]) {
    const usage = store.usage(domid);
    const own = nodes.filter((node) => node.owner === domid);
    assert.equal(usage?.nodes ?? 0, own.length);
    if (usage === undefined) continue;
    if (store.isIntroduced(domid)) store.introduce(domid);
    const bytes = own.reduce((sum, node) => sum + node.bytes, 0);
    assert.equal(store.usage(domid)?.memoryBytes, bytes, `memory of domain ${domid}`);
  }
}

function compareRuns(quotas: Partial<XenstoreQuotas>, numRuns: number): void {
  const exists = (id: number) => id === 3;
  const commands = fc.commands([request.map((data) => new Ask(data))], {
    maxCommands: 80,
    size: 'max',
  });
  fc.assert(
    fc.property(commands, (sequence) => {
      const setup = () => {
        const store = new XenstoreStore(quotas, exists);
        const model = new Model({ ...XENSTORE_DEFAULT_QUOTAS, ...quotas }, exists);
        for (const domid of [1, 2]) {
          const home = `/local/domain/${domid}`;
          const requests: Request[] = [
            { kind: 'introduce', domid },
            { kind: 'mkdir', domid: 0, path: home, tx: 0 },
            {
              kind: 'setPermissions',
              domid: 0,
              path: home,
              permissions: [{ domid, access: 'n' }],
              tx: 0,
            },
          ];
          for (const first of requests) assert.deepEqual(ask(store, first), model.ask(first));
        }
        return { model, real: store };
      };
      let last: ReturnType<typeof setup> | undefined;
      fc.modelRun(() => (last = setup()), sequence);
      if (last === undefined) return;
      const { model, real } = last;
      const seen = dump(real);
      assert.deepEqual(
        [...seen].map(([at, node]) => [at, node.text]).sort(),
        model
          .allNodes()
          .map(({ path: at, node }) => {
            const permissions = node.permissions.map((entry) => ({
              domid: entry.domid,
              access: entry.access,
            }));
            return [at, JSON.stringify([node.value, node.children, permissions])];
          })
          .sort(),
      );
      for (const domid of [0, 1, 2, 3]) {
        const take: Request = { kind: 'take', domid, limit: 1000 };
        assert.deepEqual(ask(real, take), model.ask(take));
      }
      assert.deepEqual(real.domainsWithEvents(), []);
      checkAccounts(real);
    }),
    runs(numRuns),
  );
}

describe('the store', () => {
  it('answers and fires as a naive model does', () => {
    compareRuns({}, RUNS);
  });

  it('answers and fires as a naive model does where quotas are tight', () => {
    compareRuns(
      {
        nodesPerDomain: 4,
        watchesPerDomain: 1,
        transactionsPerDomain: 0,
        entrySizeBytes: 96,
        permissionsPerNode: 2,
        nodesPerTransaction: 5,
        pathBytes: 30,
      },
      RUNS,
    );
  });

  it('was brought to every error by these runs', () => {
    for (const reply of EXPECTED) assert.ok(replies.has(reply), `no run had ${reply}`);
  });

  it('commits a transaction only if all of it might have happened at the commit', () => {
    const act = fc.record({
      who: fc.constantFrom('outside' as const, 'first' as const, 'second' as const),
      domid: fc.constantFrom(0, 1),
      request: fc.oneof(
        fc.record({
          kind: fc.constantFrom(
            ...(['read', 'directory', 'getPermissions', 'mkdir', 'rm'] as const),
          ),
          path,
        }),
        fc.record({ kind: fc.constant('write' as const), path, value }),
        fc.record({
          kind: fc.constant('setPermissions' as const),
          path,
          permissions: fc.array(permission, { minLength: 1, maxLength: 2 }),
        }),
      ),
      commit: fc.constantFrom(false, false, false, false, true),
    });
    let committed = 0;
    let conflicts = 0;
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40, size: 'max' }), (acts) => {
        const [store, serial] = [new XenstoreStore(), new XenstoreStore()];
        for (const each of [store, serial]) {
          each.introduce(1);
          each.mkdir(0, '/local/domain/1');
          each.setPermissions(0, '/local/domain/1', [{ domid: 1, access: 'b' }]);
          each.write(0, '/x/y', 'v');
          each.setPermissions(0, '/x', [{ domid: 0, access: 'b' }]);
        }
        // Each works for one domain, so that its requests and its transaction belong together.
        const workers = {
          first: { domid: 0, id: 0, log: [] as { request: Request; reply: unknown }[] },
          second: { domid: 1, id: 0, log: [] as { request: Request; reply: unknown }[] },
        };
        for (const { who, domid: outsider, request: wanted, commit } of acts) {
          if (who === 'outside') {
            const outside = { ...wanted, domid: outsider, tx: 0 } as Request;
            assert.deepEqual(ask(store, outside), ask(serial, outside));
            continue;
          }
          const worker = workers[who];
          if (worker.id === 0) {
            const started = store.transactionStart(worker.domid);
            assert.ok(started.ok);
            worker.id = started.value;
          }
          // Who may watch a special name is no part of a transaction: xenstored sets it at once (do_set_perms).
          if (wanted.kind === 'setPermissions' && wanted.path.startsWith('@')) continue;
          const inside = { ...wanted, domid: worker.domid, tx: worker.id } as Request;
          worker.log.push({ request: inside, reply: ask(store, inside) });
          if (!commit) continue;
          const end = store.transactionEnd(worker.domid, worker.id, true);
          if (end.ok) {
            committed++;
            for (const { request: done, reply } of worker.log) {
              assert.deepEqual(ask(serial, { ...done, tx: 0 } as Request), reply);
            }
          } else {
            assert.equal(end.error, 'EAGAIN');
            conflicts++;
          }
          worker.id = 0;
          worker.log = [];
        }
        const texts = (each: XenstoreStore) => [...dump(each)].map(([at, node]) => [at, node.text]);
        assert.deepEqual(texts(store), texts(serial));
        checkAccounts(store);
      }),
      runs(RUNS),
    );
    assert.ok(committed > 100, `only ${committed} transactions were committed`);
    assert.ok(conflicts > 100, `only ${conflicts} transactions met a conflict`);
  });
});
