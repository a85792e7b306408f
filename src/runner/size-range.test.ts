import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../base/errors.js';
import { parseSizes } from './size-range.js';

describe('sizes and ranges of sizes', () => {
  it('reads one size', () => {
    assert.deepEqual(parseSizes('4096', '--ring-size'), [4096]);
    assert.deepEqual(parseSizes('64k', '--ring-size'), [65536]);
  });

  it('reads a range as every power of two in it, ends included', () => {
    assert.deepEqual(parseSizes('4k..32k', 'x'), [4096, 8192, 16384, 32768]);
    assert.deepEqual(parseSizes('1..4', 'x'), [1, 2, 4]);
    assert.deepEqual(parseSizes('5k..20k', 'x'), [8192, 16384]);
    assert.deepEqual(parseSizes('4k..4k', 'x'), [4096]);
  });

  for (const [text, message] of [
    ['1m..4k', /backwards/],
    ['5k..7k', /no power of two/],
    ['4k..8k..16k', /not a range/],
    ['4k..', /is not a size/],
    ['..4k', /is not a size/],
    ['four', /"four" is not a size/],
    ['-4k', /is not a size/],
    ['4.5k', /is not a size/],
  ] as const) {
    it(`refuses "${text}" and says where it stood`, () => {
      assert.throws(
        () => parseSizes(text, '--ring-size'),
        (error) =>
          error instanceof UserError &&
          message.test(error.message) &&
          error.where === '--ring-size',
      );
    });
  }
});
