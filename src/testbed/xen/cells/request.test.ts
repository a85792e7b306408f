import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  effectiveRingBytes,
  largestMessage,
  messagesInFlight,
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

const ARGO = { hasArgo: true, hasSocketProxy: true };

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
    assert.equal(effectiveRingBytes('v4v', 4100), 4112);
  });
});

describe('messagesInFlight', () => {
  it('counts headers, padding and the slot that V4V leaves free', () => {
    const inFlight = (transport: XenTransport, ringSizeBytes: number, messageSizeBytes: number) =>
      messagesInFlight(request(transport, 'message-rate', { ringSizeBytes, messageSizeBytes }));
    assert.equal(inFlight('libvchan', 4096, 1024), 4);
    assert.equal(inFlight('libvchan', 4096, 65536), 1);
    assert.equal(inFlight('v2v', 65536, 1024), 63);
    assert.equal(inFlight('v2v', 65536, 1020), 63);
    assert.equal(inFlight('v4v', 4032, 1024), 3);
  });

  it('counts the pages of granted payload', () => {
    const granted = request('v2v', 'grant-mode', {
      ringSizeBytes: 65536,
      messageSizeBytes: 9000,
      grantMode: 'copy',
    });
    assert.equal(messagesInFlight(granted), 5);
  });
});

describe('largestMessage', () => {
  it('is what each protocol takes whole', () => {
    assert.equal(largestMessage('libvchan', 4096), 4096);
    assert.equal(largestMessage('v2v', 65536), 32764);
    assert.equal(largestMessage('v4v', 4032), 4000);
  });
});

describe('skipReason', () => {
  it('lets the ordinary cells through', () => {
    assert.equal(skipReason(request('libvchan', 'ping-pong'), ARGO), undefined);
    assert.equal(skipReason(request('v2v', 'grant-mode', { grantMode: 'copy' }), ARGO), undefined);
    assert.equal(
      skipReason(request('v2v', 'bare-grants', { messageSizeBytes: 16384 }), ARGO),
      undefined,
    );
  });

  it('wants Argo for V4V', () => {
    assert.equal(skipReason(request('v4v', 'stream'), ARGO), undefined);
    const reason = skipReason(request('v4v', 'stream'), { ...ARGO, hasArgo: false }) ?? '';
    assert.match(reason, /no Argo.*--hypervisor FILE/);
  });

  it('names the limit that forbids a cell', () => {
    const large = { ringSizeBytes: 2 * 1024 * 1024 };
    assert.match(skipReason(request('libvchan', 'stream', large), ARGO) ?? '', /at most 1048576/);
    assert.match(
      skipReason(request('v2v', 'stream', { ringSizeBytes: 131072 }), ARGO) ?? '',
      /65536/,
    );
    assert.match(
      skipReason(request('libvchan', 'ping-pong', { messageSizeBytes: 8192 }), ARGO) ?? '',
      /does not fit/,
    );
    assert.match(
      skipReason(request('libvchan', 'stream', { grantMode: 'copy' }), ARGO) ?? '',
      /grant mode/,
    );
    assert.match(skipReason(request('libvchan', 'bare-grants'), ARGO) ?? '', /v2v only/);
  });

  it('says which proxy can carry a transfer', () => {
    const why = (transport: XenTransport, parameters: Partial<XenCellRequest['parameters']> = {}) =>
      skipReason(request(transport, 'http-transfer', parameters), ARGO) ?? 'none';
    const xens = { relay: 'vchan-socket-proxy' } as const;
    assert.equal(why('v4v'), 'none');
    assert.equal(why('libvchan', { ...xens, ringSizeBytes: 1024 }), 'none');
    assert.match(why('libvchan', xens), /rings of 1024 bytes/);
    assert.match(why('v2v', xens), /libvchan only/);
    assert.match(why('v2v', { grantMode: 'copy' }), /keeps its rings/);
    assert.equal(why('v2v', { messageSizeBytes: 2 ** 20 }), 'none');
    assert.match(why('v2v', { messageSizeBytes: 2 ** 22 }), /keep what they fetch/);
    assert.match(why('v2v', { messageSizeBytes: 2 ** 20, messages: 4 }), /keep what they fetch/);
    const without = skipReason(
      request('libvchan', 'http-transfer', { ...xens, ringSizeBytes: 1024 }),
      { ...ARGO, hasSocketProxy: false },
    );
    assert.match(without ?? '', /no vchan-socket-proxy/);
  });
});
