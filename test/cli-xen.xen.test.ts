import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parseResults } from '../src/results/schema.js';
import { readJournal } from '../src/results/store.js';
import { MAIN, runProgram, startProgram, temporaryFolder } from './cli/spawn-program.js';
import { OPTIONS, SKIP } from './real-xen-here.js';

/** The program as a user starts it, on real Xen. */

const THREE = [
  ...['run', 'ping-pong', '--testbed', 'xen', '-t', 'libvchan,v4v', '--guest-type', 'pvh'],
  ...['--message-size', '64,128,256', '--phases', '1', '--no-harness', '--output', 'x.json'],
];

describe('interdom on real Xen', { skip: SKIP, timeout: 600_000 }, () => {
  const environment = { INTERDOM_XEN_CACHE: OPTIONS.cacheDirectory };

  it('keeps what is done when it is interrupted, leaves no process, and goes on', async () => {
    const cwd = temporaryFolder();
    const temporary = join(cwd, 'tmp');
    mkdirSync(temporary);
    const running = startProgram(THREE, {
      cwd,
      environment: { ...environment, TMPDIR: temporary },
    });
    let said = '';
    running.child.stderr?.on('data', (text: string) => {
      said += text;
    });
    // The second cell has begun, so the first one is done.
    while (said.split('pvh guests: libvchan ping-pong').length < 3) {
      assert.equal(running.child.exitCode, null, said);
      await delay(20);
    }
    assert.ok(processesWith(temporary).length > 0, 'an emulator runs');
    running.child.kill('SIGINT');
    const interrupted = await running.ended;
    assert.equal(interrupted.code, 130, interrupted.stderr);
    assert.match(interrupted.stderr, /to go on: interdom run --resume x\.ndjson/);
    assert.deepEqual(processesWith(temporary), []);
    assert.deepEqual(readdirSync(temporary), []);
    const journal = await readJournal(join(cwd, 'x.ndjson'));
    const before = journal.cells.filter(({ verdict }) => verdict === 'valid');
    assert.ok(before.length >= 1 && before.length < 3, `${before.length} cells are kept`);

    const resumed = await runProgram(['run', '--resume', 'x.ndjson', '--no-harness'], {
      cwd,
      environment,
    });
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stdout, /nothing in them is a time of\s+hardware/);
    const { cells, run } = parseResults(readFileSync(join(cwd, 'x.json'), 'utf8'), 'x.json');
    assert.deepEqual(cells.map(({ transport, verdict }) => `${transport} ${verdict}`).sort(), [
      ...Array(3).fill('libvchan valid'),
      ...Array(3).fill('v4v skipped'),
    ]);
    const skipped = cells.find(({ transport }) => transport === 'v4v');
    assert.match(skipped?.reason ?? '', /has no Argo.*--hypervisor FILE/);
    assert.match(String(run.profiles['qemu-svm']?.features['emulator']), /QEMU/);
  });

  it('records a part of the reference, and validates against it', async () => {
    const cwd = temporaryFolder();
    const record = ['xen', 'record', 'stock', '--only', 'v2v bare-grants pvh copy', '-o', 'r.json'];
    const recorded = await runProgram(record, { cwd, environment });
    assert.equal(recorded.code, 0, recorded.stderr);
    const { cells, run } = parseResults(readFileSync(join(cwd, 'r.json'), 'utf8'), 'r.json');
    assert.equal(cells.length, 2);
    assert.ok(run.complete && cells.every(({ verdict }) => verdict === 'valid'));
    const words = ['validate', 'bare-grants', '-t', 'v2v', '--guest-type', 'pvh'];
    const validated = await runProgram([...words, '--reference', 'r.json'], { cwd, environment });
    assert.equal(validated.code, 0, validated.stdout + validated.stderr);
    assert.match(validated.stdout, /The model holds/);
  });
});

/** In a mount namespace of its own: a disk on which not even one package fits. */
const ON_FULL_DISK = `
set -u
mkdir disk && mount -t tmpfs -o size=1m none disk && cd disk || exit 99
"$@" 2>../said.txt
echo $? >../code
find . -type f >../left
`;
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe('interdom xen prepare', { skip: SKIP, timeout: 300_000 }, () => {
  it('on a full disk says so, where, and what to do, and leaves nothing half unpacked', {
    skip: !mayMount && 'no file system can be mounted here (unshare -m)',
  }, () => {
    const cwd = temporaryFolder();
    const prepare = [process.execPath, MAIN, 'xen', 'prepare', '--xen-cache', 'cache', '--quiet'];
    const words = ['-m', 'bash', '-c', ON_FULL_DISK, 'script', ...prepare];
    const { status, stderr } = spawnSync('unshare', words, { cwd, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const said = readFileSync(join(cwd, 'said.txt'), 'utf8');
    assert.equal(readFileSync(join(cwd, 'code'), 'utf8'), '2\n', said);
    assert.match(
      said,
      /^interdom: the disk is full\n {2}in cache\b.*\n {2}try: free about 1 GiB, /m,
    );
    assert.equal(readFileSync(join(cwd, 'left'), 'utf8'), '');
  });
});

/** Processes whose command line names a folder. */
function processesWith(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
        return line.includes(folder) ? [line.slice(0, 80)] : [];
      } catch {
        return []; // it has ended meanwhile
      }
    });
}
