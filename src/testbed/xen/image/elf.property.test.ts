import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../../test/property-runs.js';
import { neededLibraries, readSegments, trimElf } from './elf.js';

interface Load {
  readonly content: Buffer;
  /** Bytes of memory beyond what the file has. */
  readonly extra: number;
}

/** An executable with these loadable segments, a note within the first, and section headers behind. */
function makeElf(loads: readonly Load[], noteBytes: number): Buffer {
  const count = loads.length + 1;
  const header = Buffer.alloc(64 + 56 * count);
  header.writeUInt32BE(0x7f454c46, 0);
  header[4] = 2;
  header[5] = 1;
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(count, 56);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(7, 60);
  const parts: Buffer[] = [header];
  let offset = header.length;
  const write = (
    i: number,
    type: number,
    at: number,
    address: bigint,
    bytes: number,
    memory: number,
  ): void => {
    const entry = 64 + 56 * i;
    header.writeUInt32LE(type, entry);
    header.writeBigUInt64LE(BigInt(at), entry + 8);
    header.writeBigUInt64LE(address, entry + 16);
    header.writeBigUInt64LE(address, entry + 24);
    header.writeBigUInt64LE(BigInt(bytes), entry + 32);
    header.writeBigUInt64LE(BigInt(memory), entry + 40);
  };
  loads.forEach(({ content, extra }, i) => {
    write(i, 1, offset, BigInt(0x100000 * (i + 1)), content.length, content.length + extra);
    if (i === 0) write(loads.length, 4, offset, 0n, noteBytes, noteBytes);
    parts.push(content);
    offset += content.length;
  });
  parts.push(Buffer.alloc(448, 0xaa));
  return Buffer.concat(parts);
}

/** What a loader puts into memory, by address. */
function memoryImage(elf: Buffer): Map<bigint, Buffer> {
  const memory = new Map<bigint, Buffer>();
  for (const segment of readSegments(elf, 'test')) {
    if (segment.type !== 1) continue;
    const bytes = Buffer.alloc(segment.memoryBytes);
    elf.copy(bytes, 0, segment.fileOffset, segment.fileOffset + segment.fileBytes);
    memory.set(segment.virtualAddress, bytes);
  }
  return memory;
}

const load = fc.record({
  content: fc
    .tuple(fc.uint8Array({ minLength: 16, maxLength: 64 }), fc.nat(20_000), fc.nat(9000))
    .map(([bytes, gap, zeros]) =>
      Buffer.concat([Buffer.from(bytes), Buffer.alloc(gap), Buffer.from([1]), Buffer.alloc(zeros)]),
    ),
  extra: fc.nat(100),
});

describe('trimElf', () => {
  it('loads to the same memory, finds its note, and has no trailing pages of zeros', () => {
    fc.assert(
      fc.property(fc.array(load, { minLength: 1, maxLength: 4 }), (loads) => {
        const elf = makeElf(loads, 12);
        const trimmed = trimElf(elf, 'test');
        assert.deepEqual(memoryImage(trimmed), memoryImage(elf));
        const note = readSegments(trimmed, 'test').find(({ type }) => type === 4);
        assert.ok(note !== undefined);
        assert.deepEqual(
          trimmed.subarray(note.fileOffset, note.fileOffset + 12),
          loads[0]?.content.subarray(0, 12),
        );
        for (const segment of readSegments(trimmed, 'test')) {
          if (segment.type !== 1 || segment.fileBytes < 4096) continue;
          const end = segment.fileOffset + segment.fileBytes;
          assert.ok(trimmed.subarray(end - 4096, end).some((byte) => byte !== 0));
        }
      }),
      runs(60),
    );
  });

  it('says what is wrong with a file that is no program', () => {
    assert.throws(() => trimElf(Buffer.from('#!/bin/sh'), 'x'), /not an ELF file/);
    const cut = makeElf([{ content: Buffer.alloc(5000, 1), extra: 0 }], 12).subarray(0, 3000);
    assert.throws(() => trimElf(cut, 'x'), /beyond the end/);
  });
});

describe('neededLibraries', () => {
  it('finds nothing in a static program', () => {
    assert.deepEqual(
      neededLibraries(makeElf([{ content: Buffer.alloc(64, 1), extra: 0 }], 12), 'x'),
      [],
    );
  });
});
