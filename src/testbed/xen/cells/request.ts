import type { GuestType, Placement } from '../machine/machine-config.js';

export const XEN_TRANSPORTS = ['libvchan', 'v2v', 'v4v'] as const;
export type XenTransport = (typeof XEN_TRANSPORTS)[number];

/**
 * Work that real guests can do, under the names of the scenarios that do the same in the model. `bare-grants` moves
 * payloads by grant operations alone, without a channel (transport v2v). In `http-transfer` a message is a file that
 * busybox's wget fetches from its httpd in the other guest, over a connection of its own.
 */
export const XEN_SCENARIOS = [
  'ping-pong',
  'message-rate',
  'stream',
  'grant-mode',
  'bare-grants',
  'http-transfer',
] as const;
export type XenScenario = (typeof XEN_SCENARIOS)[number];
/** Who carries sockets between the guests: this project's proxy, or the one of Xen's own tools. */
export const RELAYS = ['interdom', 'vchan-socket-proxy'] as const;
export type Relay = (typeof RELAYS)[number];
export type GrantMode = 'persistent' | 'per-transfer' | 'copy';

/** One cell to be carried out on real Xen. */
export interface XenCellRequest {
  readonly transport: XenTransport;
  readonly scenario: XenScenario;
  readonly parameters: XenCellParameters;
  /** Microseconds by which all its windows start later [0]: other places relative to the timer. */
  readonly startsLaterUs?: number;
}

export interface XenCellParameters {
  /** Asked for, per direction. */
  readonly ringSizeBytes: number;
  readonly messageSizeBytes: number;
  /**
   * Messages to which the counters refer (a round trip of ping-pong is two): the difference of two windows, one of that
   * many and one of twice as many. Left out: as many as give steady counts.
   */
  readonly messages?: number;
  /** Of the listening and of the connecting side; the connecting side sends first. */
  readonly guestTypes: readonly [GuestType, GuestType];
  readonly grantMode: GrantMode;
  readonly placement: Placement;
  /** Of `http-transfer` [interdom]. */
  readonly relay?: Relay;
}

/** "pvh", or "pv:pvh" where the sides differ. */
export function guestTypeName([listener, connector]: XenCellParameters['guestTypes']): string {
  return listener === connector ? listener : `${listener}:${connector}`;
}

const KIB = 1024;
const PAGE_BYTES = 4096;
const V2V_HEADER_BYTES = 4;
const V4V_SLOT_BYTES = 16;
/** Largest ring, in bytes, of either direction. */
const LARGEST_RING: Readonly<Record<XenTransport, number>> = {
  libvchan: 1024 * KIB,
  v2v: 64 * KIB,
  v4v: 16 * 1024 * KIB - 64,
};
/** Pages that the granting side of bare-grants offers. */
export const BARE_GRANT_PAGES = 16;

/** The ring from the connecting to the listening side, as the protocol makes it of what was asked for. */
export function effectiveRingBytes(transport: XenTransport, asked: number): number {
  if (transport === 'v4v') return roundUp(Math.max(asked, 3 * V4V_SLOT_BYTES), V4V_SLOT_BYTES);
  if (transport === 'v2v') return powerOfTwoFrom(asked, PAGE_BYTES);
  if (asked <= 1024) return 1024;
  return asked <= 2048 ? 2048 : powerOfTwoFrom(asked, PAGE_BYTES);
}

