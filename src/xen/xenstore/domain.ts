import {
  XENSTORE_HEADER_BYTES,
  XENSTORE_PAYLOAD_MAX,
  type XenstoreQuotas,
  type XenstoreUsage,
  type XenstoreWatchEvent,
} from './protocol.js';
import type { XenstoreTransaction } from './transaction.js';

export interface XenstoreWatch {
  readonly domain: XenstoreDomain;
  /** Absolute, or a special name that begins with @. */
  readonly path: string;
  readonly token: string;
  /**
   * Bytes to cut from an event's path: the domain's home where the watch was set by a relative
   * path, else 0.
   */
  readonly prefixBytes: number;
  /** Watches of one domain fire in the order in which they were set. */
  readonly sequence: number;
}

/**
 * What became of a watch event. Merged: an equal one was still waiting. Dropped: too long, or no
 * memory left.
 */
export type WatchEventFate = 'queued' | 'merged' | 'dropped';

/**
 * What xenstored knows of a domain: struct domain and struct connection in one, as a domain has one
 * connection here. It exists from the first mention of the domid, which the toolstack makes before
 * INTRODUCE.
 */
export class XenstoreDomain {
  /** Place in the order of introduction, in which xenstored serves; -1 before INTRODUCE. */
  order = -1;
  /** A violation of the protocol makes xenstored deaf to the domain until it dies. */
  ignored = false;
  /** Its shutdown was announced by @releaseDomain already. */
  shutdown = false;
  memoryBytes = 0;
  /** Nodes outside transactions of which the domain is the owner. */
  readonly ownedPaths = new Set<string>();
  /** By path, NUL and token. */
  readonly watches = new Map<string, XenstoreWatch>();
  readonly transactions = new Map<number, XenstoreTransaction>();
  private readonly events = new Map<string, XenstoreWatchEvent>();
  private specialEvents = 0;
  private lastTransactionId = 0;

  /**
   * @param generation the store's when the domain was first mentioned: a permission entry in an
   *   older node was meant for an earlier domain of that domid
   */
  constructor(
    readonly domid: number,
    readonly generation: number,
  ) {}

  get privileged(): boolean {
    return this.domid === 0;
  }

  get introduced(): boolean {
    return this.order >= 0;
  }

  /** May the domain's memory become this large? (domain_chk_quota) */
  hasRoomFor(totalBytes: number, quotas: XenstoreQuotas): boolean {
    const limit = quotas.memoryPerDomainBytes;
    return this.privileged || this.ignored || limit === 0 || totalBytes < limit;
  }

  get waitingEvents(): number {
    return this.events.size;
  }

  queueEvent(path: string, token: string, quotas: XenstoreQuotas): WatchEventFate {
    const bytes = eventBytes(path, token);
    if (bytes > XENSTORE_PAYLOAD_MAX) return 'dropped';
    let key = `${path}\0${token}`;
    // Two domains that die are two events: special ones never merge.
    if (path.startsWith('@')) key += `\0${this.specialEvents++}`;
    else if (this.events.has(key)) return 'merged';
    const total = this.memoryBytes + bytes + XENSTORE_HEADER_BYTES;
    if (!this.hasRoomFor(total, quotas)) return 'dropped';
    this.memoryBytes = total;
    this.events.set(key, { path, token });
    return 'queued';
  }

  takeEvents(limit: number): XenstoreWatchEvent[] {
    const taken: XenstoreWatchEvent[] = [];
    for (const [key, event] of this.events) {
      if (taken.length >= limit) break;
      this.events.delete(key);
      this.memoryBytes -= eventBytes(event.path, event.token) + XENSTORE_HEADER_BYTES;
      taken.push(event);
    }
    return taken;
  }

  /** 32 bits, never 0, which on the wire means none. */
  unusedTransactionId(): number {
    do this.lastTransactionId = (this.lastTransactionId + 1) >>> 0;
    while (this.lastTransactionId === 0 || this.transactions.has(this.lastTransactionId));
    return this.lastTransactionId;
  }

  usage(): XenstoreUsage {
    return {
      nodes: this.ownedPaths.size,
      watches: this.watches.size,
      transactions: this.transactions.size,
      waitingEvents: this.events.size,
      memoryBytes: this.memoryBytes,
    };
  }

  endTransaction(transaction: XenstoreTransaction): void {
    this.transactions.delete(transaction.id);
    this.memoryBytes -= transaction.memoryBytes;
  }
}

function eventBytes(path: string, token: string): number {
  return path.length + token.length + 2;
}
