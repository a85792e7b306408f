import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../../test/property-runs.js';
import { CpioArchive } from './cpio.js';

interface ReadEntry {
  readonly mode: number;
  readonly content: Buffer;
}

/** Reads an archive by the letter of the format: what Linux does when it unpacks one. */
function readArchive(archive: Buffer): Map<string, ReadEntry> {
  const entries = new Map<string, ReadEntry>();
  const aligned = (offset: number): number => (offset + 3) & ~3;
  for (let at = 0; ; ) {
    assert.equal(archive.toString('latin1', at, at + 6), '070701');
    const field = (n: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + n * 8, at + 14 + n * 8), 16);
    const nameBytes = field(11);
    const name = archive.toString('utf8', at + 110, at + 110 + nameBytes - 1);
    const start = aligned(at + 110 + nameBytes);
    const mode = field(1);
    const content = archive.subarray(start, start + field(6));
    at = aligned(start + content.length);
    if (name === 'TRAILER!!!') {
      assert.equal(at, archive.length);
      return entries;
    }
    entries.set(name, { mode, content });
  }
}

const segment = fc.stringMatching(/^[a-z][a-z0-9._-]{0,9}$/);
const files = fc.uniqueArray(
  fc.record({
    path: fc
      .array(segment, { minLength: 1, maxLength: 3 })
      .map((parts) => `d/${parts.join('/x/')}.f`),
    content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    mode: fc.constantFrom(0o644, 0o755),
  }),
  { selector: ({ path }) => path, maxLength: 12 },
);

describe('CpioArchive', () => {
  it('gives back every file, with its mode, and every folder above it', () => {
    fc.assert(
      fc.property(files, (list) => {
        // A name that is a file in one path and a folder in another cannot be unpacked by anybody.
        fc.pre(list.every(({ path }) => list.every((other) => !other.path.startsWith(`${path}/`))));
        const archive = new CpioArchive();
        for (const { path, content, mode } of list) archive.addFile(path, content, mode);
        const read = readArchive(archive.toBuffer());
        for (const { path, content, mode } of list) {
          assert.deepEqual(read.get(path), { mode: 0o100000 | mode, content });
          for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
            assert.equal(read.get(path.slice(0, slash))?.mode, 0o040755);
          }
        }
      }),
      runs(100),
    );
  });

  it('puts folders before what they hold', () => {
    const archive = new CpioArchive();
    archive.addFile('/a/b/c', 'x');
    archive.addSymlink('a/link', '/a/b');
    assert.deepEqual([...readArchive(archive.toBuffer()).keys()], ['a', 'a/b', 'a/b/c', 'a/link']);
  });

  it('refuses the same path twice, and a file below a file', () => {
    const archive = new CpioArchive();
    archive.addFile('a', 'x');
    assert.throws(() => archive.addFile('/a', 'y'), /twice/);
    assert.throws(() => archive.addFile('a/b', 'y'), /below a file/);
  });
});
