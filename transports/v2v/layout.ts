import type { SharedField } from '../../src/transport/contract.js';

/**
 * The shared memory of a V2V connection, byte for byte as OpenXT's xc-windows has it (inc/vring.h, which is netchannel2's
 * ring with V2V's fields added; xenuser/v2v/v2v.c).
 *
 * The control page holds one `struct netchannel2_sring_fields` for each side, 64 bytes each: the temple's (listener's) at
 * 0, the supplicant's (connector's) at 64. Each side writes its own and only reads the other's:
 *
 * | bytes | field | meaning |
 * | --- | --- | --- |
 * | 0 | prod | next byte that this side will produce, in the ring that it sends through |
 * | 4 | prod_event | send me an event when your prod reaches this |
 * | 8 | cons | next byte that this side will consume, in the ring that it receives from |
 * | 12 | cons_event | send me an event when your cons reaches this |
 * | 16 | consumer_active | this side waits for messages: publish them early, in small pieces |
 * | 20 | consumer_spinning | this side polls prod just now: no event needed |
 * | 24 | producer_active | this side has begun a message and has woken the other already |
 * | 28 | 36 bytes of padding | |
 *
 * Both sides have the whole page mapped for writing: none of it can be trusted.
 */
export const PROD = 0;
export const PROD_EVENT = 4;
export const CONS = 8;
export const CONS_EVENT = 12;
export const CONSUMER_ACTIVE = 16;
export const CONSUMER_SPINNING = 20;
export const PRODUCER_ACTIVE = 24;
export const ENDPOINT_BYTES = 64;
/** Where each side's fields lie in the control page. */
export const TEMPLE_FIELDS = 0;
export const SUPPLICANT_FIELDS = ENDPOINT_BYTES;

/**
 * struct netchannel2_msg_hdr: u8 type, u8 flags, u16 size, little-endian, before each message. The size counts the
 * header and the payload; a message takes it rounded up to 8 bytes.
 */
export const HEADER_BYTES = 4;
const ALIGNMENT = 8;
/** Fills the ring up to its end, so that no message wraps. */
export const MESSAGE_PAD = 255;
/** Bytes of a stream, and here of whole messages too (STREAM_MSG_DATA of xenuser/v2v/stream.c). */
export const MESSAGE_DATA = 1;

const PAGE_ORDER = 12;
export const PAGE_BYTES = 1 << PAGE_ORDER;
/** MAX_RING_PAGE_ORDER: 16 pages. */
export const LARGEST_ORDER = 4;
export const LARGEST_RING = PAGE_BYTES << LARGEST_ORDER;

/** Largest piece of a stream while the receiver waits (MAX_INLINE_BYTES of xenuser/v2v/stream.c). */
export const PIECE_FOR_WAITING_PEER = 2048;

/** Turns of the receiver's loop that waits for a producer that is active (CONSUMER_SPIN_LIMIT). */
export const SPIN_LIMIT = 2048;

/** Bytes of the ring that a message with so much payload takes. */
export function messageBytes(payloadBytes: number): number {
  return (payloadBytes + HEADER_BYTES + ALIGNMENT - 1) & -ALIGNMENT;
}

/** A header as the word in which it lies. */
export function headerWord(type: number, payloadBytes: number): number {
  return type | ((payloadBytes + HEADER_BYTES) << 16);
}

/** Type of the message whose header word this is. */
export function typeOf(word: number): number {
  return word & 0xff;
}

/** Size of the message with its header, not rounded. */
export function sizeOf(word: number): number {
  return word >>> 16;
}

/** Order, in pages, of the ring that serves a request: rings are powers of two, for their indexes are masked. */
export function ringOrder(requestedBytes: number): number {
  let order = 0;
  while (PAGE_BYTES << order < requestedBytes) order++;
  return order;
}

/**
 * Largest payload that goes through a ring whatever its indexes are. A message that would touch the ring's end is put
 * behind a PAD, at the start; so half the ring can be lost to the PAD, and half is what is sure.
 *
 * The published v2v_nc2_prep_message takes messages up to the whole ring. One of more than half can then wait for ever
 * in front of an empty ring, where the indexes have come to a bad place.
 */
export function largestPayload(ringBytes: number): number {
  return ringBytes / 2 - HEADER_BYTES;
}

const FIELDS: readonly [string, number][] = [
  ['prod', PROD],
  ['prod_event', PROD_EVENT],
  ['cons', CONS],
  ['cons_event', CONS_EVENT],
  ['consumer_active', CONSUMER_ACTIVE],
  ['consumer_spinning', CONSUMER_SPINNING],
  ['producer_active', PRODUCER_ACTIVE],
];

function fieldsOf(side: string, base: number): SharedField[] {
  return FIELDS.map(([name, offset]) => ({
    name: `${side}.${name}`,
    offset: base + offset,
    bytes: 4,
  }));
}

/** Everything in the control page that a peer can write at any time. */
export const SHARED_FIELDS: readonly SharedField[] = [
  ...fieldsOf('temple', TEMPLE_FIELDS),
  ...fieldsOf('supplicant', SUPPLICANT_FIELDS),
];
