import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UserError } from '../../../base/errors.js';
import { cacheFault, markUsed, packageFault, pruneCache, putInPlace, USED_FILE } from './cache.js';

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
      await mkdir(join(folder, '.machine-killed'));
      await utimes(join(folder, '.machine-killed'), 1e9, 1e9);
      await mkdir(join(folder, '.machine-growing'));
      await markUsed(join(folder, 'machine-a'));
      await pruneCache(folder, 'machine-', 2);
      assert.deepEqual(await readdir(folder).then((names) => names.sort()), [
        '.machine-growing',
        'image-a',
        'machine-a',
        'machine-c',
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('putInPlace', () => {
  it('takes the place of what is damaged, and leaves what another process has put there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'interdom-cache-'));
    const place = join(folder, 'image-x');
    const content = (): Promise<string> => readFile(join(place, 'f'), 'utf8');
    try {
      for (const [text, isThere, expected] of [
        ['damaged', false, 'damaged'],
        ['first', false, 'first'],
        ['second', true, 'first'],
      ] as const) {
        const work = join(folder, '.image-work');
        await mkdir(work);
        await writeFile(join(work, 'f'), text);
        await putInPlace(work, place, async () => isThere);
        assert.equal(await content(), expected);
        await rm(work, { recursive: true, force: true });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('cacheFault', () => {
  it('knows a full disk from the system, from tar and from a compiler', () => {
    const system = Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' });
    const tar = new Error('tar: usr/lib/xen.gz: Cannot write: No space left on device');
    for (const error of [system, tar]) {
      const fault = cacheFault(error, 'cache');
      assert.ok(fault instanceof UserError);
      assert.equal(fault.message, 'the disk is full');
      assert.equal(fault.where, 'cache');
      assert.match(fault.remedy ?? '', /--xen-cache/);
      assert.equal(fault.cause, error);
    }
  });

  it('leaves other faults as they are', () => {
    for (const error of [new Error('no such file'), new UserError('the disk is full'), 'odd']) {
      assert.equal(cacheFault(error, 'cache'), error);
    }
  });
});

describe('packageFault', () => {
  it('says which unpacked package to remove', () => {
    const where = '/cache/packages/linux-image_6.1/boot/vmlinuz';
    const damaged = new UserError('the kernel image is cut short', { where });
    const fault = packageFault(damaged, '/cache');
    assert.ok(fault instanceof UserError);
    assert.equal(fault.message, damaged.message);
    assert.equal(fault.remedy, 'remove /cache/packages/linux-image_6.1: it is fetched again');
  });

  it('leaves faults of what a user gave as they are', () => {
    for (const error of [new UserError('no', { where: '/home/xen.gz' }), new Error('other')]) {
      assert.equal(packageFault(error, '/cache'), error);
    }
  });
});
