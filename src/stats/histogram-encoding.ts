import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';
import { UserError } from '../base/errors.js';

/**
 * The compressed V2 encoding of HdrHistogram, around the payload that the hdr-histogram-js package
 * writes:
 *
 *     compressed: int32 cookie 0x1c849314, int32 length, zlib stream of
 *     payload:    int32 cookie 0x1c849313, int32 length of counts, int32 normalizing offset,
 *                 int32 digits, int64 lowest, int64 highest, float64 conversion ratio,
 *                 counts as ZigZag LEB128, where a negative number -n stands for n empty buckets
 *
 * Source: github.com/HdrHistogram/HdrHistogram, AbstractHistogram.java, encodeIntoByteBuffer.
 */
const COMPRESSED_COOKIE = 0x1c849314;
const PAYLOAD_COOKIE = 0x1c849313;
const CONTAINER_HEADER_BYTES = 8;
const PAYLOAD_HEADER_BYTES = 40;

/** 36,000 buckets of at most nine bytes and the header: no honest payload is larger. */
const LARGEST_PAYLOAD_BYTES = 512 * 1024;

/**
 * The settings with which a histogram was written; only equal ones can be read, added and compared.
 */
export interface HistogramGeometry {
  readonly lowest: number;
  readonly highest: number;
  readonly digits: number;
  readonly buckets: number;
}

type Deflate = (data: Uint8Array) => Uint8Array;
let deflate: Deflate | undefined;

/**
 * Compresses anew with pako, which is plain JavaScript: equal cells must be equal bytes everywhere.
 * The package uses Node's zlib, whose output changes from release to release
 * (github.com/nodejs/node, issue 50138), and from system to system where Node was built with
 * another zlib.
 */
export function recompress(encoded: string): string {
  deflate ??= (createRequire(import.meta.url)('pako') as { deflate: Deflate }).deflate;
  const bytes = Buffer.from(encoded, 'base64');
  const stream = deflate(inflateSync(bytes.subarray(CONTAINER_HEADER_BYTES)));
  const container = Buffer.alloc(CONTAINER_HEADER_BYTES + stream.length);
  container.writeInt32BE(COMPRESSED_COOKIE, 0);
  container.writeInt32BE(stream.length, 4);
  container.set(stream, CONTAINER_HEADER_BYTES);
  return container.toString('base64');
}

/**
 * Checks an encoded histogram from outside before the package decodes it, since the package trusts
 * what it reads: a run of 2^50 empty buckets would keep it busy for weeks. Throws UserError.
 */
export function checkEncoded(encoded: string, geometry: HistogramGeometry, where: string): void {
  const payload = inflated(encoded, where);
  if (payload.length < PAYLOAD_HEADER_BYTES || payload.readInt32BE(0) !== PAYLOAD_COOKIE) {
    throw fault('has no V2 header', where);
  }
  if (payload.readInt32BE(4) !== payload.length - PAYLOAD_HEADER_BYTES) {
    throw fault('has another length than its header says', where);
  }
  const digits = payload.readInt32BE(12);
  const lowest = payload.readBigInt64BE(16);
  const highest = payload.readBigInt64BE(24);
  if (
    digits !== geometry.digits ||
    lowest !== BigInt(geometry.lowest) ||
    highest !== BigInt(geometry.highest)
  ) {
    const { digits: ours, lowest: from, highest: to } = geometry;
    throw fault(
      `was written with ${digits} digits for ${lowest} to ${highest}, not ${ours} for ${from} to ${to}`,
      where,
    );
  }
  checkCounts(payload, geometry.buckets, where);
}

function inflated(encoded: string, where: string): Buffer {
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) throw fault('is not base64', where);
  if (bytes.length < CONTAINER_HEADER_BYTES || bytes.readInt32BE(0) !== COMPRESSED_COOKIE) {
    throw fault('does not begin like a compressed V2 histogram', where);
  }
  if (bytes.readInt32BE(4) !== bytes.length - CONTAINER_HEADER_BYTES) {
    throw fault('is cut off or too long', where);
  }
  try {
    const stream = bytes.subarray(CONTAINER_HEADER_BYTES);
    return inflateSync(stream, { maxOutputLength: LARGEST_PAYLOAD_BYTES });
  } catch (cause) {
    throw fault('does not decompress, or to far more than a histogram can be', where, cause);
  }
}

function checkCounts(payload: Buffer, buckets: number, where: string): void {
  let at = PAYLOAD_HEADER_BYTES;
  let bucket = 0;
  let total = 0;
  while (at < payload.length) {
    let word = 0;
    let scale = 1;
    let byte: number;
    do {
      if (at >= payload.length) throw fault('ends inside a count', where);
      byte = payload[at++] as number;
      word += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    const empty = word % 2 === 1;
    bucket += empty ? (word + 1) / 2 : 1;
    total += empty ? 0 : word / 2;
    if (bucket > buckets || total > Number.MAX_SAFE_INTEGER) {
      throw fault('has more buckets or larger counts than its header allows', where);
    }
  }
}

function fault(what: string, where: string, cause?: unknown): UserError {
  return new UserError(`the histogram ${what}`, {
    where,
    remedy: 'write the results file again: it was damaged, or not written by interdom',
    cause,
  });
}
