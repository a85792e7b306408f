import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FileTail } from './file-tail.js';

describe('FileTail', () => {
  it('reads what is there, what comes, and what came last', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'interdom-tail-'));
    const path = join(folder, 'console');
    try {
      await writeFile(path, 'one\n');
      let text = '';
      const tail = new FileTail(path, (more) => {
        text += more;
      });
      await appendFile(path, 'two\n');
      for (let i = 0; i < 100 && text.length < 8; i++) await delay(20);
      assert.equal(text, 'one\ntwo\n');
      await appendFile(path, 'three\n');
      tail.stop();
      tail.stop();
      assert.equal(text, 'one\ntwo\nthree\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
