/**
 * How sockets use Argo's 32-bit message_type: what kind of message it is (8 bits), and to which connection of the
 * receiver it belongs (24 bits). A connection request carries words of payload; data carry nothing but the data.
 *
 * This is a convention of guests, of which Xen knows nothing. The driver of 2012 put its stream header into the payload
 * instead (README.md).
 */

/** Asks for a connection. Payload: bytes of the ring for answers. */
export const SYN = 1;
/** Grants it. Payload: number of the connection, port and bytes of the ring to send to. */
export const ACK = 2;
/** Refuses it, or ends it. */
export const RST = 3;
export const DATA = 4;
/** The sender has closed: nothing follows. */
export const FIN = 5;
/**
 * Could not send a message larger than any before. Instead of a connection: the slots that it takes. Lets a receiver
 * that calls `notify` only after a full ring know that someone waits although its ring never looked full.
 */
export const WAITING = 6;

export const SYN_WORDS = 1;
export const ACK_WORDS = 3;

const KINDS = 256;
export const MOST_CONNECTIONS = 0xffffff;

export function messageType(kind: number, connection: number): number {
  return connection * KINDS + kind;
}

export function kindOf(type: number): number {
  return type & (KINDS - 1);
}

export function connectionOf(type: number): number {
  return type >>> 8;
}
