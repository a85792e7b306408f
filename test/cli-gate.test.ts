import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Cell, ResultsFile } from '../src/results/types.js';
import { callProgram, type Said } from './cli/in-process.js';
import { cellsText, readJson } from './cli/results-text.js';
import { temporaryFolder } from './cli/spawn-program.js';

const RUN = ['run', 'ping-pong', '--message-size=64', '--messages=200', '--no-harness', '--quiet'];

const measured = temporaryFolder();
before(async () => {
  for (const words of [
    [...RUN, '-o', 'r.json'],
    ['baseline', 'save', 'r.json'],
  ]) {
    const { code, stderr } = await callProgram(words, { cwd: measured });
    assert.equal(code, 0, stderr);
  }
});

/** A folder of its own with a run r.json and its baseline in results/baseline. */
function folderWithBaseline(cwd = temporaryFolder()): string {
  cpSync(measured, cwd, { recursive: true });
  return cwd;
}

type Edit = (cell: Cell) => Cell;

/** Writes a copy of r.json with changed cells. */
function variant(
  cwd: string,
  name: string,
  edit: Edit,
  run: Partial<ResultsFile['run']> = {},
): void {
  const file = readJson(join(cwd, 'r.json'));
  const changed = { ...file, run: { ...file.run, ...run }, cells: file.cells.map(edit) };
  writeFileSync(join(cwd, name), JSON.stringify(changed));
}

const scaled =
  (metric: string, factor: number): Edit =>
  (cell) => {
    const old = cell.metrics[metric];
    if (old === undefined) return cell;
    return {
      ...cell,
      metrics: { ...cell.metrics, [metric]: { ...old, value: old.value * factor } },
    };
  };

