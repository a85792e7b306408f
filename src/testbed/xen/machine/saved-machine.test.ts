import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { controlledEmulator, inFrontOfPath } from '../../../../test/stand-in-emulator.js';
import type { XenImage } from '../image/image.js';
import { MachineFailure } from './emulator.js';
import { pairConfig } from './machine-config.js';
import { savedMachine } from './saved-machine.js';

const IMAGE = { hash: 'h', hypervisor: '/x', kernel: '/k', dom0Initramfs: '/d' } as XenImage;

/** Is ready at once, and saves some pages of memory, the last byte after so long; then says how that went. */
const saves = (lastByteMs: number, status = "{ status: 'completed' }"): string => `
  if (execute === 'qmp_capabilities') event('GUEST_PANICKED');
  if (execute === 'migrate-set-parameters') answer({});
  if (execute === 'migrate') {
    const command = args.uri.slice('exec:'.length);
    const options = { stdio: ['pipe', 'ignore', 'ignore'] };
    const { stdin } = require('node:child_process').spawn('sh', ['-c', command], options);
    stdin.write(Buffer.alloc(19999, 7));
    setTimeout(() => stdin.end(Buffer.alloc(1, 7)), ${lastByteMs});
    answer({});
  }
  if (execute === 'query-migrate') answer(${status});`;

describe('savedMachine', () => {
  let folder: string;
  let restorePath: () => void;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'is-'));
    restorePath = await inFrontOfPath(join(folder, 'bin'));
  });
  after(async () => {
    restorePath();
    await rm(folder, { recursive: true });
  });

  /** The state in such a cache, and how often a machine was booted for it. */
  async function saved(cache: string): Promise<{ state: string; boots: number }> {
    let boots = 0;
    const state = await savedMachine({
      image: IMAGE,
      config: pairConfig(['pvh', 'pvh'], 'shared'),
      cacheDirectory: join(folder, cache),
      temporaryDirectory: folder,
      emulatorVersion: '1',
      onProgress: (text) => {
        if (text.startsWith('booting')) boots++;
      },
    });
    return { state, boots };
  }

  it('boots a machine once, and goes on from what was saved', async () => {
    await controlledEmulator(join(folder, 'bin'), saves(0));
    const first = await saved('kept');
    assert.equal(first.boots, 1);
    assert.equal((await readFile(first.state)).length, 20_000);
    assert.deepEqual(await saved('kept'), { state: first.state, boots: 0 });
  });

  it('boots it anew where a byte of its memory is not what was saved', async () => {
    await controlledEmulator(join(folder, 'bin'), saves(0));
    const { state } = await saved('damaged');
    const { size } = await stat(state);
    const file = await open(state, 'r+');
    await file.write(Buffer.from([8]), 0, 1, 12_345);
    await file.close();
    assert.equal((await stat(state)).size, size);
    assert.deepEqual(await saved('damaged'), { state, boots: 1 });
    assert.equal((await readFile(state))[12_345], 7);
  });

  it('waits until what the emulator has handed over is written', async () => {
    await controlledEmulator(join(folder, 'bin'), saves(200));
    const { state } = await saved('slow');
    assert.equal((await readFile(state)).length, 20_000);
  });

  it('tries to boot twice, and says why it could not be saved', async () => {
    await controlledEmulator(
      join(folder, 'bin'),
      saves(0, "{ status: 'failed', 'error-desc': 'no room' }"),
    );
    await assert.rejects(saved('never'), (error: unknown) => {
      return (
        error instanceof MachineFailure && /could not be saved to .*: no room/.test(error.message)
      );
    });
  });
});
