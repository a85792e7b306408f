import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { scenarios } from '../scenarios/index.js';
import { allMetrics } from '../src/cli/list/metric-list.js';
import { CLAIMS } from '../src/judge/claims/claims-list.js';
import { NEEDS } from '../src/judge/claims/needs.js';
import { FAILURE, TRAFFIC } from '../src/judge/claims/sides.js';
import { PROGRAM_SCENARIO } from '../src/results/program-scenario.js';
import { callProgram } from './cli/in-process.js';
import { plausibleResults } from './report/plausible-results.js';

const folder = mkdtempSync(join(tmpdir(), 'interdom-claims-'));
after(() => rmSync(folder, { recursive: true }));

describe('the list of claims', () => {
  const tests = CLAIMS.flatMap(({ parts }) => parts.map(({ test }) => test));

  it('has names that tell claims, and the parts of each, apart', () => {
    const ids = CLAIMS.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { id, parts } of CLAIMS) {
      const labels = parts.map(({ label }) => label);
      assert.equal(new Set(labels).size, labels.length, id);
      assert.ok(
        parts.some(({ role }) => role !== 'context'),
        id,
      );
    }
  });

  it('names scenarios and settings that there are', () => {
    const named = [
      ...TRAFFIC,
      ...FAILURE,
      ...tests.flatMap((test) => ('scenarios' in test ? (test.scenarios ?? []) : [])),
      ...NEEDS.flatMap((need) => need.scenarios),
    ];
    for (const name of named) {
      // Measured by a command of its own.
      if (name === PROGRAM_SCENARIO) continue;
      const scenario = scenarios.find((one) => one.name === name);
      assert.ok(scenario !== undefined, name);
    }
    for (const test of tests) {
      if (!('where' in test) || test.where === undefined) continue;
      for (const [setting, values] of Object.entries(test.where)) {
        const [name] = test.scenarios ?? [];
        const known = scenarios.find((one) => one.name === name)?.settings[setting]?.choices;
        if (known !== undefined)
          for (const value of values) assert.ok(known.includes(String(value)));
      }
    }
  });

  it('names metrics that some scenario has', () => {
    const known = new Set(allMetrics().map(({ name }) => name));
    for (const test of tests) {
      if (!('metric' in test) || test.metric.includes(':')) continue;
      assert.ok(known.has(test.metric), test.metric);
    }
  });
});

describe('interdom claims', () => {
  const path = join(folder, 'r.json');
  writeFileSync(path, JSON.stringify(plausibleResults({ profiles: ['skylake-2017'] })));

  it('prints the sheet of a run, and runs nothing', async () => {
    const { code, stdout, stderr } = await callProgram(['claims', path], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Pretty close at equal buffer size /m);
    assert.match(stdout, /interdom run broker-outage/);
  });

  it('shows all of one claim under --only, and refuses one that nobody made', async () => {
    const words = ['claims', path, '--only', 'vmexit-parity'];
    const one = await callProgram(words, { cwd: folder });
    assert.equal(one.code, 0);
    assert.match(one.stdout, /\[vmexit-parity\]/);
    assert.doesNotMatch(one.stdout, /\[broker\]/);
    assert.match(one.stdout, /^\[1\] model\//m);
    const other = await callProgram(['claims', path, '--only', 'nonsense'], { cwd: folder });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /nonsense/);
  });

  it('says with 6 that nothing bears on what was asked', async () => {
    const words = ['claims', path, '--only', 'interposition'];
    const { code, stderr } = await callProgram(words, { cwd: folder });
    assert.equal(code, 6);
    assert.match(stderr, /no cell of these runs bears on a claim/);
  });

  it('writes JSON and Markdown', async () => {
    const json = await callProgram(['claims', path, '--format', 'json'], { cwd: folder });
    assert.equal(JSON.parse(json.stdout).answers.length, CLAIMS.length);
    const md = await callProgram(['claims', path, '-f', 'md'], { cwd: folder });
    assert.match(md.stdout, /^\| \*\*Pretty close at equal buffer size\*\* \|/m);
  });

  it('is listed', async () => {
    const { stdout } = await callProgram(['list', 'claims', '--format', 'json'], { cwd: folder });
    assert.equal(JSON.parse(stdout).length, CLAIMS.length);
  });
});
