import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../base/errors.js';
import { isLocal, parseSocketAddress, socketAddressText } from './socket-address.js';

describe('an address of a socket', () => {
  it('is TCP or the path of a UNIX socket, and is written as it was read', () => {
    for (const text of ['127.0.0.1:22', '[::1]:8080', 'localhost:0', '/run/x.sock', './x']) {
      assert.equal(socketAddressText(parseSocketAddress(text, '--listen')), text);
    }
    const named = parseSocketAddress('unix:x.sock', '--to');
    assert.deepEqual(named, { kind: 'unix', path: 'x.sock' });
  });

  it('is refused where it is neither', () => {
    for (const text of ['22', '127.0.0.1', '::1:22', 'host:70000', 'a b:1', '']) {
      assert.throws(() => parseSocketAddress(text, '--to'), UserError, text);
    }
  });

  it('is local where no other host can come to it', () => {
    const local = ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1', '/tmp/x'];
    const open = ['0.0.0.0:1', '[::]:1', '192.0.2.1:1', 'example.org:1'];
    for (const text of local) assert.ok(isLocal(parseSocketAddress(text, '')), text);
    for (const text of open) assert.ok(!isLocal(parseSocketAddress(text, '')), text);
  });
});