function powerOfTwoFrom(bytes: number, least: number): number {
  let size = least;
  while (size < bytes) size *= 2;
  return size;
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** The largest message that goes through this ring whole. */
export function largestMessage(transport: XenTransport, ringBytes: number): number {
  switch (transport) {
    case 'libvchan':
      return ringBytes;
    case 'v2v': // half the ring may be lost to a PAD
      return ringBytes / 2 - V2V_HEADER_BYTES;
    case 'v4v':
      return ringBytes - 2 * V4V_SLOT_BYTES;
  }
}

/** Messages that are on their way at most, when a sender goes on until it must wait. */
export function messagesInFlight({ transport, parameters }: XenCellRequest): number {
  const ring = effectiveRingBytes(transport, parameters.ringSizeBytes);
  const { messageSizeBytes: message, grantMode } = parameters;
  if (grantMode !== 'persistent') {
    return Math.max(1, Math.floor(ring / PAGE_BYTES / Math.ceil(message / PAGE_BYTES)));
  }
  switch (transport) {
    case 'libvchan':
      return Math.max(1, Math.floor(ring / message));
    case 'v2v': // a record may not end where the ring ends
      return Math.max(1, Math.ceil(ring / roundUp(message + V2V_HEADER_BYTES, 8)) - 1);
    case 'v4v': // one slot stays free
      return Math.max(1, Math.ceil(ring / (roundUp(message, V4V_SLOT_BYTES) + V4V_SLOT_BYTES)) - 1);
  }
}

/** What a hypervisor without Argo means for a cell of V4V. */
export const NO_ARGO =
  'this hypervisor has no Argo, by whose hypercalls V4V runs on real Xen: ' +
  'give one built with CONFIG_ARGO=y by --hypervisor FILE';

/** What the guests that were built have, or have not. */
export interface XenAbilities {
  readonly hasArgo: boolean;
  readonly hasSocketProxy: boolean;
}

/** Why this cell cannot be with these guests, or undefined where it can. */
export function skipReason(
  { transport, scenario, parameters }: XenCellRequest,
  abilities: XenAbilities,
): string | undefined {
  const { ringSizeBytes: asked, messageSizeBytes: message, grantMode } = parameters;
  if (transport === 'v4v' && !abilities.hasArgo) return NO_ARGO;
  if (message < 1) return 'a message has at least one byte';
  if (scenario === 'ping-pong' && (parameters.messages ?? 0) % 2 !== 0) {
    return `a round trip is two messages, and ${parameters.messages} is odd`;
  }
  if (grantMode !== 'persistent' && transport !== 'v2v') {
    return `${transport} has no grant mode "${grantMode}"`;
  }
  if (scenario === 'bare-grants') {
    if (transport !== 'v2v') return 'bare grants are measured for transport v2v only';
    return message > BARE_GRANT_PAGES * PAGE_BYTES
      ? `a transfer has at most ${BARE_GRANT_PAGES} pages`
      : undefined;
  }
  if (asked > LARGEST_RING[transport]) {
    return `${transport} has rings of at most ${LARGEST_RING[transport]} bytes`;
  }
  if (scenario === 'http-transfer') return whyNoTransfer(transport, parameters, abilities);
  if (scenario === 'stream') {
    return grantMode === 'persistent'
      ? undefined
      : 'streams in granted pages are not carried out on real Xen: use grant-mode or message-rate';
  }
  const largest = largestMessage(transport, effectiveRingBytes(transport, asked));
  return message > largest
    ? `a message of ${message} bytes does not fit: at most ${largest} through this ring`
    : undefined;
}

/** Most that a guest fetches within a window: it keeps all of it, in a file system of half its little memory. */
const MOST_FETCHED_BYTES = 6 * 1024 * KIB;
const MOST_REQUESTS = 6;

/** Requests of the shorter window, where the user does not say. */
export function requestsOf({ messageSizeBytes }: XenCellParameters): number {
  const most = Math.floor(MOST_FETCHED_BYTES / 2 / messageSizeBytes);
  return Math.max(1, Math.min(MOST_REQUESTS, most));
}
/** Rings that vchan-socket-proxy asks for: the smallest, and nobody can have it ask for others. */
const SOCKET_PROXY_RING_BYTES = 1024;

function whyNoTransfer(
  transport: XenTransport,
  parameters: XenCellParameters,
  { hasSocketProxy }: XenAbilities,
): string | undefined {
  const { ringSizeBytes, messageSizeBytes, grantMode, relay } = parameters;
  const { messages = requestsOf(parameters) } = parameters;
  if (grantMode !== 'persistent') return 'a proxy keeps its rings mapped';
  if (2 * messages * messageSizeBytes > MOST_FETCHED_BYTES) {
    return `guests keep what they fetch: at most ${MOST_FETCHED_BYTES} bytes in the longer window, of ${2 * messages} files`;
  }
  if (relay !== 'vchan-socket-proxy') return undefined;
  if (transport !== 'libvchan') return 'vchan-socket-proxy speaks libvchan only';
  if (effectiveRingBytes(transport, ringSizeBytes) !== SOCKET_PROXY_RING_BYTES) {
    return `vchan-socket-proxy has rings of ${SOCKET_PROXY_RING_BYTES} bytes: --ring-size 1k`;
  }
  return hasSocketProxy
    ? undefined
    : 'the package xen-utils that was found has no vchan-socket-proxy (Debian 12 has it)';
}
