import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { XenCellRequest } from './request.js';
import { messagesOf, windowCommands, windowsOf } from './windows.js';

const STREAM: XenCellRequest = {
  transport: 'v2v',
  scenario: 'message-rate',
  parameters: {
    ringSizeBytes: 65536,
    messageSizeBytes: 1024,
    guestTypes: ['pvh', 'pvh'],
    grantMode: 'persistent',
    placement: 'shared',
  },
};

describe('messagesOf', () => {
  it('is a whole number of turns of the ring', () => {
    assert.equal(messagesOf(STREAM) % 63, 0);
    const large = { ...STREAM.parameters, ringSizeBytes: 1048576, messageSizeBytes: 16 };
    assert.equal(messagesOf({ ...STREAM, transport: 'libvchan', parameters: large }), 12 * 65536);
    assert.equal(messagesOf({ ...STREAM, transport: 'v4v', parameters: large }), 2 * 32767);
  });

  it('is what was asked for where that was said', () => {
    assert.equal(messagesOf({ ...STREAM, parameters: { ...STREAM.parameters, messages: 77 } }), 77);
  });
});

describe('windowsOf', () => {
  it('has a pair of N and 2N for each phase, and one that is traced', () => {
    const windows = windowsOf(4, STREAM);
    assert.equal(windows.length, 8);
    assert.equal(new Set(windows.map(({ id }) => id)).size, 8);
    assert.equal(windows.filter(({ traced }) => traced).length, 2);
    for (let i = 0; i < 8; i += 2) {
      assert.equal(windows[i + 1]?.messages, 2 * (windows[i]?.messages ?? 0));
      assert.equal(windows[i + 1]?.delayUs, windows[i]?.delayUs);
    }
  });

  it('has names that xenstore takes', () => {
    for (const { id } of windowsOf(4, STREAM)) assert.match(id, /^[A-Za-z0-9-]+$/);
  });
});

describe('windowCommands', () => {
  it('gives V2V its broker, before and after', () => {
    const [window] = windowsOf(0, STREAM);
    assert.ok(window !== undefined);
    const lines = windowCommands(STREAM, window).trim().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[0] ?? '', /^interdom-agent broker name=w0-p0-1 /);
    assert.match(lines[1] ?? '', /^run_window 0-p0-1 120 no \$DOM1 "receiver .*" \$DOM2 "sender /);
    assert.match(lines[2] ?? '', /remove=1$/);
  });

  it('has guest/dom0/proxy.sh carry a transfer out', () => {
    const parameters = { ...STREAM.parameters, relay: 'vchan-socket-proxy' } as const;
    const transfer = {
      ...STREAM,
      transport: 'libvchan',
      scenario: 'http-transfer',
      parameters,
    } as const;
    const [window] = windowsOf(3, transfer);
    assert.ok(window !== undefined);
    assert.equal(
      windowCommands(transfer, window),
      'http_window 3-p0-1 120 no vchan-socket-proxy libvchan 65536 1024 6 0\n',
    );
  });
});
