import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { judgedHostCell } from './cells/host-result.js';
import type { XenCellRequest } from './cells/request.js';
import { collectWindows, type WindowResult } from './cells/window-results.js';
import { windowsOf } from './cells/windows.js';
import { hostScript, isControlDomain, runXenCellsOnHost } from './host.js';
import { compileAgent } from './image/compile.js';
import { type ConsoleMessage, readConsoleLine } from './machine/console.js';
import { runCommand } from './process/command.js';

const GUEST = join(fileURLToPath(import.meta.url), '../../../../../guest');
const SKIP =
  existsSync('/usr/include/libxenvchan.h') && existsSync('/usr/bin/gcc')
    ? false
    : 'gcc or libxen-dev is not installed';

const REQUEST: XenCellRequest = {
  transport: 'libvchan',
  scenario: 'ping-pong',
  parameters: {
    ringSizeBytes: 4096,
    messageSizeBytes: 64,
    messages: 100,
    guestTypes: ['pvh', 'pvh'],
    grantMode: 'persistent',
    placement: 'own',
  },
};

describe('isControlDomain', () => {
  it('believes what Xen says, and nothing else', async () => {
    assert.equal(await isControlDomain('/nowhere'), false);
    assert.equal(await isControlDomain('/proc/self/comm'), false);
  });
});

describe('runXenCellsOnHost', () => {
  it('refuses a machine that is no dom0', async (test) => {
    if (await isControlDomain()) return test.skip('this is a dom0');
    const options = {
      cacheDirectory: '/nowhere',
      guestSourceDirectory: GUEST,
      temporaryDirectory: '/tmp',
    };
    await assert.rejects(runXenCellsOnHost([REQUEST], options), /not the dom0 of a Xen host/);
  });
});

/** The host's programs, played: guests answer at once, a round trip takes 20 us; the rest is the real agent. */
describe("the host's script", { skip: SKIP }, () => {
  let work = '';
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'interdom-host-test-'));
    await mkdir(join(work, 'bin'));
    await compileAgent(join(work, 'agent'), { sourceDirectory: GUEST, roots: ['/'] });
    const program = async (name: string, ...lines: readonly string[]): Promise<void> => {
      await writeFile(join(work, 'bin', name), ['#!/bin/sh', ...lines, ''].join('\n'));
      await chmod(join(work, 'bin', name), 0o755);
    };
    await program(
      'xl',
      `echo "$@" >> ${work}/xl.log`,
      '[ $1 = domid ] && echo $2 | sed "s/.*-//; s/$/7/"',
      'exit 0',
    );
    await program('xentrace', 'trap "exit 0" TERM', 'while :; do sleep 0.1; done');
    await program(
      'interdom-agent',
      'case $1 in',
      'ready) exit 0 ;;',
      'run) n=$(echo "$6" | sed "s/.*count=\\([0-9]*\\).*/\\1/")',
      '  echo "17 ok messages=$n wrong=0 ring=4096"',
      '  echo "27 ok messages=$n wrong=0 ring=4096 ns=$((5000 + n * 20000)) tsc=1" ;;',
      'tracecount) printf "window 27 1 1 0\\ncount 27 81001 - 400\\n" ;;',
      `*) exec ${work}/agent "$@" ;;`,
      'esac',
    );
  });
  after(() => rm(work, { recursive: true, force: true }));

  it('makes guests, runs every window, and takes the guests away', async () => {
    const windows = windowsOf(0, REQUEST);
    const image = { kernel: '/k', guestInitramfs: '/i' };
    const script = hostScript(
      [{ request: REQUEST, windows }],
      image,
      { guestSourceDirectory: GUEST },
      work,
    );
    await writeFile(join(work, 'run.sh'), script);
    const result = await runCommand('sh', [join(work, 'run.sh')], { timeoutMs: 60_000 });
    const messages = result.stdout
      .toString('utf8')
      .split('\n')
      .map(readConsoleLine)
      .filter((message): message is ConsoleMessage => message !== undefined);
    assert.equal(messages.at(-1)?.kind, 'done');
    const collected = collectWindows(messages, '');
    const results = windows.map(({ id }) => collected.get(id)) as WindowResult[];
    const cell = judgedHostCell(REQUEST, windows, results);
    assert.equal(cell.verdict, 'valid', cell.reason);
    assert.equal(cell.profile, 'host');
    assert.equal(cell.metrics['latencyNsMean']?.value, 20_000);
    assert.equal(cell.metrics['messagesPerSecond']?.value, 100_000);
    assert.ok(!('pathLengthInstructions' in cell.metrics));
    const log = (await readFile(join(work, 'xl.log'), 'utf8')).trim().split('\n');
    assert.deepEqual(
      log.map((line) => line.replace(work, '')),
      [
        'create -q /interdom-1.cfg',
        'domid interdom-1',
        'create -q /interdom-2.cfg',
        'domid interdom-2',
        'destroy interdom-2',
        'destroy interdom-1',
      ],
    );
    const config = await readFile(join(work, 'interdom-2.cfg'), 'utf8');
    assert.match(config, /type="pvh"/);
    assert.match(config, /cpus="2"/);
  });
});
