import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  advancedOffset,
  fits,
  footprint,
  freeBytes,
  largestPayload,
  messagesPerFill,
  payloadSpace,
  roundedUpToSlot,
  SMALLEST_RING_BYTES,
  sanitizedOffset,
  usedBytes,
} from './wrapped-offset-ring.js';

test('the smallest ring holds one message of one slot', () => {
  assert.equal(SMALLEST_RING_BYTES, 48);
  assert.equal(largestPayload(48), 16);
  assert.ok(fits(16, 48));
  assert.ok(!fits(17, 48));
});

test('a message takes its header and whole slots', () => {
  assert.equal(footprint(0), 16);
  assert.equal(footprint(1), 32);
  assert.equal(footprint(16), 32);
  assert.equal(footprint(17), 48);
});

test('the largest payload is the ring less 32 bytes, and it fits an empty ring only', () => {
  assert.equal(largestPayload(4032), 4000);
  assert.ok(fits(4000, freeBytes(0, 0, 4032)));
  assert.ok(!fits(4001, freeBytes(0, 0, 4032)));
  assert.ok(!fits(4000, freeBytes(0, 16, 4032)));
});

test('equal offsets are an empty ring', () => {
  assert.equal(usedBytes(32, 32, 4032), 0);
  assert.equal(freeBytes(32, 32, 4032), 4032);
  assert.equal(payloadSpace(32, 32, 4032), 4000);
});

test('payload space is never below zero', () => {
  assert.equal(payloadSpace(16, 0, 4032), 0);
  assert.equal(payloadSpace(32, 0, 4032), 0);
  assert.equal(payloadSpace(48, 0, 4032), 16);
});

test('a read offset that makes no sense becomes the start of the ring', () => {
  assert.equal(sanitizedOffset(4032, 4032), 0);
  assert.equal(sanitizedOffset(4031, 4032), 0);
  assert.equal(sanitizedOffset(4016, 4032), 4016);
  assert.equal(sanitizedOffset(1, 4032), 16);
  assert.equal(sanitizedOffset(0xffffffff, 4032), 0);
  assert.equal(sanitizedOffset(0x80000000, 4032), 0);
});

test('rounding wraps in 32 bits, as in Xen', () => {
  assert.equal(roundedUpToSlot(0xfffffff0), 0xfffffff0);
  assert.equal(roundedUpToSlot(0xfffffff1), 0);
});

test('an offset that reaches the end goes on at the start', () => {
  assert.equal(advancedOffset(4000, 32, 4032), 0);
  assert.equal(advancedOffset(4000, 48, 4032), 16);
  assert.equal(advancedOffset(0, 4032, 4032), 0);
});

test('messages to a full ring, as counted on real Xen', () => {
  assert.equal(messagesPerFill(1000, 4032), 3);
  assert.equal(messagesPerFill(1024, 4032), 3);
  assert.equal(messagesPerFill(256, 4032), 14);
  assert.equal(messagesPerFill(16, 4032), 125);
});
