import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { markUsed, pruneCache, USED_FILE } from './cache.js';

describe('pruneCache', () => {
  it('keeps what was used last, and leaves other things alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'interdom-cache-'));
    try {
      for (const [i, name] of ['machine-a', 'machine-b', 'machine-c', 'image-a'].entries()) {
        await mkdir(join(folder, name));
        await markUsed(join(folder, name));
        const time = new Date(1_000_000_000_000 + i * 1000);
        await utimes(join(folder, name, USED_FILE), time, time);
      }
      await mkdir(join(folder, 'machine-never'));
      await markUsed(join(folder, 'machine-a'));
      await pruneCache(folder, 'machine-', 2);
      assert.deepEqual((await readdir(folder)).sort(), ['image-a', 'machine-a', 'machine-c']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
