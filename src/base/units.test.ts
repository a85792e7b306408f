import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from './errors.js';
import {
  formatBytes,
  formatBytesPerSecond,
  formatNs,
  formatPerSecond,
  formatSignificant,
  parseSize,
} from './units.js';

describe('parseSize', () => {
  it('reads bytes and binary multiples', () => {
    for (const [text, bytes] of [
      ['0', 0],
      ['4096', 4096],
      ['512b', 512],
      ['4k', 4096],
      ['4K', 4096],
      ['64KiB', 65536],
      ['64kb', 65536],
      [' 1m ', 1048576],
      ['16MiB', 16777216],
      ['2g', 2147483648],
    ] as const) {
      assert.equal(parseSize(text), bytes, text);
    }
  });

  it('refuses what is no size, and says where and what to do', () => {
    for (const text of ['', 'k', '4 k', '1.5k', '-4', '4t', '0x10', '1e3']) {
      assert.throws(
        () => parseSize(text, '--ring-size'),
        (error: Error) =>
          error instanceof UserError && error.where === '--ring-size' && error.remedy !== undefined,
        text,
      );
    }
    assert.throws(() => parseSize('99999999999g'), UserError);
  });
});

describe('formats', () => {
  it('bytes: in the unit in which they are exact', () => {
    for (const [bytes, text] of [
      [0, '0 B'],
      [1000, '1000 B'],
      [1024, '1 KiB'],
      [1536, '1.5 KiB'],
      [4032, '4032 B'],
      [65472, '65472 B'],
      [65536, '64 KiB'],
      [1572864, '1.5 MiB'],
      [16777152, '16777152 B'],
      [2147483648, '2 GiB'],
    ] as const) {
      assert.equal(formatBytes(bytes), text);
    }
  });

  it('times, rates and plain numbers: three digits, unit to suit', () => {
    assert.equal(formatNs(0), '0 ns');
    assert.equal(formatNs(999), '999 ns');
    assert.equal(formatNs(1250), '1.25 us');
    assert.equal(formatNs(3.4e6), '3.40 ms');
    assert.equal(formatNs(2e9), '2.00 s');
    assert.equal(formatNs(-1250), '-1.25 us');
    assert.equal(formatBytesPerSecond(512), '512 B/s');
    assert.equal(formatBytesPerSecond(715_128_832), '682 MiB/s');
    assert.equal(formatPerSecond(1_200_000), '1.20 M/s');
    assert.equal(formatSignificant(0.0123), '0.0123');
    assert.equal(formatSignificant(12.345), '12.3');
    assert.equal(formatSignificant(0.00001), '1.00e-5');
    assert.equal(formatSignificant(Number.NaN), 'NaN');
  });
});
