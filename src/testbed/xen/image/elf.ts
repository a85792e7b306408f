import { UserError } from '../../../base/errors.js';

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const PAGE_BYTES = 4096;

/** One entry of the program header table of a 64-bit little-endian ELF file. */
export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly fileOffset: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly alignment: bigint;
}

/** Reads the program headers. Throws UserError where the bytes are not a sound 64-bit x86 ELF file. */
export function readSegments(file: Buffer, where: string): Segment[] {
  if (file.length < ELF_HEADER_BYTES || file.readUInt32BE(0) !== 0x7f454c46) {
    throw new UserError('not an ELF file', { where });
  }
  if (file[4] !== 2 || file[5] !== 1) {
    throw new UserError('not a 64-bit little-endian ELF file', { where });
  }
  const tableOffset = Number(file.readBigUInt64LE(32));
  const entryBytes = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  if (entryBytes !== PROGRAM_HEADER_BYTES || tableOffset + count * entryBytes > file.length) {
    throw new UserError('its program header table does not lie within the file', { where });
  }
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const at = tableOffset + i * entryBytes;
    const segment: Segment = {
      type: file.readUInt32LE(at),
      flags: file.readUInt32LE(at + 4),
      fileOffset: Number(file.readBigUInt64LE(at + 8)),
      virtualAddress: file.readBigUInt64LE(at + 16),
      physicalAddress: file.readBigUInt64LE(at + 24),
      fileBytes: Number(file.readBigUInt64LE(at + 32)),
      memoryBytes: Number(file.readBigUInt64LE(at + 40)),
      alignment: file.readBigUInt64LE(at + 48),
    };
    if (segment.fileOffset + segment.fileBytes > file.length) {
      throw new UserError(`segment ${i} reaches beyond the end of the file`, { where });
    }
    segments.push(segment);
  }
  return segments;
}

/**
 * The same executable with nothing but its loadable segments and notes, and with the zeros at the end of each
 * segment left to the loader (which zeroes what memory has and the file has not). Section headers go.
 *
 * A Linux kernel shrinks to about half; every byte less is a byte that the emulated machine need not copy, which
 * it does two or three times a boot.
 */
export function trimElf(file: Buffer, where: string): Buffer {
  const segments = readSegments(file, where);
  const parts: Buffer[] = [];
  let position =
    Math.ceil((ELF_HEADER_BYTES + segments.length * PROGRAM_HEADER_BYTES) / PAGE_BYTES) *
    PAGE_BYTES;
  const placed = segments.map((segment) => {
    if (segment.type !== PT_LOAD) return { segment, offset: 0, bytes: segment.fileBytes };
    const bytes = Math.min(segment.fileBytes, roundUp(usedBytes(file, segment), PAGE_BYTES));
    const offset = position;
    parts.push(file.subarray(segment.fileOffset, segment.fileOffset + bytes));
    position = roundUp(offset + bytes, PAGE_BYTES);
    parts.push(Buffer.alloc(position - offset - bytes));
    return { segment, offset, bytes };
  });

  const header = Buffer.alloc(position - parts.reduce((sum, part) => sum + part.length, 0));
  file.copy(header, 0, 0, ELF_HEADER_BYTES);
  header.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32);
  header.writeBigUInt64LE(0n, 40); // no section header table: offset, count and string index are zero
  header.writeUInt16LE(0, 60);
  header.writeUInt16LE(0, 62);
  placed.forEach(({ segment, offset, bytes }, i) => {
    const inner = segment.type === PT_LOAD ? offset : movedOffset(segment, placed);
    const at = ELF_HEADER_BYTES + i * PROGRAM_HEADER_BYTES;
    header.writeUInt32LE(segment.type, at);
    header.writeUInt32LE(segment.flags, at + 4);
    header.writeBigUInt64LE(BigInt(inner), at + 8);
    header.writeBigUInt64LE(segment.virtualAddress, at + 16);
    header.writeBigUInt64LE(segment.physicalAddress, at + 24);
    header.writeBigUInt64LE(BigInt(inner === 0 ? 0 : bytes), at + 32);
    header.writeBigUInt64LE(BigInt(segment.memoryBytes), at + 40);
    header.writeBigUInt64LE(segment.alignment, at + 48);
  });
  return Buffer.concat([header, ...parts]);
}

/** Where the content of a segment that lies within a loadable one (a note) has gone; 0 if nowhere. */
function movedOffset(
  segment: Segment,
  placed: readonly { segment: Segment; offset: number; bytes: number }[],
): number {
  if (segment.fileBytes === 0) return 0;
  for (const { segment: load, offset, bytes } of placed) {
    if (load.type !== PT_LOAD) continue;
    const inside = segment.fileOffset - load.fileOffset;
    if (inside >= 0 && inside + segment.fileBytes <= bytes) return offset + inside;
  }
  if (segment.type === PT_NOTE) {
    throw new UserError('a note of the kernel lies outside its loadable segments', {
      remedy: 'use a Debian or Ubuntu amd64 kernel',
    });
  }
  return 0;
}

/** Bytes of a segment up to its last byte that is not zero. */
function usedBytes(file: Buffer, segment: Segment): number {
  let end = segment.fileOffset + segment.fileBytes;
  while (end > segment.fileOffset && file[end - 1] === 0) end--;
  return end - segment.fileOffset;
}

/** Names of the shared libraries an executable or library asks for (DT_NEEDED); none if it is static. */
export function neededLibraries(file: Buffer, where: string): string[] {
  const segments = readSegments(file, where);
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (dynamic === undefined) return [];
  const needed: number[] = [];
  let strings: bigint | undefined;
  for (let at = dynamic.fileOffset; at + 16 <= dynamic.fileOffset + dynamic.fileBytes; at += 16) {
    const tag = file.readBigInt64LE(at);
    const value = file.readBigUInt64LE(at + 8);
    if (tag === DT_NEEDED) needed.push(Number(value));
    if (tag === DT_STRTAB) strings = value;
  }
  if (strings === undefined) return [];
  const table = fileOffsetOf(strings, segments);
  if (table === undefined) throw new UserError('its string table is not in the file', { where });
  return needed.map((offset) => {
    const start = table + offset;
    return file.toString('latin1', start, file.indexOf(0, start));
  });
}

function fileOffsetOf(address: bigint, segments: readonly Segment[]): number | undefined {
  for (const segment of segments) {
    const inside = address - segment.virtualAddress;
    if (segment.type === PT_LOAD && inside >= 0n && inside < BigInt(segment.fileBytes)) {
      return segment.fileOffset + Number(inside);
    }
  }
  return undefined;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