describe('interdom check', () => {
  const cwd = temporaryFolder();
  const check = (...words: string[]): Promise<Said> => callProgram(['check', ...words], { cwd });
  before(async () => {
    folderWithBaseline(cwd);
    variant(cwd, 'worse.json', scaled('latencyNsP50', 1.01));
    variant(cwd, 'better.json', scaled('latencyNsP50', 0.99));
    variant(cwd, 'invalid.json', (cell) => ({
      ...cell,
      verdict: 'invalid',
      reason: 'no progress',
      metrics: {},
    }));
    variant(cwd, 'version.json', (cell) => ({
      ...cell,
      scenarioVersion: cell.scenarioVersion + 1,
    }));
    variant(cwd, 'broken.json', (cell) => cell, { complete: false });
    const { schemaVersion: _, ...rest } = readJson(join(cwd, 'r.json'));
    writeFileSync(join(cwd, 'schema.json'), JSON.stringify({ schemaVersion: 7, ...rest }));
    const few = readJson(join(cwd, 'r.json'));
    writeFileSync(join(cwd, 'few.json'), JSON.stringify({ ...few, cells: few.cells.slice(0, 1) }));
    writeFileSync(join(cwd, 'none.json'), JSON.stringify({ ...few, cells: [] }));
  });

  for (const [words, code, says] of [
    [
      ['r.json'],
      0,
      /^ok: nothing became worse; \d+ figures of \d+ cells compared with results\/baseline\/model-skylake-2017\.json$/m,
    ],
    [['r.json', '--strict'], 0, /^ok: /],
    [['worse.json'], 3, /^regressed: 3 figures of 3 cells became worse, at most by 1 %; /],
    [['better.json'], 0, /^ok: nothing became worse, and 3 figures better; /],
    [['better.json', '--strict'], 3, /^regressed: the reference no longer holds \(3 improved\)/],
    [['invalid.json'], 6, /^not measured: nothing was measured: the run has no valid cell/],
    [['none.json'], 6, /^not measured: nothing was measured/],
    [
      ['few.json'],
      6,
      /^not measured: 2 cells of the reference or the run have no sound measurement/,
    ],
    [['few.json', '--partial'], 0, /^ok: /],
    [['broken.json'], 6, /^not measured: the run is not complete/],
    [['version.json'], 5, /^not comparable: 3 cells cannot be compared/],
    [['worse.json', '--baseline', 'r.json'], 3, /compared with r\.json$/m],
    [['worse.json', '--only', '*:latencyNsP99'], 0, /^ok: /],
    [['worse.json', '--only', '*/libvchan/*:latencyNsP50'], 3, /^regressed: 1 figure of 1 cell/],
  ] as const) {
    it(`${words.join(' ')} exits ${code} and says why`, async () => {
      const ended = await check(...words);
      assert.equal(ended.code, code, ended.stdout + ended.stderr);
      assert.match(ended.stdout.replace(/\n {2}/g, ' '), says);
    });
  }

  it('exits 5 for a results file of another schema, on either side', async () => {
    for (const words of [['schema.json'], ['r.json', '--baseline', 'schema.json']]) {
      const { code, stderr } = await check(...words);
      assert.equal(code, 5, stderr);
      assert.match(
        stderr,
        /schemaVersion is 7, .* reads version 1\n {2}in schema\.json\n {2}try: /,
      );
    }
  });

  it('so does every command that is given one', async () => {
    for (const words of [['compare'], ['claims'], ['baseline', 'save'], ['baseline', 'update']]) {
      const { code, stderr } = await callProgram([...words, 'schema.json'], { cwd });
      assert.equal(code, 5, `${words.join(' ')}: ${stderr}`);
    }
  });

  it('exits 5 where testbed, profile or seed are others', async () => {
    const { code } = await callProgram([...RUN, '--seed', '2', '-o', 'seed2.json'], { cwd });
    assert.equal(code, 0);
    const other = await check('seed2.json');
    assert.equal(other.code, 5);
    assert.match(other.stdout.replace(/\n {2}/g, ' '), /for example seed=1 there, and seed=2 here/);
  });

  it('exits 2 where there is no baseline, and says how to make one', async () => {
    const { code, stderr } = await check('r.json', '--baseline', 'nowhere');
    assert.equal(code, 2);
    assert.match(stderr, /there is no baseline at nowhere/);
    assert.match(stderr, /try: make one: interdom baseline save RUN/);
  });

  it('judges by the policy of the configuration, and refuses entries that match nothing', async () => {
    const policy = (value: unknown): string => {
      const path = join(cwd, `policy-${Math.abs(JSON.stringify(value).length)}.json`);
      writeFileSync(path, JSON.stringify({ policy: value, run: { messages: 200 } }));
      return path;
    };
    const fine = policy({ thresholds: ['*/ping-pong/*:latencyNsP50 <= 1.1 %'] });
    assert.equal((await check('worse.json', '--config', fine)).code, 0);
    const tight = policy({ thresholds: ['*/ping-pong/*:latencyNsP50 <= 0.5 %'] });
    assert.equal((await check('worse.json', '--config', tight)).code, 3);
    const ignored = policy({
      ignore: [{ match: '*:latencyNsP50', reason: 'known', until: '2999-12-31' }],
    });
    const { code, stdout } = await check('worse.json', '--config', ignored);
    assert.equal(code, 0);
    assert.match(stdout, /^Ignored: 3 findings: known \(until 2999-12-31\)$/m);
    const expired = policy({
      ignore: [{ match: '*:latencyNsP50', reason: 'known once', until: '2020-12-31' }],
    });
    const late = await check('worse.json', '--config', expired);
    assert.equal(late.code, 3);
    assert.match(
      late.stdout.replace(/\n {2}/g, ' '),
      /was to be ignored until 2020-12-31; this entry holds no more/,
    );
    const slip = policy({ thresholds: ['*/pingpong/*:latencyNsP50 <= 5 %'] });
    const refused = await check('r.json', '--config', slip);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the pattern \*\/pingpong\/\*:latencyNsP50 matches nothing/);
    assert.match(refused.stderr, /in .*policy-\d+\.json: policy\.thresholds\[0\]/);
  });

  it('gives every SARIF result a place, also that of a cell which the baseline does not hold', async () => {
    const file = readJson(join(cwd, 'r.json'));
    writeFileSync(join(cwd, 'less.json'), JSON.stringify({ ...file, cells: file.cells.slice(1) }));
    await check('r.json', '--baseline', 'less.json', '--sarif', 'new.sarif');
    const [run] = JSON.parse(readFileSync(join(cwd, 'new.sarif'), 'utf8')).runs;
    assert.deepEqual(
      run.results.map((one: { ruleId: string }) => one.ruleId),
      ['new'],
    );
    assert.deepEqual(run.results[0].locations[0].physicalLocation, {
      artifactLocation: { uri: 'less.json' },
      region: { startLine: 1 },
    });
  });

  it('writes what CI systems read, with places in the baseline', async () => {
    const summary = join(cwd, 'summary.md');
    writeFileSync(summary, 'what another tool wrote\n');
    const { code, stdout } = await callProgram(
      [
        'check',
        'worse.json',
        '--junit',
        'j.xml',
        '--sarif',
        's.sarif',
        '--annotations',
        'github',
        '--summary',
        summary,
      ],
      { cwd, environment: { GITHUB_STEP_SUMMARY: summary } },
    );
    assert.equal(code, 3);
    const text = readFileSync(summary, 'utf8');
    assert.match(text, /^what another tool wrote\n## interdom check: regressed\n/);
    assert.match(readFileSync(join(cwd, 'j.xml'), 'utf8'), /failures="3" errors="0"/);
    const [annotation] = stdout.split('\n').filter((line) => line.startsWith('::error file='));
    const [, file, line] = /file=([^,]+),line=(\d+),/.exec(annotation ?? '') ?? [];
    const baseline = readFileSync(join(cwd, file ?? ''), 'utf8').split('\n');
    assert.match(baseline[Number(line) - 1] ?? '', /^ {2}"latencyNsP50": /);
    const { results } = JSON.parse(readFileSync(join(cwd, 's.sarif'), 'utf8')).runs[0];
    assert.equal(results[0].locations[0].physicalLocation.artifactLocation.uri, file);
    await check('worse.json', '--summary', 'plain.md');
    await check('r.json', '--summary', 'plain.md');
    assert.match(readFileSync(join(cwd, 'plain.md'), 'utf8'), /^## interdom check: ok\n/);
  });

  it('prints JSON for programs', async () => {
    const { stdout } = await check('worse.json', '--format', 'json');
    const judgement = JSON.parse(stdout);
    assert.equal(judgement.verdict, 'regressed');
    assert.equal(judgement.findings.length, 3);
  });

  it('judges the harness only where that is asked for, and not on another host', async () => {
    const metric = { value: 100, unit: 'ns', better: 'lower', assume: 'nothing' } as const;
    const samples = Array.from({ length: 12 }, (_, i) => 100 + (i % 5));
    const harness = (factor: number) => ({
      costNs: { ...metric, samples: samples.map((one) => one * factor) },
    });
    variant(cwd, 'h1.json', (cell) => cell, { harness: harness(1) });
    variant(cwd, 'h2.json', (cell) => cell, { harness: harness(1.5), commit: 'another' });
    const { host } = readJson(join(cwd, 'r.json')).run;
    variant(cwd, 'h3.json', (cell) => cell, {
      harness: harness(1),
      host: { ...host, cpu: 'Other' },
    });
    assert.equal((await check('h2.json', '--baseline', 'h1.json')).code, 0);
    assert.equal((await check('h2.json', '--baseline', 'h1.json', '--harness')).code, 3);
    assert.equal((await check('h1.json', '--baseline', 'h1.json', '--harness')).code, 0);
    const other = await check('h3.json', '--baseline', 'h1.json', '--harness');
    assert.equal(other.code, 5);
    const without = await check('r.json', '--baseline', 'h1.json', '--harness');
    assert.equal(without.code, 6, 'what was not measured is not fine');
  });

  it('uses a noise floor of this kind of host, and of no other', async () => {
    const metric = { value: 100, unit: 'ns', better: 'lower', assume: 'nothing' } as const;
    const spread = Array.from({ length: 12 }, (_, i) => 100 + (i % 5));
    const at = (factor: number) => ({
      costNs: { ...metric, samples: spread.map((one) => one * factor) },
    });
    for (const [i, factor] of [1, 1.1, 1.2].entries()) {
      variant(cwd, `a${i}.json`, (cell) => cell, { harness: at(factor), commit: 'one' });
    }
    const noise = await callProgram(
      ['noise', 'a0.json', 'a1.json', 'a2.json', '--output', 'noise.json'],
      { cwd },
    );
    assert.equal(noise.code, 0, noise.stderr);
    assert.match(noise.stdout, /^ {2}costNs +3 +20\.00 % /m);
    assert.equal((await check('a2.json', '--baseline', 'a0.json', '--harness')).code, 3);
    const floored = await check('a2.json', '-b', 'a0.json', '--harness', '--noise', 'noise.json');
    assert.notEqual(floored.code, 3, floored.stdout);
    const text = readFileSync(join(cwd, 'noise.json'), 'utf8').replace('node 20', 'node 99');
    writeFileSync(join(cwd, 'elsewhere.json'), text);
    const other = await check('a2.json', '-b', 'a0.json', '--harness', '--noise', 'elsewhere.json');
    assert.equal(other.code, 2);
    assert.match(other.stderr, /the noise was measured on another kind of host/);
    const changed = await callProgram(['noise', 'r.json', 'worse.json'], { cwd });
    assert.equal(changed.code, 1, 'exact figures that differ between equal runs');
    assert.match(changed.stderr, /cannot vary, and did: .*:latencyNsP50/);
  });
});

describe('interdom baseline', () => {
  it('shows what it holds', async () => {
    const cwd = folderWithBaseline();
    const { code, stdout } = await callProgram(['baseline', 'show'], { cwd });
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^results\/baseline\/model-skylake-2017\.json: model\/skylake-2017, suite quick, 3 cells/,
    );
    assert.match(stdout, /^ping-pong +1 +libvchan +1 +0 +\d+$/m);
  });

  it('is brought up to date by cells of a run, says what moved, and keeps the rest', async () => {
    const cwd = folderWithBaseline();
    variant(cwd, 'worse.json', scaled('latencyNsP50', 1.01));
    const file = readJson(join(cwd, 'worse.json'));
    writeFileSync(
      join(cwd, 'one.json'),
      JSON.stringify({ ...file, cells: file.cells.slice(1, 2) }),
    );
    const path = join(cwd, 'results', 'baseline', 'model-skylake-2017.json');
    const lines = readFileSync(path, 'utf8').split('\n');
    const { code, stdout, stderr } = await callProgram(['baseline', 'update', 'one.json'], { cwd });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ {2}regressed {2}latencyNsP50 /m);
    const updated = readFileSync(path, 'utf8').split('\n');
    const changed = updated.filter((line, i) => line !== lines[i]);
    assert.equal(updated.length, lines.length);
    assert.equal(changed.length, 1, changed.join('\n'));
    assert.match(changed[0] ?? '', /^ {2}"latencyNsP50": /);
    assert.equal((await callProgram(['check', 'r.json'], { cwd })).code, 0, 'what got better');
    const pruned = await callProgram(['baseline', 'update', 'one.json', '--prune'], { cwd });
    assert.equal(pruned.code, 0);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).cells.length, 1);
  });

  it('keeps a file for each profile, and check finds the right one', async () => {
    const cwd = folderWithBaseline();
    const profiles = ['--profile', 'skylake-2017,zen4-2023'];
    await callProgram([...RUN, ...profiles, '-o', 'two.json'], { cwd });
    assert.equal((await callProgram(['baseline', 'save', 'two.json'], { cwd })).code, 0);
    assert.deepEqual(readdirSync(join(cwd, 'results', 'baseline')).sort(), [
      'model-skylake-2017.json',
      'model-zen4-2023.json',
    ]);
    assert.equal((await callProgram(['check', 'two.json', '--strict'], { cwd })).code, 0);
    assert.equal((await callProgram(['check', 'r.json', '--strict'], { cwd })).code, 0);
    const single = await callProgram(['baseline', 'save', 'two.json', '-o', 'one.json'], { cwd });
    assert.equal(single.code, 2);
    const folder = join(cwd, 'results', 'baseline');
    cpSync(join(folder, 'model-zen4-2023.json'), join(folder, 'old.json'));
    const double = await callProgram(['check', 'two.json'], { cwd });
    assert.equal(double.code, 2, 'which of them is meant?');
    assert.match(double.stderr, /old\.json are both the baseline of model, zen4-2023/);
    rmSync(join(folder, 'old.json'));
    await callProgram([...RUN, '-p', 'icelake-2021', '-o', 'ice.json'], { cwd });
    const file = join('results', 'baseline', 'model-zen4-2023.json');
    const foreign = await callProgram(['baseline', 'update', 'ice.json', '-b', file], { cwd });
    assert.equal(foreign.code, 2, 'it would be lost');
    assert.match(
      foreign.stderr,
      /is the baseline of model, zen4-2023, and the run has model, icelake/,
    );
    const other = await callProgram(['check', 'ice.json'], { cwd });
    assert.equal(other.code, 5);
    assert.match(
      other.stdout.replace(/\n {2}/g, ' '),
      /the reference has the profile skylake-2017, zen4-2023, the run icelake-2021/,
    );
  });

  it('is not made of a run that is not sound or not complete', async () => {
    const cwd = folderWithBaseline();
    variant(cwd, 'broken.json', (cell) => cell, { complete: false });
    const broken = await callProgram(['baseline', 'save', 'broken.json'], { cwd });
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /the run broken\.json was interrupted/);
    variant(cwd, 'invalid.json', (cell) => ({
      ...cell,
      verdict: 'invalid',
      reason: 'x',
      metrics: {},
    }));
    assert.equal((await callProgram(['baseline', 'save', 'invalid.json'], { cwd })).code, 6);
  });

  for (const [words, message] of [
    [['baseline', 'sav', 'r.json'], /"sav" is not an action[\s\S]*did you mean "save"/],
    [['baseline', 'save'], /baseline save needs to be told the run/],
    [['baseline', 'show', 'r.json'], /r\.json is no baseline/],
    [['baseline', 'save', 'a', 'b'], /"b" is one word too many/],
  ] as const) {
    it(`refuses ${words.join(' ')}`, async () => {
      const cwd = folderWithBaseline();
      const { code, stderr } = await callProgram(words, { cwd });
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});

describe('a run in parts', () => {
  const words = ['run', 'ping-pong', 'stream', '--messages', '200', '--no-harness', '-q'];

  it('gives, merged, the cells that one machine would have written', async () => {
    const cwd = temporaryFolder();
    await callProgram([...words, '-o', 'whole.json'], { cwd });
    for (const [i, shard] of ['1/3', '2/3', '3/3'].entries()) {
      const part = await callProgram([...words, '--shard', shard, '-o', `p${i}.json`], { cwd });
      assert.equal(part.code, 0, part.stderr);
    }
    const merged = await callProgram(['merge', 'p2.json', 'p0.json', 'p1.json', '-o', 'm.json'], {
      cwd,
    });
    assert.equal(merged.code, 0, merged.stderr);
    assert.equal(cellsText(join(cwd, 'm.json')), cellsText(join(cwd, 'whole.json')));
    const { run } = readJson(join(cwd, 'm.json'));
    assert.deepEqual(
      run.parts,
      [2, 0, 1].map((i) => readJson(join(cwd, `p${i}.json`)).run.id),
    );
    assert.deepEqual(run.options, readJson(join(cwd, 'whole.json')).run.options);
    const missing = await callProgram(['merge', 'p2.json', 'p0.json', '-o', 'n.json'], { cwd });
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /1 of 3 shards are missing: 2\/3/);
    assert.ok(!existsSync(join(cwd, 'n.json')));
  });

  it('is fine with shards that have nothing to do', async () => {
    const cwd = temporaryFolder();
    const one = [...RUN, '-t', 'v4v'];
    const codes: (number | null)[] = [];
    for (const i of [1, 2]) {
      const { code } = await callProgram([...one, '--shard', `${i}/2`, '-o', `p${i}.json`], {
        cwd,
      });
      codes.push(code);
    }
    assert.deepEqual(codes, [0, 0]);
    const { code } = await callProgram(['merge', 'p1.json', 'p2.json', '-o', 'm.json'], { cwd });
    assert.equal(code, 0);
    assert.equal(readJson(join(cwd, 'm.json')).cells.length, 1);
  });

  for (const shard of ['0/3', '4/3', '1', 'a/b', '1/3/4']) {
    it(`refuses the shard ${shard}`, async () => {
      const { code, stderr } = await callProgram([...words, '--shard', shard], {
        cwd: temporaryFolder(),
      });
      assert.equal(code, 2);
      assert.match(stderr, /is not a shard\n {2}in --shard\n {2}try: write 2\/5/);
    });
  }
});

