import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  effectiveRingBytes,
  framingOf,
  messagesInRing,
  skipReason,
  type XenCellParameters,
  type XenCellRequest,
  type XenScenario,
  type XenTransport,
} from './request.js';

function request(
  transport: XenTransport,
  scenario: XenScenario,
  parameters: Partial<XenCellParameters> = {},
): XenCellRequest {
  return {
    transport,
    scenario,
    parameters: {
      ringSizeBytes: 4096,
      messageSizeBytes: 64,
      guestTypes: ['pvh', 'pvh'],
      grantMode: 'persistent',
      placement: 'shared',
      ...parameters,
    },
  };
}

describe('effectiveRingBytes', () => {
  it('follows libxenvchan_server_init: in-page rings, then powers of two', () => {
    assert.deepEqual(
      [16, 1024, 1025, 2048, 2049, 4096, 5000, 1048576].map((n) =>
        effectiveRingBytes('libvchan', n),
      ),
      [1024, 1024, 2048, 2048, 4096, 4096, 8192, 1048576],
    );
  });

  it('gives V2V whole pages and V4V multiples of its slot', () => {
    assert.equal(effectiveRingBytes('v2v', 1024), 4096);
    assert.equal(effectiveRingBytes('v2v', 40000), 65536);
    assert.equal(effectiveRingBytes('v4v', 4100), 4096);
  });
});

describe('messagesInRing', () => {
  it('counts headers, padding and the slot that V4V leaves free', () => {
    assert.equal(messagesInRing('libvchan', 4096, 1024), 4);
    assert.equal(messagesInRing('v2v', 65536, 1024), 63);
    assert.equal(messagesInRing('v4v', 4032, 1000), 3);
    assert.equal(messagesInRing('v4v', 4032, 1024), 3);
    assert.equal(messagesInRing('v2v', 65536, 65536), 0);
  });
});

describe('skipReason', () => {
  it('lets the ordinary cells through', () => {
    assert.equal(skipReason(request('libvchan', 'ping-pong')), undefined);
    assert.equal(skipReason(request('v2v', 'stream', { grantMode: 'copy' })), undefined);
    assert.equal(skipReason(request('v2v', 'grant-mode', { messageSizeBytes: 16384 })), undefined);
  });

  it('names the limit that forbids a cell', () => {
    const large = { ringSizeBytes: 2 * 1024 * 1024 };
    assert.match(skipReason(request('libvchan', 'stream', large)) ?? '', /at most 1048576/);
    assert.match(skipReason(request('v2v', 'stream', { ringSizeBytes: 131072 })) ?? '', /65536/);
    assert.match(
      skipReason(request('libvchan', 'ping-pong', { messageSizeBytes: 8192 })) ?? '',
      /does not fit/,
    );
    assert.match(
      skipReason(request('libvchan', 'stream', { grantMode: 'copy' })) ?? '',
      /grant mode/,
    );
    assert.match(skipReason(request('libvchan', 'grant-mode')) ?? '', /v2v only/);
  });
});

describe('framingOf', () => {
  it('takes whole messages where the ring takes one, else a stream', () => {
    assert.equal(framingOf(request('libvchan', 'stream')), 'message');
    assert.equal(framingOf(request('libvchan', 'stream', { messageSizeBytes: 65536 })), 'stream');
    assert.equal(framingOf(request('libvchan', 'stream', { framing: 'stream' })), 'stream');
  });
});
