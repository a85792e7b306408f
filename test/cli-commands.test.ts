import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { scenarios } from '../scenarios/index.js';
import { COMMANDS } from '../src/cli/commands/index.js';
import { PROFILES } from '../src/profiles/index.js';
import type { ResultsFile } from '../src/results/types.js';
import { transports } from '../transports/index.js';
import { callProgram } from './cli/in-process.js';
import { readJson } from './cli/results-text.js';
import { MAIN, runProgram, startCommand, temporaryFolder } from './cli/spawn-program.js';

const TINY = [
  'run',
  'stream',
  '-t',
  'libvchan',
  '--messages',
  '100',
  '--no-harness',
  '-o',
  'r.json',
];

const measured = temporaryFolder();
before(async () => {
  const { code, stderr } = await callProgram(TINY, { cwd: measured });
  assert.equal(code, 0, stderr);
});

/** A folder of its own with a results file r.json. */
function folderWithRun(): string {
  const cwd = temporaryFolder();
  cpSync(measured, cwd, { recursive: true });
  return cwd;
}

function edited(path: string, edit: (file: ResultsFile) => unknown): string {
  return JSON.stringify(edit(readJson(path)));
}

describe('interdom', () => {
  it('says with --help what commands there are', async () => {
    const { code, stdout, stderr } = await callProgram(['--help'], { cwd: '.' });
    assert.equal(code, 0);
    assert.equal(stderr, '');
    for (const { name, summary } of COMMANDS) {
      assert.match(stdout, new RegExp(`^ {2}interdom ${name} .*${summary.slice(0, 12)}`, 'm'));
    }
    assert.doesNotMatch(stdout, /words/, 'the catch-all is nobody to show');
  });

  it('says in a process of its own what it says in this one', async () => {
    const cwd = folderWithRun();
    for (const words of [
      ['--help'],
      ['compare', 'r.json'],
      ['compare', 'r.json', '--metric', 'nonsense'],
      ['rnu'],
    ]) {
      assert.deepEqual(
        { ...(await runProgram(words, { cwd })), signal: undefined },
        {
          ...(await callProgram(words, { cwd })),
          signal: undefined,
        },
      );
    }
  });

  it('says its version', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    const { code, stdout } = await callProgram(['--version'], { cwd: '.' });
    assert.equal(code, 0);
    assert.equal(stdout, `${version}\n`);
  });

  it('shows how it is used where no command is given, as a mistake', async () => {
    const { code, stdout, stderr } = await callProgram([], { cwd: '.' });
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^interdom <command> \[options\]/);
  });

  for (const command of COMMANDS) {
    it(`says with ${command.name} --help every option, in English everywhere`, async () => {
      const environment = { LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' };
      const { code, stdout } = await callProgram([command.name, '--help'], {
        cwd: '.',
        environment,
      });
      assert.equal(code, 0);
      for (const { name } of command.options) assert.match(stdout, new RegExp(`--${name}\\b`));
      assert.match(stdout, /--help +Show help/);
      assert.doesNotMatch(stdout, /\[array\].*\[default: none\]/);
      const other = await callProgram(['help', command.name], { cwd: '.', environment });
      assert.equal(other.stdout, stdout);
    });
  }

  for (const [what, names] of [
    ['transports', transports.map(({ name }) => name)],
    ['scenarios', scenarios.map(({ name }) => name)],
    ['profiles', PROFILES.map(({ name }) => name)],
    ['testbeds', ['model']],
    ['metrics', ['bytesPerSecond', 'latencyNsP99', 'entriesPerMessage']],
  ] as const) {
    it(`lists ${what}, for people and for programs`, async () => {
      const [table, json] = await Promise.all([
        callProgram(['list', what], { cwd: '.' }),
        callProgram(['list', what, '--format', 'json'], { cwd: '.' }),
      ]);
      assert.equal(table.code, 0, table.stderr);
      const listed = (JSON.parse(json.stdout) as { name: string }[]).map(({ name }) => name);
      for (const name of names) {
        assert.match(table.stdout, new RegExp(`^${name} `, 'm'));
        assert.ok(listed.includes(name));
      }
    });
  }

  it('tells all of one scenario: settings with default, values and meaning, and sweeps', async () => {
    const { stdout } = await callProgram(['list', 'scenarios', 'fan-in'], { cwd: '.' });
    assert.match(stdout, /^senders +10 +a whole number from 1 to 30000 +sending domains$/m);
    assert.match(stdout, /^quick +ringSizeBytes: 4 KiB/m);
  });

  it('tells every price of one profile with its source', async () => {
    const { stdout } = await callProgram(['list', 'profiles', 'ntua-2013'], { cwd: '.' });
    const [profile] = PROFILES.filter(({ name }) => name === 'ntua-2013');
    for (const name of Object.keys(profile?.prices ?? {})) {
      assert.match(stdout, new RegExp(`^${name} `, 'm'));
    }
    assert.match(stdout, /Source: /);
  });

  it('prints a JSON Schema', async () => {
    const { code, stdout } = await callProgram(['schema'], { cwd: '.' });
    assert.equal(code, 0);
    const schema = JSON.parse(stdout) as { $schema: string; properties: Record<string, unknown> };
    assert.match(schema.$schema, /json-schema\.org/);
    assert.deepEqual(Object.keys(schema.properties).sort(), ['cells', 'run', 'schemaVersion']);
  });

  it('examines the machine', async () => {
    const { code, stdout } = await callProgram(['doctor', '--format', 'json'], { cwd: '.' });
    assert.equal(code, 0);
    const { findings } = JSON.parse(stdout) as { findings: { what: string; state: string }[] };
    const state = new Map(findings.map((finding) => [finding.what, finding.state]));
    assert.equal(state.get('Node'), 'ok');
    assert.equal(state.get('testbed model'), 'ok');
    assert.equal(state.get('PNG charts'), 'ok');
    assert.ok(state.has('testbed xen'));
    assert.ok(state.has('browser'));
  });

  it('says in one line how to have what the machine lacks', async () => {
    const cwd = temporaryFolder();
    const environment = { PATH: cwd };
    const { code, stdout } = await callProgram(['doctor'], { cwd, environment });
    assert.equal(code, 0);
    assert.match(stdout, /^missing +browser +/m);
    assert.match(
      stdout,
      /^To have the rest: apt-get install --no-install-recommends .*chromium.*git/m,
    );
    const names = await callProgram(['doctor', '--apt-packages'], { cwd, environment });
    assert.match(names.stdout, /^chromium\n/m);
    assert.match(names.stdout, /^git\n/m);
  });

  it('compares the transports of a run', async () => {
    const cwd = folderWithRun();
    const { code, stdout } = await callProgram(['compare', 'r.json'], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /Message size +libvchan/);
    const json = await callProgram(['compare', 'r.json', '-f', 'json', '-m', 'entriesPerMessage'], {
      cwd,
    });
    assert.ok(JSON.parse(json.stdout));
    const filtered = await callProgram(
      ['compare', 'r.json', '--format', 'csv', '--filter', 'messageSizeBytes=1k'],
      { cwd },
    );
    assert.equal(filtered.stdout.trimEnd().split('\n').length, 2);
  });

  it('compares two runs, and refuses those that cannot be compared with exit code 5', async () => {
    const cwd = folderWithRun();
    const same = await callProgram(['compare', 'r.json', 'r.json'], { cwd });
    assert.equal(same.code, 0, same.stderr);
    const other = edited(join(cwd, 'r.json'), (file) => ({
      ...file,
      cells: file.cells.map((cell) => ({ ...cell, scenarioVersion: cell.scenarioVersion + 1 })),
    }));
    writeFileSync(join(cwd, 'other.json'), other);
    const { code, stdout, stderr } = await callProgram(['compare', 'r.json', 'other.json'], {
      cwd,
    });
    assert.equal(code, 5);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^interdom: not comparable: the scenario stream was of version 1, and is of version 2$/m,
    );
  });

  it('says with exit code 6 that nothing was measured', async () => {
    const cwd = folderWithRun();
    const nothing = edited(join(cwd, 'r.json'), (file) => ({
      ...file,
      cells: file.cells.map((cell) => ({ ...cell, verdict: 'invalid', metrics: {} })),
    }));
    writeFileSync(join(cwd, 'nothing.json'), nothing);
    const { code, stderr } = await callProgram(['compare', 'nothing.json'], { cwd });
    assert.equal(code, 6);
    assert.match(stderr, /nothing was measured/);
    const both = await callProgram(['compare', 'r.json', 'nothing.json'], { cwd });
    assert.equal(both.code, 6);
    assert.match(both.stderr, /nothing was measured: nothing\.json has no valid cell/);
  });

  it('takes runs behind two dashes', async () => {
    const cwd = folderWithRun();
    const plain = await callProgram(['compare', 'r.json', '--cols', 'transport'], { cwd });
    const behind = await callProgram(['compare', '--cols', 'transport', '--', 'r.json'], { cwd });
    assert.equal(behind.code, 0, behind.stderr);
    assert.equal(behind.stdout, plain.stdout);
  });

  it('draws a report where it is told to, and prints its paths', async () => {
    const cwd = folderWithRun();
    const { code, stdout } = await callProgram(['report', 'r.json', '--out', 'here'], { cwd });
    assert.equal(code, 0);
    assert.equal(stdout.split('\n')[0], join('here', 'index.html'));
    const files = readdirSync(join(cwd, 'here'));
    assert.ok(['index.html', 'report.md', 'cells.csv'].every((name) => files.includes(name)));
    const [charts = '', ...paths] = stdout.trimEnd().split('\n').reverse();
    for (const path of paths) assert.ok(existsSync(join(cwd, path)), path);
    const pictures = files.filter((name) => name.endsWith('.png')).length;
    assert.match(charts, new RegExp(`^here/: ${pictures} charts?, each as PNG and SVG$`));
  });

  it('completes commands, options, values, lists and scenarios', async () => {
    const complete = async (...words: string[]): Promise<string[]> => {
      const { stdout } = await callProgram(['--complete', ...words], { cwd: '.' });
      return stdout.split('\n').filter((line) => line !== '');
    };
    assert.deepEqual(await complete('comp'), ['compare', 'completion']);
    assert.deepEqual(await complete('run', '--ring'), ['--ring-size']);
    assert.deepEqual(await complete('run', '-t', 'libv'), ['libvchan']);
    assert.deepEqual(await complete('run', '--profile=zen'), ['--profile=zen4-2023']);
    assert.deepEqual(await complete('run', 'stream,ping'), ['stream,ping-pong']);
    assert.deepEqual(await complete('list', 'me'), ['metrics']);
    assert.deepEqual(await complete('run', '--output', 'x'), [], 'files are left to the shell');
  });

  it('completes in bash', async () => {
    const script = `interdom() { "${process.execPath}" "${MAIN}" "$@"; }
      source <(interdom completion bash)
      COMP_WORDS=(interdom run --transport lib); COMP_CWORD=3; _interdom; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(interdom run --output pack); COMP_CWORD=3; _interdom; echo "\${COMPREPLY[@]}"`;
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'pack.json'), '{}');
    const { stdout, stderr } = await startCommand('bash', ['-c', script], { cwd }).ended;
    assert.equal(stdout, 'libvchan\npack.json\n', stderr);
  });

  for (const [way, words, environment] of [
    ['--verbose', ['--verbose'], {}],
    ['INTERDOM_DEBUG', [], { INTERDOM_DEBUG: '1' }],
  ] as const) {
    it(`shows with ${way} where an error came from`, async () => {
      const cwd = temporaryFolder();
      const called = ['report', 'missing.json', ...words];
      const { code, stderr } = await callProgram(called, { cwd, environment });
      assert.equal(code, 2);
      assert.match(stderr, /^interdom: cannot read missing\.json/);
      assert.match(stderr, /^ +at .*\.js:\d+/m);
    });
  }
});
