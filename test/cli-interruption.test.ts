import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cellsText, readJson } from './cli/results-text.js';
import { runProgram, startProgram, temporaryFolder, until } from './cli/spawn-program.js';

/** Some eighty cells that take a second or two in all. */
const MANY = [
  'run',
  'stream',
  '--transport=libvchan',
  '--ring-size=4k..1m',
  '--message-size=512,1k,4k',
  '--seeds=3',
  '--messages=2000',
  '--no-harness',
  '--output=r.json',
];
const CELLS = 81;

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

/** The cells of a run that nothing interrupts. */
async function undisturbed(): Promise<string> {
  const cwd = temporaryFolder();
  const { code, stderr } = await runProgram(MANY, { cwd });
  assert.equal(code, 0, stderr);
  return cellsText(join(cwd, 'r.json'));
}

describe('an interrupted run', () => {
  let expected: Promise<string> | undefined;
  const wanted = (): Promise<string> => (expected ??= undisturbed());

  it('keeps what is done when it is killed, and is finished by --resume', async () => {
    const cwd = temporaryFolder();
    const journal = join(cwd, 'r.ndjson');
    const { child, ended } = startProgram(MANY, { cwd });
    await until('ten cells are done', () => linesOf(journal) > 10);
    child.kill('SIGKILL');
    assert.equal((await ended).signal, 'SIGKILL');
    assert.ok(linesOf(journal) < CELLS, 'it was killed too late to tell anything');
    assert.ok(!existsSync(join(cwd, 'r.json')));
    // As a power loss may leave it.
    appendFileSync(journal, '{"id":"model/skyl');
    const { code, stderr } = await runProgram(['run', '--resume', 'r.ndjson', '--no-harness'], {
      cwd,
    });
    assert.equal(code, 0, stderr);
    assert.equal(cellsText(join(cwd, 'r.json')), await wanted());
    assert.equal(readJson(join(cwd, 'r.json')).run.complete, true);
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
      assert.ok(cells.length >= 3 && cells.length < CELLS);
      assert.match(stdout, /cells: \d+ valid/);
      const hint =
        /^interdom: (\d+) of 81 cells are done; to go on: interdom (run --resume \S+)$/m.exec(
          stderr,
        );
      assert.equal(hint?.[1], String(cells.length));
      const again = await runProgram([...(hint?.[2] ?? '').split(' '), '--no-harness'], { cwd });
      assert.equal(again.code, 0, again.stderr);
      assert.equal(cellsText(join(cwd, 'r.json')), await wanted());
      assert.ok(!existsSync(join(cwd, 'r.ndjson')));
    });
  }

  it('keeps the cells, and says how to go on, when the disk is full in the middle', async () => {
    const cwd = temporaryFolder();
    const limited = `ulimit -f 64; exec "$0" "$@"`;
    const { startCommand, MAIN } = await import('./cli/spawn-program.js');
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
    const again = await runProgram(['run', '--resume', 'r.ndjson', '--no-harness'], { cwd });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(cellsText(join(cwd, 'r.json')), await wanted());
  });

  it('is not continued by another program than the one that began', async () => {
    const cwd = temporaryFolder();
    const { child, ended } = startProgram(MANY, { cwd });
    const journal = join(cwd, 'r.ndjson');
    await until('a cell is done', () => linesOf(journal) > 2);
    child.kill('SIGKILL');
    await ended;
    const { writeFileSync } = await import('node:fs');
    writeFileSync(
      journal,
      readFileSync(journal, 'utf8').replace(/"version":"[^"]*"/, '"version":"0.0.1"'),
    );
    const { code, stderr } = await runProgram(['run', '--resume', 'r.ndjson'], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /the run was begun by version 0\.0\.1, this is version \d/);
    assert.match(stderr, /try: go back to that version, or start the run anew/);
  });
});
