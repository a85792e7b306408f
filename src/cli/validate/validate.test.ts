import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { callProgram, type Said } from '../../../test/cli/in-process.js';
import type { Cell, ResultsFile } from '../../results/types.js';
import { COMMANDS } from '../commands/index.js';
import { newPoints, quickPoints, recordedPoints } from './meeting-points.js';
import { readPublishedTransfers, readRecorded } from './reference-files.js';

const NO_PART = {
  scenarios: undefined,
  transports: undefined,
  guestTypes: undefined,
  ringSizes: undefined,
  messageSizes: undefined,
  grantModes: undefined,
};

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'interdom-validate-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Said> => callProgram(words, { cwd: folder, environment });

const PART = ['ping-pong', '-t', 'libvchan', '--guest-type', 'pvh'];

describe('the counts that come with the program', () => {
  it('are of every transport and both kinds of guests, and all sound', async () => {
    const { cells } = await readRecorded(undefined);
    const points = recordedPoints({ cells }, NO_PART);
    assert.equal(points.length, cells.length);
    assert.ok(points.length >= 40);
    assert.deepEqual(
      cells.filter(({ verdict }) => verdict !== 'valid').map(({ id }) => id),
      [],
    );
    const kinds = new Set(
      points.map(({ transport, parameters }) => `${transport} ${parameters.guestTypes.join()}`),
    );
    assert.equal(kinds.size, 6);
    assert.ok(quickPoints(points).length >= 8);
    assert.ok(quickPoints(points).length <= 24);
  });

  it('are published times as well', () => {
    const transfers = readPublishedTransfers();
    assert.equal(transfers.length, 450);
    assert.deepEqual(transfers[0], {
      transferBytes: 4096,
      writeBytes: 512,
      ringBytes: 4096,
      readerUs: 6,
    });
  });
});

describe('points that nobody has recorded', () => {
  it('are every combination of what is given, with as many messages as real Xen would be sent', () => {
    const points = newPoints({
      ...NO_PART,
      scenarios: ['message-rate'],
      transports: ['libvchan'],
      ringSizes: [8192],
      messageSizes: [100, 3000],
    });
    assert.deepEqual(
      points.map(({ parameters }) => [parameters.messageSizeBytes, parameters.guestTypes[0]]),
      [
        [100, 'pvh'],
        [100, 'pv'],
        [3000, 'pvh'],
        [3000, 'pv'],
      ],
    );
    for (const { parameters } of points) assert.ok(parameters.messages >= 64);
  });
});

describe('interdom validate', () => {
  it('is a command, and says with which exit code a model fails', () => {
    assert.ok(COMMANDS.some(({ name }) => name === 'validate'));
  });

  it('holds for a part of what was recorded, and says so last', async () => {
    const { code, stdout, stderr } = await run(['validate', ...PART]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /nothing is outside its tolerance/);
    assert.match(
      stdout.trimEnd().split('\n').at(-1) ?? '',
      /^The model holds: \d+ counts of 6 cells/,
    );
  });

  it('canary: against counts that are 5 % higher it fails, with exit code 3', async () => {
    const path = join(folder, 'higher.json');
    const file = JSON.parse(
      readFileSync(new URL('../../../../results/reference/stock.json', import.meta.url), 'utf8'),
    ) as ResultsFile;
    writeFileSync(path, JSON.stringify({ ...file, cells: file.cells.map(higher) }));
    const { code, stdout } = await run(['validate', ...PART, '--reference', path]);
    assert.equal(code, 3);
    assert.match(stdout, /events sent +protocol +1\.00 +1\.05 +-4\.8 % +2 % +outside/);
    assert.match(stdout, /The model does not hold: \d+ of \d+ counts are outside their tolerance/);
  });

  it('prints JSON, CSV and Markdown that agree', async () => {
    const [json, csv, md] = await Promise.all(
      ['json', 'csv', 'md'].map((format) => run(['validate', ...PART, '-f', format])),
    );
    const { summary, rows } = JSON.parse(json?.stdout ?? '') as {
      summary: { holds: boolean; compared: number };
      rows: { detail: boolean; verdict: string }[];
    };
    assert.equal(summary.holds, true);
    assert.equal(
      rows.filter(({ detail, verdict }) => !detail && verdict !== 'not compared').length,
      summary.compared,
    );
    assert.equal((csv?.stdout ?? '').trimEnd().split('\n').length, rows.length + 1);
    assert.match(md?.stdout ?? '', /^The model holds: /);
    assert.match(md?.stdout ?? '', /\n\| --- \| --- \|/);
  });

  it('draws, and writes both sides as a results file', async () => {
    const out = join(folder, 'drawn');
    const output = join(folder, 'both.json');
    const { code, stderr } = await run(['validate', ...PART, '--out', out, '-o', output]);
    assert.equal(code, 0, stderr);
    assert.deepEqual([...readFileSync(join(out, 'validation.png')).subarray(1, 4)], [80, 78, 71]);
    assert.match(readFileSync(join(out, 'validation.md'), 'utf8'), /!\[.*\]\(validation\.png\)/);
    const both = JSON.parse(readFileSync(output, 'utf8')) as ResultsFile;
    assert.deepEqual([...new Set(both.cells.map(({ testbed }) => testbed))], ['model', 'xen']);
  });

  it('refuses what real Xen cannot do, and grant modes without sizes', async () => {
    const scenario = await run(['validate', 'fan-in']);
    assert.equal(scenario.code, 2);
    assert.match(scenario.stderr, /real Xen does not carry out "fan-in"/);
    const mode = await run(['validate', '--grant-mode', 'copy']);
    assert.equal(mode.code, 2);
    assert.match(mode.stderr, /together with sizes/);
  });

  it('without real Xen here says so loudly, and answers 6 where nothing else is there', async () => {
    const empty = join(folder, 'no-programs');
    const path = process.env['PATH'];
    process.env['PATH'] = empty;
    try {
      const words = [
        'message-rate',
        '-t',
        'libvchan',
        '--ring-size',
        '8k',
        '--message-size',
        '100',
      ];
      const { code, stderr } = await run(['validate', ...words, '--xen-cache', empty]);
      assert.equal(code, 6);
      assert.match(stderr, /NOT measured on real Xen, recorded counts only: /);
      assert.match(stderr, /nothing could be compared/);
    } finally {
      process.env['PATH'] = path;
    }
  });
});

function higher(cell: Cell): Cell {
  const metrics = Object.fromEntries(
    Object.entries(cell.metrics).map(([name, metric]) => [
      name,
      { ...metric, value: metric.value * 1.05, samples: undefined, interval: undefined },
    ]),
  );
  return { ...cell, metrics: JSON.parse(JSON.stringify(metrics)) as Cell['metrics'] };
}