describe('interdom history', () => {
  it('keeps runs, finds what changed, and draws it', async () => {
    const cwd = folderWithBaseline();
    const { run } = readJson(join(cwd, 'r.json'));
    for (const [i, factor] of [1, 1, 1.02, 1.02].entries()) {
      variant(cwd, `h${i}.json`, scaled('latencyNsP50', factor), {
        id: `run-${i}`,
        startedAt: `2026-01-0${i + 1}T00:00:00.000Z`,
        commit: `${i}`.repeat(40),
      });
      const { code, stderr } = await callProgram(['history', 'add', `h${i}.json`], { cwd });
      assert.equal(code, 0, stderr);
    }
    assert.notEqual(run.id, 'run-0');
    const twice = await callProgram(['history', 'add', 'h0.json'], { cwd });
    assert.match(twice.stderr, /has the run run-0 already/);
    const path = join(cwd, 'results', 'history.ndjson');
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 5);
    const { stdout } = await callProgram(['history', 'show'], { cwd });
    assert.match(stdout, /^4 runs, \d+ figures, of which 3 changed$/m);
    assert.match(stdout, /latencyNsP50 +4 +1 .* \(\+2 %, worse\) in 111111111111\.\.222222222222/);
    const json = await callProgram(
      ['history', 'show', '--format', 'json', '--cell', '*/v4v/*:latencyNsP50'],
      { cwd },
    );
    const trends = JSON.parse(json.stdout);
    assert.equal(trends.length, 1);
    assert.equal(trends[0].changes[0].index, 2);
    mkdirSync(join(cwd, 'out'));
    const report = await callProgram(['history', 'report', '--out', 'out'], { cwd });
    assert.equal(report.code, 0, report.stderr);
    const page = readFileSync(join(cwd, 'out', 'index.html'), 'utf8');
    assert.match(page, /<svg viewBox/);
    assert.equal(page.match(/<line class="change"/g)?.length, 3);
    assert.match(readFileSync(join(cwd, 'out', 'history.md'), 'utf8'), /\| worse \|/);
    assert.equal(readFileSync(join(cwd, 'out', 'trends-1.png')).toString('latin1', 1, 4), 'PNG');
  });

  it('goes on after a torn line', async () => {
    const cwd = folderWithBaseline();
    variant(cwd, 'h1.json', (cell) => cell, { id: 'run-1' });
    await callProgram(['history', 'add', 'r.json', '--file', 'h'], { cwd });
    const whole = readFileSync(join(cwd, 'h'), 'utf8');
    writeFileSync(join(cwd, 'h'), `${whole}{"cells":{"model`);
    const { code } = await callProgram(['history', 'add', 'h1.json', '--file', 'h'], { cwd });
    assert.equal(code, 0);
    const lines = readFileSync(join(cwd, 'h'), 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 2);
    assert.equal(JSON.parse(lines[1] ?? '').runId, 'run-1');
    variant(cwd, 'h2.json', (cell) => cell, { id: 'run-2' });
    writeFileSync(join(cwd, 'h'), lines.join('\n'));
    await callProgram(['history', 'add', 'h2.json', '--file', 'h'], { cwd });
    const more = readFileSync(join(cwd, 'h'), 'utf8').split('\n');
    assert.deepEqual(more.slice(0, 2), lines, 'an editor took the last line end, and no more');
    assert.equal(JSON.parse(more[2] ?? '').runId, 'run-2');
  });

  it('says so where there is nothing', async () => {
    const { code, stderr } = await callProgram(['history', 'show'], { cwd: temporaryFolder() });
    assert.equal(code, 2);
    assert.match(stderr, /there is no run in the history results\/history\.ndjson/);
  });
});
