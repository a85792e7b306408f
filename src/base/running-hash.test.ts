import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RunningHash } from './running-hash.js';

function digestOf(values: readonly number[]): string {
  const hash = new RunningHash();
  for (const value of values) hash.addLong(value);
  return hash.digest();
}

describe('RunningHash', () => {
  it('is the same for the same numbers, on every machine and forever', () => {
    assert.equal(digestOf([]), new RunningHash().digest());
    assert.equal(digestOf([1, 2, 3]), digestOf([1, 2, 3]));
    assert.match(digestOf([1]), /^[0-9a-f]{16}$/);
    assert.equal(digestOf([1, 2, 3, 2 ** 52 + 1]), '9c661711abf32353');
  });

  it('tells order, length and every bit apart', () => {
    const seen = new Set<string>();
    const take = (values: readonly number[]): void => {
      const digest = digestOf(values);
      assert.ok(!seen.has(digest), `${values}`);
      seen.add(digest);
    };
    take([1, 2]);
    take([2, 1]);
    take([1, 2, 0]);
    take([0, 1, 2]);
    for (let bit = 0; bit < 53; bit++) take([2 ** bit, 7]);
    for (let count = 3; count < 500; count++) take(new Array<number>(count).fill(0));
  });

  it('can be read in the middle, and goes on', () => {
    const hash = new RunningHash();
    hash.add(1);
    const first = hash.digest();
    assert.equal(hash.digest(), first);
    hash.add(2);
    assert.notEqual(hash.digest(), first);
  });
});
