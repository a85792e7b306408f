import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation } from '../base/errors.js';
import { AddressSpace, GuestFault } from './address-space.js';
import { PAGE_SIZE } from './memory.js';

describe('AddressSpace', () => {
  it('translates to the frame behind a page, byte by byte', () => {
    const space = new AddressSpace(3);
    const address = space.reserve(2);
    space.map(address / PAGE_SIZE, 7, true);
    space.map(address / PAGE_SIZE + 1, 5, true);
    assert.equal(space.translate(address, true), 7 * PAGE_SIZE);
    assert.equal(space.translate(address + 4095, true), 7 * PAGE_SIZE + 4095);
    assert.equal(space.translate(address + 4096, true), 5 * PAGE_SIZE);
    assert.deepEqual(
      [...space.mappings()],
      [
        { page: address / PAGE_SIZE, mfn: 7, writable: true },
        { page: address / PAGE_SIZE + 1, mfn: 5, writable: true },
      ],
    );
  });

  it('faults outside, in holes, on page 0 and on writes to read-only pages', () => {
    const space = new AddressSpace(3);
    const address = space.reserve(3);
    const page = address / PAGE_SIZE;
    space.map(page, 1, true);
    space.map(page + 2, 2, false);
    for (const [bad, write] of [
      [0, false],
      [8, true],
      [address + PAGE_SIZE, false],
      [address + 2 * PAGE_SIZE, true],
      [address + 1000 * PAGE_SIZE, false],
      [-4096, false],
    ] as const) {
      assert.equal(space.find(bad, write), -1);
      assert.throws(
        () => space.translate(bad, write),
        (error: Error) =>
          error instanceof GuestFault &&
          error.domid === 3 &&
          error.address === bad &&
          error.write === write,
      );
    }
    assert.equal(space.translate(address + 2 * PAGE_SIZE + 1, false), 2 * PAGE_SIZE + 1);
    space.unmap(page);
    assert.equal(space.find(address, false), -1);
  });

  it('reaches: every page of a range, with the right asked for, and no nonsense', () => {
    const space = new AddressSpace(1);
    const address = space.reserve(3);
    const page = address / PAGE_SIZE;
    space.map(page, 1, true);
    space.map(page + 1, 2, false);
    assert.ok(space.reaches(address, PAGE_SIZE, true));
    assert.ok(space.reaches(address, 2 * PAGE_SIZE, false));
    assert.ok(!space.reaches(address, PAGE_SIZE + 1, true));
    assert.ok(!space.reaches(address, 2 * PAGE_SIZE + 1, false));
    assert.ok(
      space.reaches(address + PAGE_SIZE - 1, 0, true),
      'an empty range needs its first byte',
    );
    for (const bad of [
      -1,
      0,
      0.5,
      Number.NaN,
      2 ** 40,
      2 ** 32 + address,
      Number.MAX_SAFE_INTEGER,
    ]) {
      assert.ok(!space.reaches(bad, 1, false), `${bad}`);
    }
    assert.ok(!space.reaches(address, 2 ** 40, false), 'ends at the first hole');
  });

  it('gives pages that were given back again, lowest first, and never page 0', () => {
    const space = new AddressSpace(1);
    const first = space.reserve(4);
    const second = space.reserve(1);
    assert.ok(first > 0);
    space.giveBack(first / PAGE_SIZE, 4);
    assert.equal(space.reserve(3), first);
    assert.equal(space.reserve(2), second + PAGE_SIZE, 'one page is left there: too few');
    assert.equal(space.reserve(1), first + 3 * PAGE_SIZE);
  });

  it('grows, and ends where addresses would no longer be whole', () => {
    const space = new AddressSpace(1);
    const address = space.reserve(5000);
    space.map(address / PAGE_SIZE + 4999, 9, true);
    assert.equal(space.translate(address + 4999 * PAGE_SIZE, true), 9 * PAGE_SIZE);
    assert.throws(() => space.reserve(1 << 19), InvariantViolation);
  });

  it('does not grow where pages are mapped and unmapped a million times', () => {
    const space = new AddressSpace(1);
    const address = space.reserve(16);
    space.giveBack(address / PAGE_SIZE, 16);
    for (let i = 0; i < 1e6; i++) {
      assert.equal(space.reserve(16), address);
      space.giveBack(address / PAGE_SIZE, 16);
    }
  });
});
