import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { v2v } from './index.js';
import {
  CONS,
  CONS_EVENT,
  CONSUMER_ACTIVE,
  CONSUMER_SPINNING,
  ENDPOINT_BYTES,
  headerWord,
  largestPayload,
  MESSAGE_PAD,
  messageBytes,
  PROD,
  PROD_EVENT,
  PRODUCER_ACTIVE,
  ringOrder,
  SUPPLICANT_FIELDS,
  sizeOf,
  TEMPLE_FIELDS,
  typeOf,
} from './layout.js';

describe('V2V layout', () => {
  it('has the fields of struct netchannel2_sring_fields where inc/vring.h has them', () => {
    const words = [PROD, PROD_EVENT, CONS, CONS_EVENT, CONSUMER_ACTIVE, CONSUMER_SPINNING];
    assert.deepEqual([...words, PRODUCER_ACTIVE], [0, 4, 8, 12, 16, 20, 24]);
    // Seven u32 and unsigned char pad[36].
    assert.equal(ENDPOINT_BYTES, 7 * 4 + 36);
    // struct netchannel2_frontend_shared: a, the temple's, then b.
    assert.deepEqual([TEMPLE_FIELDS, SUPPLICANT_FIELDS], [0, 64]);
  });

  it('puts type, flags and size into the four bytes of struct netchannel2_msg_hdr', () => {
    const bytes = new Uint8Array(Int32Array.of(headerWord(1, 0x1234 - 4)).buffer);
    assert.deepEqual([...bytes], [1, 0, 0x34, 0x12]);
    const largest = headerWord(MESSAGE_PAD, 65535 - 4);
    assert.equal(typeOf(largest), 255);
    assert.equal(sizeOf(largest), 65535);
  });

  it('counts the header into the size, and takes multiples of 8 bytes of the ring', () => {
    assert.deepEqual([0, 4, 5, 12, 13].map(messageBytes), [8, 8, 16, 16, 24]);
  });

  it('has rings of 1, 2, 4, 8 or 16 pages, and no larger ones', () => {
    const orders = [1, 4096, 4097, 8193, 16385, 65536].map(ringOrder);
    assert.deepEqual(orders, [0, 0, 1, 2, 3, 4]);
    assert.deepEqual(v2v.ringSize(12288), { bytes: 16384 });
    assert.deepEqual(v2v.ringSize(65536), { bytes: 65536 });
    const refused = v2v.ringSize(65537);
    assert.ok('refused' in refused);
    assert.match(refused.refused, /64 KiB/);
  });

  it('promises only messages of half the ring: the other half may be lost to a PAD', () => {
    assert.equal(messageBytes(largestPayload(4096)), 2048);
    assert.equal(messageBytes(largestPayload(65536)), 32768);
  });
});
