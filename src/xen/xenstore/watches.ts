import type { WatchEventFate, XenstoreDomain, XenstoreWatch } from './domain.js';
import {
  accessOf,
  DOM0_ONLY,
  READ,
  type StoredPermission,
  type XenstoreCaller,
  type XenstoreNode,
  type XenstoreNodes,
} from './nodes.js';
import { domainPath, parentPath, type XenstoreQuotas } from './protocol.js';

/**
 * The watches of all domains, and who may hear of what. They are found by path, so that a change
 * asks only for the watches on its own ancestors: xenstored walks through all watches of all
 * connections, which ten thousand domains would not bear.
 */
export class XenstoreWatches {
  /** Watch events since the start, by fate. */
  readonly fates: Record<WatchEventFate, number> = { queued: 0, merged: 0, dropped: 0 };
  private readonly byPath = new Map<string, XenstoreWatch[]>();
  private readonly specialPermissions = new Map<string, readonly StoredPermission[]>();
  private readonly withEvents = new Set<XenstoreDomain>();
  private sequence = 0;

  constructor(
    private readonly nodes: XenstoreNodes,
    private readonly quotas: XenstoreQuotas,
  ) {}

  find(domain: XenstoreDomain, path: string, token: string): XenstoreWatch | undefined {
    return domain.watches.get(watchKey(path, token));
  }

  /** Adds a watch, which must be new, and fires it once. */
  add(domain: XenstoreDomain, path: string, token: string, relative: boolean): void {
    const prefixBytes = relative ? domainPath(domain.domid).length + 1 : 0;
    const watch = { domain, path, token, prefixBytes, sequence: this.sequence++ };
    domain.watches.set(watchKey(path, token), watch);
    domain.memoryBytes += path.length + token.length;
    const others = this.byPath.get(path);
    if (others === undefined) this.byPath.set(path, [watch]);
    else others.push(watch);
    this.send(watch, path);
  }

  remove(watch: XenstoreWatch): void {
    const { domain, path, token } = watch;
    domain.watches.delete(watchKey(path, token));
    domain.memoryBytes -= path.length + token.length;
    const others = this.byPath.get(path) ?? [];
    if (others.length > 1) others.splice(others.indexOf(watch), 1);
    else this.byPath.delete(path);
  }

  removeAll(domain: XenstoreDomain): void {
    for (const watch of [...domain.watches.values()]) this.remove(watch);
  }

  /**
   * fire_watches(). Exact: only for watches on this very path. Without a node the stored one
   * decides who may hear of it. In a transaction the event waits for the commit.
   */
  fire(
    caller: XenstoreCaller,
    path: string,
    exact: boolean,
    node?: XenstoreNode,
    oldPermissions?: readonly StoredPermission[],
  ): void {
    if (caller.transaction !== undefined) {
      caller.transaction.queueEvent(path, exact);
      return;
    }
    let asked: XenstoreDomain | undefined;
    let permitted = false;
    for (const watch of this.matching(path, exact)) {
      if (watch.domain !== asked) {
        asked = watch.domain;
        permitted = this.mayHear(asked, path, node, oldPermissions);
      }
      if (permitted) this.send(watch, path);
    }
  }

  /** The domains for which events wait, in the order in which xenstored serves connections. */
  domainsWithEvents(): XenstoreDomain[] {
    return [...this.withEvents].sort((a, b) => a.order - b.order);
  }

  /** Call after events were taken from the domain's queue. */
  eventsTaken(domain: XenstoreDomain): void {
    if (domain.waitingEvents === 0) this.withEvents.delete(domain);
  }

  /** Who may hear of a special watch; undefined if there is none of that name. */
  permissionsOfSpecial(name: string): readonly StoredPermission[] | undefined {
    if (name !== '@introduceDomain' && name !== '@releaseDomain') return undefined;
    return this.specialPermissions.get(name) ?? DOM0_ONLY;
  }

  setPermissionsOfSpecial(name: string, permissions: readonly StoredPermission[]): void {
    this.specialPermissions.set(name, permissions);
  }

  /**
   * Takes a dead domain out of the special watches' permissions; dom0 becomes owner in its place.
   */
  forgetDomain(domid: number): void {
    for (const [name, permissions] of this.specialPermissions) {
      const others = permissions.filter((entry, index) => index === 0 || entry.domid !== domid);
      const kept = others.map((entry) => (entry.domid === domid ? { ...entry, domid: 0 } : entry));
      this.specialPermissions.set(name, kept);
    }
  }

  private matching(path: string, exact: boolean): readonly XenstoreWatch[] {
    const own = this.byPath.get(path) ?? [];
    if (exact || this.byPath.size === 0) return inOrder(own);
    const matches = [...own];
    for (let at = path; at !== '/'; ) {
      at = parentPath(at);
      const above = this.byPath.get(at);
      if (above !== undefined) for (const watch of above) matches.push(watch);
    }
    return inOrder(matches);
  }

  /** watch_permitted(): by the permissions of before, of the node, or of its parent. */
  private mayHear(
    watcher: XenstoreDomain,
    path: string,
    changed: XenstoreNode | undefined,
    oldPermissions: readonly StoredPermission[] | undefined,
  ): boolean {
    const readable = (permissions: readonly StoredPermission[]) =>
      (accessOf(watcher, permissions) & READ) !== 0;
    if (path.startsWith('@')) return readable(this.permissionsOfSpecial(path) ?? DOM0_ONLY);
    if (oldPermissions !== undefined && readable(oldPermissions)) return true;
    const node = changed ?? this.nodes.stored(path);
    if (node === undefined) return false;
    if (readable(node.permissions)) return true;
    const parent = this.nodes.stored(parentPath(path));
    return parent !== undefined && readable(parent.permissions);
  }

  private send(watch: XenstoreWatch, path: string): void {
    const shown = path.slice(watch.prefixBytes);
    const fate = watch.domain.queueEvent(shown, watch.token, this.quotas);
    this.fates[fate]++;
    if (fate === 'queued') this.withEvents.add(watch.domain);
  }
}

/** Unique as long as neither part holds a NUL, which no string of the wire does. */
function watchKey(path: string, token: string): string {
  return `${path}\0${token}`;
}

function inOrder(watches: readonly XenstoreWatch[]): readonly XenstoreWatch[] {
  if (watches.length < 2) return watches;
  return [...watches].sort((a, b) => a.domain.order - b.domain.order || a.sequence - b.sequence);
}
