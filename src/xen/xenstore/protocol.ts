/**
 * Names and limits of the xenstore protocol, as C xenstored of Xen 4.17.5 has them
 * (tools/xenstore/xenstored_core.c, docs/misc/xenstore.txt, xen/include/public/io/xs_wire.h).
 * Strings stand for octets: one character (0 to 255) is one byte on the wire.
 */

/**
 * What a request can fail with: names of the wire, except `ENOTCONN`, which stands for a domain
 * that xenstored does not listen to (never introduced, released, or ignored after a protocol
 * violation): on real Xen no reply would come. Quotas: nodes, transactions, entry size and
 * permissions give ENOSPC, watches E2BIG, memory EIO or ENOMEM.
 */
export type XenstoreError =
  | 'EINVAL'
  | 'EACCES'
  | 'EEXIST'
  | 'ENOENT'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'EIO'
  | 'EBUSY'
  | 'EAGAIN'
  | 'E2BIG'
  | 'EPERM'
  | 'ENOTCONN';

export type XenstoreResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: XenstoreError };

/** n: no access, r: read, w: write, b: both. */
export type XenstoreAccess = 'n' | 'r' | 'w' | 'b';

/**
 * One entry of a node's permissions. The first names the owner, and the access of everybody not
 * named.
 */
export interface XenstorePermission {
  readonly domid: number;
  readonly access: XenstoreAccess;
}

/** A watch event as the watcher sees it: the path is relative if the watch was. */
export interface XenstoreWatchEvent {
  readonly path: string;
  readonly token: string;
}

/** What a domain has taken of its quotas, as `xenstore-control quota <domid>` shows it. */
export interface XenstoreUsage {
  readonly nodes: number;
  readonly watches: number;
  readonly transactions: number;
  readonly waitingEvents: number;
  readonly memoryBytes: number;
}

/**
 * One reply of DIRECTORY_PART. The list is whole once `complete`; `generation` tells whether it
 * changed meanwhile.
 */
export interface XenstoreDirectoryPart {
  readonly generation: number;
  /** Leaf names, each followed by a NUL. */
  readonly names: string;
  readonly complete: boolean;
}

/**
 * Limits of an unprivileged domain; dom0 has none. Source: the quota_ variables of
 * xenstored_core.c.
 */
export interface XenstoreQuotas {
  /** Nodes owned. In a transaction that creates nodes the commit already fails on reaching it. */
  readonly nodesPerDomain: number;
  /** xenstored tests `count > quota` before it adds one, so one more than this is allowed. */
  readonly watchesPerDomain: number;
  /** Open at once; here too xenstored allows one more. */
  readonly transactionsPerDomain: number;
  /** Requests without a complete reply, beyond which xenstored stops reading the domain's ring. */
  readonly outstandingRequests: number;
  /**
   * A node with its 24-byte header, 8 bytes a permission, value and child names must stay below
   * this.
   */
  readonly entrySizeBytes: number;
  readonly permissionsPerNode: number;
  /** Nodes a transaction may touch, reads included. */
  readonly nodesPerTransaction: number;
  /** Length of a path behind "/local/domain/<domid>/"; of the whole path elsewhere. */
  readonly pathBytes: number;
  /** Nodes, watches, transactions and waiting watch events together; 0 is no limit. */
  readonly memoryPerDomainBytes: number;
}

/** A relative path, or the name of a special watch, may not be longer (xs_wire.h). */
export const XENSTORE_REL_PATH_MAX = 2048;

export const XENSTORE_DEFAULT_QUOTAS: XenstoreQuotas = {
  nodesPerDomain: 1000,
  watchesPerDomain: 128,
  transactionsPerDomain: 10,
  outstandingRequests: 20,
  entrySizeBytes: 2048,
  permissionsPerNode: 5,
  nodesPerTransaction: 1024,
  pathBytes: XENSTORE_REL_PATH_MAX,
  memoryPerDomainBytes: 2560 * 1024,
};

/**
 * Payload of one message, either way. xenstored drops the connection of a domain that announces
 * more.
 */
export const XENSTORE_PAYLOAD_MAX = 4096;

/** struct xsd_sockmsg: before the payload of each message. */
export const XENSTORE_HEADER_BYTES = 16;

/** The home of a domain, to which its relative paths refer. */
export function domainPath(domid: number): string {
  return `/local/domain/${domid}`;
}

/** The path as xenstored stores it. Special watches (@introduceDomain) stay as they are. */
export function absolutePath(domid: number, path: string): string {
  return path.startsWith('/') || path.startsWith('@') ? path : `${domainPath(domid)}/${path}`;
}

export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

export function leafName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const ALLOWED = /^\/[A-Za-z0-9\-/_@]*$/;
// sscanf "%5u" also takes a minus sign; the sign counts towards the five.
const HOME = /^\/local\/domain\/(?:\d{1,5}|-\d{1,4})\//;

/** is_valid_nodename(): an absolute path without doubled or trailing slashes, not too long. */
export function isValidPath(path: string, pathBytes: number): boolean {
  if (!ALLOWED.test(path)) return false;
  if (path !== '/' && (path.endsWith('/') || path.includes('//'))) return false;
  if (path.length <= pathBytes) return true;
  return path.length <= (HOME.exec(path)?.[0].length ?? 0) + pathBytes;
}
