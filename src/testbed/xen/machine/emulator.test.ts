import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  controlledEmulator,
  inFrontOfPath,
  standInEmulator,
} from '../../../../test/stand-in-emulator.js';
import { UserError } from '../../../base/errors.js';
import type { XenImage } from '../image/image.js';
import { Emulator, type EmulatorOptions, MachineFailure } from './emulator.js';
import { pairConfig } from './machine-config.js';

const IMAGE: XenImage = {
  directory: '/i',
  hash: 'h',
  hypervisor: '/i/xen.elf',
  kernel: '/i/vmlinux',
  dom0Initramfs: '/i/dom0.cpio',
  guestInitramfs: '/i/guest.cpio',
  agent: '/i/agent',
  plugin: '/i/count.so',
  symbols: '/i/xen-syms.map',
  hasArgo: false,
  hasSocketProxy: false,
  contents: {},
};

const optionsIn = (folder: string): EmulatorOptions => ({
  image: IMAGE,
  config: pairConfig(['pvh', 'pvh'], 'shared'),
  batch: '',
  pause: false,
  temporaryDirectory: folder,
  onMessage: () => undefined,
  timeoutMs: 10_000,
  stallMs: 10_000,
});

/** Finds the file that the emulator is to write its console to. */
const FIND_CONSOLE =
  'for word; do case $word in file:*) console=$(echo "$word" | cut -c6-) ;; esac; done';

/** A machine that goes wrong is played by a shell script under the emulator's name. */
describe('Emulator', () => {
  let folder: string;
  let restorePath: () => void;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ie-'));
    restorePath = await inFrontOfPath(join(folder, 'bin'));
  });
  after(async () => {
    restorePath();
    await rm(folder, { recursive: true });
  });

  /** How a run ends whose emulator does this; what is left in the folder for its files afterwards. */
  async function endOf(
    script: string,
    limits: { timeoutMs?: number; stallMs?: number; signal?: AbortSignal } = {},
  ): Promise<{ error: unknown; left: readonly string[] }> {
    await standInEmulator(join(folder, 'bin'), `#!/bin/sh\n${FIND_CONSOLE}\n${script}\n`);
    const emulator = await Emulator.start({ ...optionsIn(folder), ...limits });
    const error = await emulator.failure.catch((reason: unknown) => reason);
    await emulator.stop();
    return { error, left: (await readdir(folder)).filter((name) => name !== 'bin') };
  }

  for (const [situation, script, limits, reason] of [
    ['ends by itself', 'echo bad option >&2; exit 1', {}, /ended by itself.*1.*: bad option/],
    ['is killed', 'kill -KILL $$', {}, /ended by itself \(SIGKILL\)/],
    ['panics', 'echo "(XEN) Panic on CPU 0:" >>$console; exec sleep 60', {}, /Panic on CPU 0/],
    ['hangs', 'exec sleep 60', { timeoutMs: 200 }, /not done within/],
    ['falls silent', 'echo x >>$console; exec sleep 60', { stallMs: 150 }, /said nothing for/],
  ] as const) {
    it(`says so when the machine ${situation}, and leaves nothing behind`, async () => {
      const { error, left } = await endOf(script, limits);
      assert.ok(error instanceof MachineFailure, String(error));
      assert.match(error.message, reason);
      assert.deepEqual(left, []);
    });
  }

  it('keeps the last words of the machine', async () => {
    const { error } = await endOf('echo "no root device" >>$console; exit 3');
    assert.equal((error as MachineFailure).consoleTail.trim(), 'no root device');
  });

  it('ends at once when it is told to', async () => {
    const signal = AbortSignal.timeout(150);
    const { error, left } = await endOf('exec sleep 60', { signal });
    assert.equal(error, signal.reason);
    assert.deepEqual(left, []);
  });

  /** How a command to such an emulator ends. */
  async function endOfCommand(onCommand: string): Promise<unknown> {
    await controlledEmulator(join(folder, 'bin'), onCommand);
    const emulator = await Emulator.start(optionsIn(folder));
    const end = await emulator
      .control((qmp) => qmp.execute('query-status'))
      .catch((error: unknown) => error);
    await emulator.stop();
    return end;
  }

  it('says why the machine ended although its control connection broke before that', async () => {
    const end = await endOfCommand(
      "if (execute === 'query-status') { socket.destroy(); setTimeout(() => process.exit(3), 50); }",
    );
    assert.ok(end instanceof MachineFailure, String(end));
    assert.match(end.message, /ended by itself \(exit code 3\)/);
  });

  it('fails as a machine fails where the emulator refuses a command', async () => {
    const end = await endOfCommand("if (execute === 'query-status') refuse('not now');");
    assert.ok(end instanceof MachineFailure, String(end));
    assert.match(end.message, /QEMU: not now/);
  });

  it('names the package where there is no emulator', async () => {
    const { error } = await endOf('exit 127');
    assert.ok(error instanceof UserError);
    assert.match(error.remedy ?? '', /qemu-system-x86/);
  });

  it('says so where its files have no place', async () => {
    const absent = { ...optionsIn(folder), temporaryDirectory: join(folder, 'absent') };
    await assert.rejects(Emulator.start(absent), (error: unknown) => {
      return error instanceof UserError && error.where === absent.temporaryDirectory;
    });
  });

  it('is gone when whoever started it is killed', async () => {
    const pidFile = join(folder, 'bin', 'pid');
    await standInEmulator(join(folder, 'bin'), `#!/bin/sh\necho $$ >${pidFile}\nexec sleep 60\n`);
    const module = new URL('./emulator.js', import.meta.url).href;
    const options = { image: IMAGE, config: pairConfig(['pvh', 'pvh'], 'shared'), batch: '' };
    const script = `
      import { Emulator } from ${JSON.stringify(module)};
      await Emulator.start({ ...${JSON.stringify(options)}, pause: false, onMessage() {},
        temporaryDirectory: ${JSON.stringify(folder)}, timeoutMs: 60000, stallMs: 60000 });`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const pid = await until(async () => Number(await readFile(pidFile, 'utf8').catch(() => '')));
    assert.ok(isRunning(pid));
    starter.kill('SIGKILL');
    await until(async () => !isRunning(pid));
    assert.ok(!isRunning(pid));
  });
});

/** Waits until it is so, a few seconds at most. */
async function until<T>(ask: () => Promise<T>): Promise<T> {
  for (let i = 0; i < 200; i++) {
    const answer = await ask();
    if (answer) return answer;
    await delay(25);
  }
  return ask();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
