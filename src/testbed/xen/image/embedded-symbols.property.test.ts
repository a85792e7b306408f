import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../../../test/property-runs.js';
import { embeddedSymbols } from './embedded-symbols.js';

/** A file with tables as Xen's tools/symbols.c writes them, without compression: each token is one character. */
function hypervisorWith(names: readonly string[], padding: number): Buffer {
  const padded = (content: Buffer): Buffer =>
    Buffer.concat([content, Buffer.alloc((4 - (content.length % 4)) % 4)]);
  const words = (values: readonly number[]): Buffer => {
    const buffer = Buffer.alloc(4 * values.length);
    for (const [i, value] of values.entries()) buffer.writeUInt32LE(value, 4 * i);
    return buffer;
  };
  const markers: number[] = [];
  let length = 0;
  const bytes = names.map((name, i) => {
    if (i % 256 === 0) markers.push(length);
    length += 1 + name.length;
    return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1')]);
  });
  // Token 0 would end where it begins; it is used by no name.
  const tokens = Array.from({ length: 256 }, (_, i) =>
    i === 0 ? '\u0001' : String.fromCharCode(i),
  );
  const index = Buffer.alloc(512);
  for (let i = 0; i < 256; i++) index.writeUInt16LE(2 * i, 2 * i);
  return Buffer.concat([
    Buffer.alloc(64 + 4 * padding, 0xcc),
    Buffer.from([0, 0, 0, 0x40, 0xd0, 0x82, 0xff, 0xff]), // a pointer into the gigabyte of Xen 4.17
    words(names.map((_, i) => 0x200000 + 16 * i)),
    words([names.length]),
    padded(Buffer.concat(bytes)),
    words(markers),
    Buffer.from(tokens.map((token) => `${token}\0`).join(''), 'latin1'),
    index,
    Buffer.alloc(128, 0xcc),
  ]);
}

const name = fc.stringMatching(/^[tT][a-z_][a-z0-9_.#]{2,30}$/);

describe('symbols that a hypervisor carries', () => {
  it('come out as they were put in, wherever the tables lie', () => {
    const lists = fc.array(name, { minLength: 257, maxLength: 700 });
    fc.assert(
      fc.property(lists, fc.nat({ max: 9 }), (names, padding) => {
        const lines = embeddedSymbols(hypervisorWith(names, padding))?.trimEnd().split('\n');
        const wanted = names.map((text, i) => {
          const address = (0xffff82d040200000n + BigInt(16 * i)).toString(16);
          return `0x${address} ${text.slice(0, 1)} ${text.slice(1)}`;
        });
        assert.deepEqual(lines, wanted);
      }),
      runs(30),
    );
  });

  it('are not made up where there are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        assert.equal(embeddedSymbols(Buffer.from(bytes)), undefined);
      }),
      runs(50),
    );
    const names = Array.from({ length: 300 }, (_, i) => `tname${i}`);
    const damaged = hypervisorWith(names, 0);
    damaged.writeUInt32LE(301, 72 + 4 * 300); // the number of symbols
    assert.equal(embeddedSymbols(damaged), undefined);
  });
});
