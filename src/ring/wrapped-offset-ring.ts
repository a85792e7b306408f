/**
 * Index arithmetic of a ring with wrapped byte offsets (V4V, Argo). `rx` and `tx` stay below the ring's length, messages
 * take whole slots of 16 bytes, and at least one slot is always free: so equal offsets mean an empty ring, never a full
 * one. After xen/common/argo.c (Xen 4.17.5).
 *
 * `tx` belongs to the writer, which keeps its own copy. `rx` comes from memory that the reader's guest writes: it goes
 * through `sanitizedOffset` first.
 */

/** XEN_ARGO_MSG_SLOT_SIZE. */
export const SLOT_BYTES = 16;
/** sizeof(struct xen_argo_ring_message_header). */
export const MESSAGE_HEADER_BYTES = 16;
/** A header, a slot of payload, and the slot that stays free. */
export const SMALLEST_RING_BYTES = MESSAGE_HEADER_BYTES + 2 * SLOT_BYTES;

/** ROUNDUP_MESSAGE in 32-bit arithmetic: what does not fit in 32 bits wraps to zero, as in Xen. */
export function roundedUpToSlot(bytes: number): number {
  return ((bytes + SLOT_BYTES - 1) & -SLOT_BYTES) >>> 0;
}

/** Bytes of ring that a message takes: its header, and its payload in whole slots. */
export function footprint(payloadBytes: number): number {
  return MESSAGE_HEADER_BYTES + roundedUpToSlot(payloadBytes);
}

/** get_sanitized_ring: an offset that the guest wrote, made usable. Whatever it wrote, the result lies in the ring. */
export function sanitizedOffset(offset: number, ringBytes: number): number {
  const aligned = roundedUpToSlot(offset);
  return aligned >= ringBytes ? 0 : aligned;
}

/** Bytes from `tx` up to `rx`: the whole ring where it is empty. Both lie in the ring. */
export function freeBytes(rx: number, tx: number, ringBytes: number): number {
  const distance = rx - tx;
  return distance > 0 ? distance : distance + ringBytes;
}

/** Bytes that are there to be read. Both offsets lie in the ring. */
export function usedBytes(rx: number, tx: number, ringBytes: number): number {
  const distance = tx - rx;
  return distance >= 0 ? distance : distance + ringBytes;
}

/** Whether a message can be written into so many free bytes: it must not fill them. */
export function fits(payloadBytes: number, free: number): boolean {
  return footprint(payloadBytes) < free;
}

/** ringbuf_payload_space: the largest payload that fits now. */
export function payloadSpace(rx: number, tx: number, ringBytes: number): number {
  return Math.max(0, freeBytes(rx, tx, ringBytes) - MESSAGE_HEADER_BYTES - SLOT_BYTES);
}

/** The largest payload that fits an empty ring. */
export function largestPayload(ringBytes: number): number {
  return ringBytes - MESSAGE_HEADER_BYTES - SLOT_BYTES;
}

/** An offset after so many more bytes: at most the ring's length, in whole slots at the end of a message. */
export function advancedOffset(offset: number, bytes: number, ringBytes: number): number {
  const next = offset + bytes;
  return next >= ringBytes ? next - ringBytes : next;
}

/** How many messages of one size an empty ring takes before it says that it is full. */
export function messagesPerFill(payloadBytes: number, ringBytes: number): number {
  return Math.ceil(ringBytes / footprint(payloadBytes)) - 1;
}
