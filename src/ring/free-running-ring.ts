/**
 * Index arithmetic of a ring with free-running 32-bit indexes masked by a power-of-two size (libvchan, V2V). The ring
 * may be full: prod - cons equals the size then.
 *
 * Indexes come from memory that a hostile peer can write. What cannot be is read as nothing there and no room, as the
 * fix of XSA-86 does (tools/libs/vchan/io.c, raw_get_data_ready).
 */

/** Bytes that can be read: 0 where the indexes make no sense. */
export function readableBytes(prod: number, cons: number, size: number): number {
  const ready = (prod - cons) >>> 0;
  return ready > size ? 0 : ready;
}

/** Bytes that can be written: 0 where the indexes make no sense. */
export function writableBytes(prod: number, cons: number, size: number): number {
  const room = (size - ((prod - cons) >>> 0)) >>> 0;
  return room > size ? 0 : room;
}

/** Where in the ring an index points. */
export function ringOffset(index: number, size: number): number {
  return index & (size - 1);
}

/** An index after so many more bytes. */
export function advanced(index: number, bytes: number): number {
  return (index + bytes) >>> 0;
}
