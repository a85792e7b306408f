import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConsoleMessage, ConsoleReader, fnv1a, readConsoleLine } from './console.js';

describe('readConsoleLine', () => {
  it('takes a line whose checksum is right', () => {
    const text = '3 reply 2 ok messages=400 wrong=0';
    assert.deepEqual(readConsoleLine(`@interdom ${fnv1a(text)} ${text}`), {
      kind: 'line',
      window: '3',
      topic: 'reply',
      text: '2 ok messages=400 wrong=0',
    });
  });

  it('sees a line into which the hypervisor wrote', () => {
    const text = '3 reply 2 ok messages=400 wrong=0';
    const line = `@interdom ${fnv1a(text)} 3 reply 2 ok mess(XEN) hallo ages=400 wrong=0`;
    assert.equal(readConsoleLine(line)?.kind, 'damaged');
  });

  it('knows the checksum of the agent', () => {
    assert.equal(fnv1a(''), '811c9dc5');
    assert.equal(fnv1a('a'), 'e40c292c');
  });

  it('recognises the last words of a kernel and of Xen', () => {
    for (const line of [
      '[    1.5] Kernel panic - not syncing: Attempted to kill init!',
      '(XEN) Panic on CPU 0:',
      '(XEN) Xen BUG at mm.c:123',
      '@interdom-failed the guests did not come up',
    ]) {
      assert.equal(readConsoleLine(line)?.kind, 'failed', line);
    }
    assert.equal(readConsoleLine('(XEN) Brought up 1 CPUs'), undefined);
  });
});

describe('ConsoleReader', () => {
  it('puts lines together from pieces and keeps the last ones readable', () => {
    const messages: ConsoleMessage[] = [];
    const reader = new ConsoleReader((message) => messages.push(message));
    reader.read('first\r\n\x1b[2Jsec');
    reader.read('ond\r\n@interdom-re');
    reader.read('ady\nhalf');
    assert.deepEqual(messages, [{ kind: 'ready' }]);
    assert.equal(reader.lineCount, 3);
    assert.equal(reader.tail(), 'first\nsecond\n@interdom-ready\nhalf');
  });

  it('counts a sign of life, and keeps it to itself', () => {
    const messages: ConsoleMessage[] = [];
    const reader = new ConsoleReader((message) => messages.push(message));
    reader.read('last words\n@interdom-alive\n@interdom-alive\n');
    assert.deepEqual(messages, []);
    assert.equal(reader.lineCount, 3);
    assert.equal(reader.tail(), 'last words');
  });
});
