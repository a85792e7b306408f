import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parseCell, parseJournalHeader, parseResults } from '../src/results/schema.js';
import { callProgram } from './cli/in-process.js';
import { cellsText, onlyRun, readJson } from './cli/results-text.js';
import { runProgram, startProgram, temporaryFolder } from './cli/spawn-program.js';

/** Two cells that take no time. */
const TINY = ['run', 'stream', '-t', 'libvchan', '--messages', '100', '--no-harness'];
/** Twelve small cells of several scenarios. */
const SEVERAL = [
  'run',
  'stream,ping-pong,setup',
  '--transport=libvchan',
  '--ring-size=4k,64k',
  '--message-size=64,1k',
  '--messages=200',
  '--no-harness',
];

describe('interdom run', () => {
  it('writes a results file that the schema accepts, prints a table, and says where the file is', async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runProgram(TINY, { cwd });
    assert.equal(code, 0, stderr);
    const path = onlyRun(cwd);
    const results = parseResults(readFileSync(path, 'utf8'), path);
    assert.equal(results.run.complete, true);
    assert.equal(results.run.command, `interdom ${TINY.join(' ')}`);
    assert.equal(results.run.suite, 'quick');
    assert.ok(results.run.profiles['skylake-2017']);
    assert.match(path, /results\/runs\/\d{8}T\d{6}Z-quick-[0-9a-f]{8}\.json$/);
    assert.deepEqual(
      results.cells.map(({ verdict, transport, scenario }) => [verdict, transport, scenario]),
      [
        ['valid', 'libvchan', 'stream'],
        ['valid', 'libvchan', 'stream'],
      ],
    );
    assert.match(stdout, /libvchan/);
    assert.match(stdout, /2 cells: 2 valid/);
    assert.ok(!stdout.includes('\u001b'), 'there is no terminal, and so no colour');
    assert.match(stderr, /^results: results\/runs\/\S+\.json$/m);
  });

  it('measures the harness itself, and says so in the description of the run', async () => {
    const cwd = temporaryFolder();
    const words = TINY.filter((word) => word !== '--no-harness');
    assert.equal((await callProgram(words, { cwd })).code, 0);
    const { harness } = readJson(onlyRun(cwd)).run;
    const speed = harness?.['simulatedMessagesPerSecond'];
    assert.equal(speed?.assume, 'nothing');
    assert.equal(speed?.samples?.length, 8);
    assert.ok(speed.value > 1000);
  });

  it('prints the results file itself with --format json', async () => {
    const cwd = temporaryFolder();
    const { stdout } = await callProgram([...TINY, '--format', 'json'], { cwd });
    assert.equal(stdout, readFileSync(onlyRun(cwd), 'utf8'));
  });

  it('writes no file with --output -, and prints JSON', async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await callProgram([...TINY, '-o', '-'], { cwd });
    assert.equal(code, 0);
    assert.equal(parseResults(stdout, 'stdout').cells.length, 2);
    assert.equal(stderr, '');
    assert.deepEqual(readdirSync(cwd), []);
  });

  it('prints CSV, a row a figure', async () => {
    const cwd = temporaryFolder();
    const { stdout } = await callProgram([...TINY, '--format=csv', '--output=-'], { cwd });
    const [header, ...rows] = stdout.trimEnd().split('\n');
    assert.match(
      header ?? '',
      /^id,testbed,profile,transport,scenario,verdict,reason,ringSizeBytes,/,
    );
    assert.ok(rows.some((row) => row.includes(',bytesPerSecond,')));
    assert.deepEqual(readdirSync(cwd), []);
  });

  it('prints Markdown', async () => {
    const cwd = temporaryFolder();
    const { stdout } = await callProgram([...TINY, '--format', 'md'], { cwd });
    assert.match(stdout, /^### .*\n\n\|.*\|\n\| ?:?--/);
  });

  describe('of several scenarios', () => {
    const cwd = temporaryFolder();
    const one = join(cwd, 'one.json');
    before(async () => {
      const { code, stderr } = await callProgram([...SEVERAL, '--jobs=1', '-o', one], { cwd });
      assert.equal(code, 0, stderr);
    });

    it('gives the same cells with one job and with two, and in two processes', async () => {
      const words = [...SEVERAL, '--jobs=2', '--output=two.json'];
      const { code, stderr } = await runProgram(words, { cwd });
      assert.equal(code, 0, stderr);
      const cells = cellsText(one);
      assert.ok(cells.length > 10_000);
      assert.equal(cellsText(join(cwd, 'two.json')), cells);
    });

    it('prints NDJSON in the form of a journal, cells in the order of the plan', async () => {
      const files = readdirSync(cwd);
      const words = [...SEVERAL, '--jobs=2', '--format', 'ndjson', '--output', '-'];
      const { stdout } = await callProgram(words, { cwd });
      const [header = '', ...lines] = stdout.trimEnd().split('\n');
      assert.equal(parseJournalHeader(header, 'stdout').run.complete, false);
      assert.deepEqual(
        lines.map((line) => parseCell(line, 'stdout')),
        readJson(one).cells,
      );
      assert.deepEqual(readdirSync(cwd), files);
    });
  });

  it('writes where --output says, and makes the folder', async () => {
    const cwd = temporaryFolder();
    const { code } = await callProgram([...TINY, '--output', 'a/b/mine.json', '--quiet'], { cwd });
    assert.equal(code, 0);
    assert.deepEqual(readdirSync(join(cwd, 'a', 'b')), ['mine.json']);
  });

  it('says nothing but data with --quiet', async () => {
    const cwd = temporaryFolder();
    const { stderr } = await callProgram([...TINY, '--quiet'], { cwd });
    assert.equal(stderr, '');
  });

  it('draws a report where one is wanted, and says where it is', async () => {
    const cwd = temporaryFolder();
    const { code, stderr } = await callProgram([...TINY, '--report'], { cwd });
    assert.equal(code, 0, stderr);
    const html = /^report: (\S+)$/m.exec(stderr)?.[1] ?? '';
    const csv = /^CSV: (\S+)$/m.exec(stderr)?.[1] ?? '';
    assert.match(html, /^reports\/out\/\S+\/index\.html$/);
    assert.ok(existsSync(join(cwd, html)));
    assert.match(readFileSync(join(cwd, csv), 'utf8'), /^id,testbed/);
    const pictures = readdirSync(join(cwd, html, '..')).filter((name) => name.endsWith('.png'));
    assert.ok(pictures.length > 0);
  });

  it('skips what one transport cannot have, with the reason, and measures the rest', async () => {
    const cwd = temporaryFolder();
    const words = [...TINY, '--ring-size', '64k,32m', '--output', 'r.json'];
    const { code } = await callProgram(words, { cwd });
    assert.equal(code, 0);
    const { cells } = readJson(join(cwd, 'r.json'));
    assert.deepEqual(
      cells.map(({ verdict, parameters }) => [verdict, parameters['ringSizeBytes']]),
      [
        ['valid', 65536],
        ['valid', 65536],
        ['skipped', 33554432],
        ['skipped', 33554432],
      ],
    );
    assert.match(cells[2]?.reason ?? '', /1 MiB/);
  });

  it('draws prices for --uncertainty, the same in every process', async () => {
    const cwd = temporaryFolder();
    const words = [...TINY, '--message-size', '1k', '--uncertainty', '3', '--seed', '7', '-o', '-'];
    const [first, second] = await Promise.all([
      callProgram(words, { cwd }),
      runProgram(words, { cwd }),
    ]);
    const figures = (text: string) =>
      parseResults(text, 'stdout').cells.map(({ parameters, metrics }) => [
        parameters['draw'],
        metrics['bytesPerSecond']?.value,
      ]);
    const drawn = figures(first.stdout);
    assert.deepEqual(drawn, figures(second.stdout));
    assert.deepEqual(
      drawn.map(([draw]) => draw),
      [1, 2, 3],
    );
    assert.equal(new Set(drawn.map(([, rate]) => rate)).size, 3);
  });

  it('takes a profile of the user out of a file', async () => {
    const cwd = temporaryFolder();
    const profile = {
      name: 'mine',
      like: 'skylake-2017',
      prices: { libraryCall: { value: 9999 } },
    };
    writeFileSync(join(cwd, 'mine.json'), JSON.stringify(profile));
    const words = [...TINY, '--profile', 'mine.json,skylake-2017', '--output', 'r.json'];
    const { code, stderr } = await callProgram(words, { cwd });
    assert.equal(code, 0, stderr);
    const { run, cells } = readJson(join(cwd, 'r.json'));
    assert.deepEqual(Object.keys(run.profiles).sort(), ['mine', 'skylake-2017']);
    assert.equal(run.profiles['mine']?.prices['libraryCall']?.value, 9999);
    assert.deepEqual(new Set(cells.map((cell) => cell.profile)), new Set(['mine', 'skylake-2017']));
  });

  it('lets the command line go before the environment, and that before the configuration', async () => {
    const cwd = temporaryFolder();
    const config = {
      run: {
        transport: 'libvchan',
        messages: 10,
        seed: 20,
        set: { transferBytes: 4096 },
        quiet: true,
      },
    };
    writeFileSync(join(cwd, 'interdom.config.json'), JSON.stringify(config));
    const words = ['run', 'stream', '--seed', '22', '--no-harness', '-o', '-'];
    const environment = { INTERDOM_SEED: '21', INTERDOM_MESSAGE_SIZE: '512' };
    const { stdout, stderr } = await callProgram(words, { cwd, environment });
    const { cells } = parseResults(stdout, stderr);
    const { seed, messages, messageSizeBytes, transferBytes } = cells[0]?.parameters ?? {};
    assert.deepEqual([seed, messages, messageSizeBytes, transferBytes], [22, 10, 512, 4096]);
  });

  it('goes on quietly when nobody reads its standard output any more', async () => {
    const cwd = temporaryFolder();
    const { child, ended } = startProgram([...TINY, '--format', 'json'], { cwd });
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    assert.equal(code, 0);
    assert.match(stderr, /^results: \S+\n$/);
    assert.equal(readJson(onlyRun(cwd)).cells.length, 2);
  });

  it('says that a full disk is full, and leaves nothing behind', async () => {
    const cwd = temporaryFolder();
    const { code, stderr, stdout } = await runProgram([...TINY, '--output', '/dev/full'], { cwd });
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      'interdom: cannot write /dev/full: the disk is full (ENOSPC)\n  in /dev/full\n  try: free some space, or name another place\n',
    );
    assert.deepEqual(readdirSync(cwd), []);
    assert.ok(!existsSync('/dev/full.ndjson'));
  });

  it('says that standard output cannot be written, and has kept the results file', async () => {
    const cwd = temporaryFolder();
    const full = openSync('/dev/full', 'w');
    try {
      const { code, stderr } = await runProgram([...TINY, '--format', 'json'], {
        cwd,
        stdout: full,
      });
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^interdom: cannot write standard output: the disk is full \(ENOSPC\)$/m,
      );
    } finally {
      closeSync(full);
    }
    assert.equal(
      readdirSync(join(cwd, 'results', 'runs')).filter((n) => n.endsWith('.json')).length,
      1,
    );
  });
});
