import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CATALOGUE } from '../../src/cli/catalogue.js';
import { SKYLAKE_2017 } from '../../src/profiles/data/skylake-2017.js';
import type { Cell } from '../../src/results/types.js';
import type { CellNames } from '../../src/testbed/cell-identity.js';
import { LiveBatches } from '../../src/testbed/live/live-batches.js';
import { readJson } from '../cli/results-text.js';
import { MAIN, runProgram, startProgram, temporaryFolder, until } from '../cli/spawn-program.js';

const SCRIPT = new URL('../../src/cli/live/live-worker.js', import.meta.url);
const MORTAL = new URL('./mortal-worker.js', import.meta.url);
const TRANSPORTS = ['v4v', 'libvchan', 'v2v'];

function cell(transport: string, messageSizeBytes: number): CellNames {
  const stream = CATALOGUE.scenarios.find(({ name }) => name === 'stream');
  return {
    testbed: 'live',
    profile: SKYLAKE_2017.name,
    transport,
    scenario: 'stream',
    parameters: {
      ringSizeBytes: 16_384,
      messageSizeBytes,
      messages: 30,
      guestTypes: ['pvh', 'pvh'],
      grantMode: 'persistent',
      placement: 'own',
      seed: 1,
      settings: Object.fromEntries(
        Object.entries(stream?.settings ?? {}).map(([name, setting]) => [name, setting.default]),
      ),
    },
    transportOptions: {},
  };
}

async function measure(
  cells: readonly CellNames[],
  { script = SCRIPT, patienceMs = 60_000, signal = new AbortController().signal } = {},
): Promise<Cell[]> {
  const batches = new LiveBatches({
    script,
    transports: CATALOGUE.transports,
    scenarios: CATALOGUE.scenarios,
    profiles: [SKYLAKE_2017],
    inject: 'none',
    effort: {
      warmUpRounds: 1,
      warmUpMs: 0,
      turns: { spin: 2, block: 2 },
      roundsPerTurn: 2,
      longestMs: 60_000,
    },
    patienceMs,
  });
  const done: Cell[] = [];
  const watcher = { signal, onProgress: () => {}, onCell: (one: Cell) => done.push(one) };
  await batches.prepare(watcher);
  await batches.run(cells, watcher);
  return done;
}

/** Threads of this process; those of the runtime itself included. */
function threads(): number {
  return readdirSync('/proc/self/task').length;
}

/** What this process has mapped, bytes: shared memories of threads that nobody has let go are part of it. */
function mappedBytes(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return 1024 * Number(/^VmSize:\s*(\d+)/m.exec(status)?.[1]);
}

const noProc = existsSync('/proc/self/task') ? false : 'there is no /proc here';
const noTaskset =
  spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? false : 'there is no taskset here';

describe('a live run', () => {
  it('names the domain and last step of a thread that dies or hangs, and goes on', async () => {
    const cells = await measure(
      [4096, 512].flatMap((size) => TRANSPORTS.map((transport) => cell(transport, size))),
      { script: MORTAL, patienceMs: 10_000 },
    );
    const said = (transport: string) => cells.filter((one) => one.transport === transport);
    assert.equal(cells.length, 6);
    for (const { verdict, reason } of said('v4v')) {
      assert.equal(verdict, 'invalid');
      assert.match(reason ?? '', /dom1 .*ended by itself \(exit code 7\); last step \w/);
    }
    for (const { verdict, reason } of said('v2v')) {
      assert.equal(verdict, 'invalid');
      assert.match(reason ?? '', /no end within 10 s, .*dom1 .*last step \w.*dom2 .*last step \w/);
    }
    for (const { verdict, reason } of said('libvchan')) assert.equal(verdict, 'valid', reason);
  });

  it('says that there are more domains than CPUs, and carries them out', {
    skip: noTaskset,
  }, () => {
    const cwd = temporaryFolder();
    const words = ['run', 'stream', 'ping-pong', '--testbed', 'live', '--message-size', '512'];
    const { status, stderr } = spawnSync(
      'taskset',
      ['-c', '0', process.execPath, MAIN, ...words, '--messages', '200', '-o', 'one.json'],
      { cwd, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const { cells } = readJson(join(cwd, 'one.json'));
    assert.equal(cells.length, 6);
    for (const { verdict, reason, notes } of cells) {
      assert.equal(verdict, 'valid', reason);
      assert.match((notes ?? []).join('\n'), /oversubscribed: 2 domains on 1 CPU;/);
    }
  });

  it('leaves no thread and no memory when its cells are done', { skip: noProc }, async () => {
    const cells = TRANSPORTS.map((transport) => cell(transport, 65_536));
    // The runtime makes threads and memory of its own when it is first used.
    await measure(cells);
    const before = { threads: threads(), bytes: mappedBytes() };
    for (let round = 0; round < 4; round++) await measure(cells);
    assert.equal(threads(), before.threads);
    // Each cell had 32 MiB and more of shared memory, in address space of gigabytes: no collector had to come.
    const grown = mappedBytes() - before.bytes;
    assert.ok(grown < 1 << 30, `${grown} bytes more are mapped`);
  });

  it('that is aborted leaves no thread', { skip: noProc }, async () => {
    const before = threads();
    const abort = new AbortController();
    const cells = [cell('libvchan', 4096), cell('v4v', 4096)];
    const many = cells.map((one) => ({
      ...one,
      parameters: { ...one.parameters, messages: 1e7 },
    }));
    const run = measure(many, { signal: abort.signal });
    await until('the threads have begun', () => threads() > before + 2);
    abort.abort();
    assert.deepEqual(await run, []);
    assert.equal(threads(), before);
  });

  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends at ${signal}, between two cells or in the middle of one, and can be resumed`, async () => {
      const cwd = temporaryFolder();
      const sizes = '--message-size=512,1k,2k,4k,8k';
      const words = ['run', 'stream', '-t', 'libvchan', '--testbed', 'live', sizes];
      const effort = ['--messages', '1000', '--no-harness', '-o', 'r.json'];
      const { child, ended } = startProgram([...words, ...effort], { cwd });
      const journal = join(cwd, 'r.ndjson');
      await until('a cell is done', () => linesOf(journal) > 1);
      child.kill(signal);
      const { code, stderr } = await ended;
      assert.equal(code, exitCode, stderr);
      const { run, cells } = readJson(join(cwd, 'r.json'));
      assert.equal(run.complete, false);
      assert.ok(cells.length >= 1 && cells.length < 5, `${cells.length} cells`);
      const again = await runProgram(['run', '--resume', 'r.ndjson', '--no-harness'], { cwd });
      assert.equal(again.code, 0, again.stderr);
      const whole = readJson(join(cwd, 'r.json'));
      assert.equal(whole.run.complete, true);
      assert.deepEqual(
        whole.cells.map(({ verdict }) => verdict),
        Array.from({ length: 5 }, () => 'valid'),
      );
    });
  }
});

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}
