import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { Prng } from './prng.js';

const MASK = 0xffff_ffffn;

/** xoshiro128** and splitmix32 as their authors write them, on whole numbers without size. */
function* reference(seed: number): Generator<number, never, void> {
  let state = BigInt(seed) & MASK;
  const splitmix = (): bigint => {
    state = (state + 0x9e3779b9n) & MASK;
    let z = state;
    z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & MASK;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & MASK;
    return z ^ (z >> 15n);
  };
  const s: [bigint, bigint, bigint, bigint] = [splitmix(), splitmix(), splitmix(), splitmix()];
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & MASK;
  for (;;) {
    const result = (rotate((s[1] * 5n) & MASK, 7n) * 9n) & MASK;
    const shifted = (s[1] << 9n) & MASK;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 11n);
    yield Number(result);
  }
}

test('draws what xoshiro128** draws from a splitmix32 seed', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const prng = new Prng(seed);
      const expected = reference(seed);
      for (let i = 0; i < 50; i++) assert.equal(prng.uint32(), expected.next().value);
    }),
    runs(100),
  );
});

test('below: every value of a small range comes, and none outside', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 20 }), (seed, bound) => {
      const prng = new Prng(seed);
      const seen = new Set<number>();
      for (let i = 0; i < 40 * bound; i++) seen.add(prng.below(bound));
      assert.deepEqual(
        [...seen].sort((a, b) => a - b),
        Array.from({ length: bound }, (_, value) => value),
      );
    }),
    runs(100),
  );
});

test('fraction: from 0 to less than 1, and even', () => {
  const prng = new Prng(7);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const fraction = prng.fraction();
    assert.ok(fraction >= 0 && fraction < 1);
    const tenth = Math.floor(fraction * 10);
    tenths[tenth] = (tenths[tenth] as number) + 1;
  }
  for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 500, `${tenths}`);
});

test('shuffle keeps what it is given, and puts it into every order', () => {
  const orders = new Set<string>();
  const prng = new Prng(3);
  for (let i = 0; i < 400; i++) {
    const items = prng.shuffle([1, 2, 3, 4]);
    assert.deepEqual([...items].sort(), [1, 2, 3, 4]);
    orders.add(items.join());
  }
  assert.equal(orders.size, 24);
});
