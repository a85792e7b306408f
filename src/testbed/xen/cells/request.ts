import type { GuestType, Placement } from '../machine/machine-config.js';

export type XenTransport = 'libvchan' | 'v2v' | 'v4v';
export type XenScenario = 'ping-pong' | 'stream' | 'grant-mode';
export type GrantMode = 'persistent' | 'per-transfer' | 'copy';

/** One cell to be carried out on real Xen. */
export interface XenCellRequest {
  readonly transport: XenTransport;
  /** `grant-mode` moves payloads by grants alone, with no channel: of transport v2v only. */
  readonly scenario: XenScenario;
  readonly parameters: XenCellParameters;
}

export interface XenCellParameters {
  /** Asked for, per direction. */
  readonly ringSizeBytes: number;
  readonly messageSizeBytes: number;
  /**
   * Messages (round trips of ping-pong) to which the counters refer: the difference of two windows, one of that many and
   * one of twice as many. Left out: as many as give steady counts.
   */
  readonly messages?: number;
  /** Of the listening and of the connecting side; the connecting side sends first. */
  readonly guestTypes: readonly [GuestType, GuestType];
  readonly grantMode: GrantMode;
  readonly placement: Placement;
  /** Whole messages, or parts of a stream as they fit. Left out: whole messages where the ring takes one. */
  readonly framing?: 'message' | 'stream';
}

/** "pvh", or "pv:pvh" where the sides differ. */
export function guestTypeName([listener, connector]: XenCellParameters['guestTypes']): string {
  return listener === connector ? listener : `${listener}:${connector}`;
}

const KIB = 1024;
export const LIBVCHAN_MAX_RING_BYTES = 1024 * KIB;
export const V2V_MAX_RING_BYTES = 64 * KIB;
const V2V_RECORD_HEADER_BYTES = 4;
const PAGE_BYTES = 4096;

/** The ring from the connecting to the listening side, as the protocol makes it of what was asked for. */
export function effectiveRingBytes(transport: XenTransport, asked: number): number {
  if (transport === 'v4v') return Math.floor(asked / 16) * 16;
  if (transport === 'v2v') return powerOfTwoFrom(asked, PAGE_BYTES);
  if (asked <= 1024) return 1024;
  return asked <= 2048 ? 2048 : powerOfTwoFrom(asked, PAGE_BYTES);
}

function powerOfTwoFrom(bytes: number, least: number): number {
  let size = least;
  while (size < bytes) size *= 2;
  return size;
}

/** Whole messages of this size that a ring holds at once; 0 where it takes none whole. */
export function messagesInRing(
  transport: XenTransport,
  ringBytes: number,
  messageBytes: number,
): number {
  switch (transport) {
    case 'libvchan':
      return Math.floor(ringBytes / messageBytes);
    case 'v2v': {
      const record = Math.ceil((messageBytes + V2V_RECORD_HEADER_BYTES) / 8) * 8;
      return record >= ringBytes || record > 65528
        ? 0
        : Math.max(1, Math.floor(ringBytes / record));
    }
    case 'v4v': {
      const slot = Math.ceil(messageBytes / 16) * 16 + 16;
      return messageBytes > ringBytes - 32 ? 0 : Math.ceil(ringBytes / slot) - 1;
    }
  }
}

/** Why this cell cannot be, or undefined where it can. */
export function skipReason({
  transport,
  scenario,
  parameters,
}: XenCellRequest): string | undefined {
  const { ringSizeBytes: ring, messageSizeBytes: message, grantMode } = parameters;
  if (message < 1) return 'a message has at least one byte';
  if (scenario === 'grant-mode') {
    if (transport !== 'v2v') return 'grant-mode moves payloads by grants: transport v2v only';
    return message > V2V_MAX_RING_BYTES ? 'a transfer has at most 16 pages' : undefined;
  }
  if (grantMode !== 'persistent' && transport !== 'v2v') {
    return `${transport} has no grant mode but persistent`;
  }
  const most = {
    libvchan: LIBVCHAN_MAX_RING_BYTES,
    v2v: V2V_MAX_RING_BYTES,
    v4v: 16 * 1024 * KIB - 64,
  };
  if (ring > most[transport]) return `${transport} has rings of at most ${most[transport]} bytes`;
  const effective = effectiveRingBytes(transport, ring);
  if (grantMode !== 'persistent' && message > effective) {
    return 'a granted payload has at most as many pages as the ring';
  }
  const whole = grantMode !== 'persistent' || messagesInRing(transport, effective, message) > 0;
  if (
    !whole &&
    (scenario === 'ping-pong' || parameters.framing === 'message' || transport === 'v4v')
  ) {
    return `a message of ${message} bytes does not fit into a ring of ${effective} bytes`;
  }
  return undefined;
}

/** How the messages of a cell are framed. */
export function framingOf({ transport, parameters }: XenCellRequest): 'message' | 'stream' {
  if (parameters.framing !== undefined) return parameters.framing;
  if (parameters.grantMode !== 'persistent') return 'message';
  const ring = effectiveRingBytes(transport, parameters.ringSizeBytes);
  return messagesInRing(transport, ring, parameters.messageSizeBytes) > 0 ? 'message' : 'stream';
}
