import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import {
  advancedOffset,
  fits,
  footprint,
  freeBytes,
  largestPayload,
  messagesPerFill,
  payloadSpace,
  SLOT_BYTES,
  sanitizedOffset,
  usedBytes,
} from './wrapped-offset-ring.js';

const ringLengths = fc.integer({ min: 3, max: 600 }).map((slots) => slots * SLOT_BYTES);

test('property: whatever the guest writes as rx, the sanitised offset is a slot in the ring', () => {
  fc.assert(
    fc.property(ringLengths, fc.integer({ min: 0, max: 0xffffffff }), (length, raw) => {
      const offset = sanitizedOffset(raw, length);
      assert.ok(offset >= 0 && offset < length && offset % SLOT_BYTES === 0);
      if (raw < length && raw % SLOT_BYTES === 0) assert.equal(offset, raw);
    }),
    runs(100),
  );
});

test('property: used and free bytes add up to the ring', () => {
  fc.assert(
    fc.property(ringLengths, fc.nat(), fc.nat(), (length, a, b) => {
      const rx = (a * SLOT_BYTES) % length;
      const tx = (b * SLOT_BYTES) % length;
      assert.equal(usedBytes(rx, tx, length) + freeBytes(rx, tx, length), length);
    }),
    runs(100),
  );
});

test('property: the payload space is exactly what fits', () => {
  fc.assert(
    fc.property(ringLengths, fc.nat(), fc.nat(), (length, a, b) => {
      const rx = (a * SLOT_BYTES) % length;
      const tx = (b * SLOT_BYTES) % length;
      const space = payloadSpace(rx, tx, length);
      const free = freeBytes(rx, tx, length);
      assert.ok(space <= largestPayload(length));
      assert.ok(!fits(space + 1, free));
      if (space > 0) assert.ok(fits(space, free));
    }),
    runs(100),
  );
});

test('property: a ring agrees with a naive queue, and never becomes full', () => {
  const steps = fc.array(fc.integer({ min: -1, max: 700 }), { maxLength: 200 });
  fc.assert(
    fc.property(ringLengths, steps, (length, actions) => {
      const queue: number[] = [];
      let rx = 0;
      let tx = 0;
      for (const action of actions) {
        const used = queue.reduce((sum, payload) => sum + footprint(payload), 0);
        assert.equal(usedBytes(rx, tx, length), used);
        assert.ok(used <= length - SLOT_BYTES);
        if (action < 0) {
          const payload = queue.shift();
          if (payload !== undefined) rx = advancedOffset(rx, footprint(payload), length);
          continue;
        }
        const expected = used + footprint(action) < length;
        assert.equal(fits(action, freeBytes(rx, tx, length)), expected);
        if (!expected) continue;
        queue.push(action);
        tx = advancedOffset(tx, footprint(action), length);
      }
    }),
    runs(100),
  );
});

test('property: messages to a full ring are as many as the formula says, wherever they begin', () => {
  fc.assert(
    fc.property(ringLengths, fc.nat(1000), fc.nat(), (length, payload, start) => {
      const rx = (start * SLOT_BYTES) % length;
      let tx = rx;
      let count = 0;
      while (fits(payload, freeBytes(rx, tx, length))) {
        tx = advancedOffset(tx, footprint(payload), length);
        count++;
      }
      assert.equal(count, messagesPerFill(payload, length));
    }),
    runs(100),
  );
});
