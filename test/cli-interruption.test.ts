import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { ResultsFile } from '../src/results/types.js';
import { callProgram } from './cli/in-process.js';
import { cellsText, readJson } from './cli/results-text.js';
import { MAIN, startCommand, startProgram, temporaryFolder, until } from './cli/spawn-program.js';

/** Half of some hundred and sixty cells, which take a second or two: one part of a run that was split. */
const MANY = [
  'run',
  'stream',
  '--transport=libvchan',
  '--ring-size=4k..1m',
  '--message-size=512,1k,4k',
  '--seeds=6',
  '--messages=1000',
  '--no-harness',
  '--shard=2/2',
  '--output=r.json',
];

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

describe('an interrupted run', () => {
  /** Of a run that nothing interrupts. */
  let undisturbed: {
    readonly cells: number;
    readonly text: string;
    readonly run: ResultsFile['run'];
  };
  /** Journal of a run that was killed. */
  let torn: string;

  before(async () => {
    const cwd = temporaryFolder();
    const { code, stderr } = await callProgram(MANY, { cwd });
    assert.equal(code, 0, stderr);
    const path = join(cwd, 'r.json');
    const { run, cells } = readJson(path);
    undisturbed = { cells: cells.length, text: cellsText(path), run };
    assert.ok(cells.length > 60);
  });

  before(async () => {
    const cwd = temporaryFolder();
    const journal = join(cwd, 'r.ndjson');
    const { child, ended } = startProgram(MANY, { cwd });
    await until('ten cells are done', () => linesOf(journal) > 10);
    child.kill('SIGKILL');
    assert.equal((await ended).signal, 'SIGKILL');
    assert.ok(linesOf(journal) < undisturbed.cells, 'it was killed too late to tell anything');
    assert.ok(!existsSync(join(cwd, 'r.json')));
    torn = readFileSync(journal, 'utf8');
  });

  it('keeps what is done when it is killed, and is finished by --resume', async () => {
    const cwd = temporaryFolder();
    const journal = join(cwd, 'r.ndjson');
    // As a power loss may leave it.
    writeFileSync(journal, `${torn}{"id":"model/skyl`);
    const words = ['run', '--resume', 'r.ndjson'];
    const other = await callProgram([...words, '--shard', '1/2'], { cwd });
    assert.match(other.stderr, /a resumed run has the options that it began with/);
    const { code, stderr } = await callProgram(words, { cwd });
    assert.equal(code, 0, stderr);
    assert.equal(cellsText(join(cwd, 'r.json')), undisturbed.text);
    const { run } = readJson(join(cwd, 'r.json'));
    assert.equal(run.complete, true);
    assert.deepEqual(run.shard, undisturbed.run.shard);
    assert.equal(run.harness, undefined, 'the run began with --no-harness');
    assert.ok(!existsSync(journal));
  });

  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`writes what is done on ${signal}, says how to go on, and exits ${exitCode}`, async () => {
      const cwd = temporaryFolder();
      const { child, ended } = startProgram(MANY, { cwd });
      await until('three cells are done', () => linesOf(join(cwd, 'r.ndjson')) > 3);
      child.kill(signal);
      const { code, stderr, stdout } = await ended;
      assert.equal(code, exitCode, stderr);
      const { run, cells } = readJson(join(cwd, 'r.json'));
      assert.equal(run.complete, false);
      assert.ok(cells.length >= 3 && cells.length < undisturbed.cells);
      assert.match(stdout, /cells: \d+ valid/);
      const hint =
        /^interdom: (\d+) of (\d+) cells are done; to go on: interdom (run --resume \S+)$/m.exec(
          stderr,
        );
      assert.deepEqual(hint?.slice(1, 3).map(Number), [cells.length, undisturbed.cells]);
      const again = await callProgram([...(hint?.[3] ?? '').split(' '), '--no-harness'], { cwd });
      assert.equal(again.code, 0, again.stderr);
      assert.equal(cellsText(join(cwd, 'r.json')), undisturbed.text);
      assert.ok(!existsSync(join(cwd, 'r.ndjson')));
    });
  }

  it('keeps the cells, and says how to go on, when the disk is full in the middle', async () => {
    const cwd = temporaryFolder();
    const limited = `ulimit -f 64; exec "$0" "$@"`;
    const { ended } = startCommand('bash', ['-c', limited, process.execPath, MAIN, ...MANY], {
      cwd,
    });
    const { code, stderr } = await ended;
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /^interdom: cannot write r\.ndjson: the file would be larger than is allowed here \(EFBIG\)$/m,
    );
    assert.match(stderr, /^ {2}try: .*; to go on: interdom run --resume r\.ndjson$/m);
    assert.ok(!existsSync(join(cwd, 'r.json')));
    const again = await callProgram(['run', '--resume', 'r.ndjson', '--no-harness'], { cwd });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(cellsText(join(cwd, 'r.json')), undisturbed.text);
  });

  it('is not continued by another program than the one that began', async () => {
    const cwd = temporaryFolder();
    const another = torn.replace(/"version":"[^"]*"/, '"version":"0.0.1"');
    writeFileSync(join(cwd, 'r.ndjson'), another);
    const { code, stderr } = await callProgram(['run', '--resume', 'r.ndjson'], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /the run was begun by version 0\.0\.1, this is version \d/);
    assert.match(stderr, /try: go back to that version, or start the run anew/);
  });
});
