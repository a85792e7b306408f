import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { callProgram } from './cli/in-process.js';
import { type Ended, MAIN, startCommand, temporaryFolder } from './cli/spawn-program.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
/** Fewer cells and messages than a workflow would have: what is tried here are the commands. */
const FEW = { INTERDOM_MESSAGES: '40', INTERDOM_TRANSPORT: 'libvchan', INTERDOM_JOBS: '1' };

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly 'runs-on': string;
  readonly needs?: string;
  readonly if?: string;
  readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } };
  readonly steps: readonly Step[];
}

const readYaml = (name: string): unknown => parse(readFileSync(join(EXAMPLES, name), 'utf8'));

/** A whole run, from which the baseline of each checkout is made. */
const base = join(temporaryFolder(), 'base.json');
before(async () => {
  const words = ['run', '--suite', 'quick', '--no-harness', '--quiet', '--output', base];
  const { code, stderr } = await callProgram(words, { cwd: '.', environment: FEW });
  assert.equal(code, 0, stderr);
});

/** A folder in which `npx interdom` is the program under test, with a baseline. */
class Checkout {
  readonly cwd = temporaryFolder();
  private readonly bin = join(this.cwd, '.bin');

  async prepare(): Promise<void> {
    mkdirSync(this.bin);
    const npx = join(this.bin, 'npx');
    writeFileSync(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    chmodSync(npx, 0o755);
    const saved = await callProgram(['baseline', 'save', base], { cwd: this.cwd });
    assert.equal(saved.code, 0, saved.stderr);
  }

  /** Carries out the commands of a step, as a CI system would. */
  script(text: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const path = `${this.bin}:${process.env['PATH'] ?? ''}`;
    return startCommand('bash', ['-e', '-c', text], {
      cwd: this.cwd,
      environment: { ...FEW, PATH: path, ...environment },
    }).ended;
  }

  /** Makes one figure of the baseline better than it can be. */
  spoilBaseline(): void {
    const path = join(this.cwd, 'results', 'baseline', 'model-skylake-2017.json');
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(/"latencyNsP50": ([\d.]+)/, '"latencyNsP50": 1');
    assert.notEqual(changed, text);
    writeFileSync(path, changed);
  }
}

describe('the example of a GitHub Actions workflow', () => {
  const workflow = readYaml('github-actions.yml') as {
    readonly on: Readonly<Record<string, unknown>>;
    readonly jobs: Readonly<Record<string, Job>>;
  };
  const { measure, gate, history } = workflow.jobs;

  it('has jobs that need only jobs that there are, and steps that do one thing each', () => {
    assert.ok('pull_request' in workflow.on);
    for (const [name, job] of Object.entries(workflow.jobs)) {
      assert.equal(job['runs-on'], 'ubuntu-latest');
      if (job.needs !== undefined)
        assert.ok(job.needs in workflow.jobs, `${name} needs ${job.needs}`);
      for (const step of job.steps) {
        assert.equal((step.run === undefined) !== (step.uses === undefined), true, step.name);
        if (step.uses !== undefined) assert.match(step.uses, /^[\w-]+\/[\w/-]+@v\d+$/);
      }
    }
  });

  it('judges also where a part failed: a job that is skipped counts as passed', () => {
    assert.equal(gate?.needs, 'measure');
    assert.match(gate.if ?? '', /^\$\{\{ !cancelled\(\) \}\}$/);
    const upload = measure?.steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact'));
    assert.equal(upload?.if, 'always()');
  });

  describe('carried out', () => {
    const checkout = new Checkout();
    before(() => checkout.prepare());
    const commands = (job: Job | undefined): readonly Step[] =>
      (job?.steps ?? []).filter(({ run }) => run !== undefined && run !== 'npm ci');
    const summary = join(checkout.cwd, 'summary.md');

    it('measures in parts, merges them and finds nothing', async () => {
      for (const shard of measure?.strategy?.matrix.shard ?? []) {
        for (const { run } of commands(measure)) {
          const text = (run ?? '').replace(/\$\{\{ matrix\.shard \}\}/g, String(shard));
          const { code, stderr } = await checkout.script(text);
          assert.equal(code, 0, stderr);
        }
      }
      writeFileSync(summary, '');
      for (const step of commands(gate).filter((one) => one.if === undefined)) {
        const { code, stdout, stderr } = await checkout.script(step.run ?? '', {
          GITHUB_STEP_SUMMARY: summary,
        });
        assert.equal(code, 0, `${step.name}: ${stdout}${stderr}`);
      }
      assert.match(readFileSync(summary, 'utf8'), /^## interdom check: ok\n/);
      assert.equal(
        JSON.parse(readFileSync(join(checkout.cwd, 'interdom.sarif'), 'utf8')).version,
        '2.1.0',
      );
      assert.match(
        readFileSync(join(checkout.cwd, 'junit.xml'), 'utf8'),
        /failures="0" errors="0"/,
      );
    });

    it('fails where a part is missing', async () => {
      const part = join(checkout.cwd, 'part-2.json');
      renameSync(part, `${part}.away`);
      const [merge] = commands(gate);
      const { code, stderr } = await checkout.script(merge?.run ?? '');
      assert.equal(code, 2);
      assert.match(stderr, /1 of 3 shards are missing: 2\/3/);
      renameSync(`${part}.away`, part);
    });

    it('follows the figures on the main branch', async () => {
      for (const { run } of commands(history)) {
        const { code, stdout, stderr } = await checkout.script(run ?? '');
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^1 run, \d+ figures, of which 0 changed$/m);
      }
    });

    it('fails where a figure became worse, and prepares the new baseline', async () => {
      checkout.spoilBaseline();
      const [, judge, update] = commands(gate);
      const judged = await checkout.script(judge?.run ?? '', { GITHUB_STEP_SUMMARY: summary });
      assert.equal(judged.code, 3, judged.stderr);
      assert.match(
        judged.stdout,
        /^::error file=results\/baseline\/model-skylake-2017\.json,line=\d+,/m,
      );
      const updated = await checkout.script(update?.run ?? '');
      assert.equal(updated.code, 0, updated.stderr);
      const again = await checkout.script(judge?.run ?? '', { GITHUB_STEP_SUMMARY: summary });
      assert.equal(again.code, 0, again.stdout);
    });
  });
});

describe('the example of a GitLab pipeline', () => {
  interface GitlabJob {
    readonly stage: string;
    readonly parallel?: number;
    readonly script: readonly string[];
    readonly allow_failure?: { readonly exit_codes: readonly number[] };
  }
  const pipeline = readYaml('gitlab-ci.yml') as Record<string, unknown>;
  const measure = pipeline['measure'] as GitlabJob;
  const gate = pipeline['gate'] as GitlabJob;
  const checkout = new Checkout();
  before(() => checkout.prepare());

  it('has its jobs in stages that there are', () => {
    for (const { stage } of [measure, gate]) {
      assert.ok((pipeline['stages'] as string[]).includes(stage));
    }
    assert.deepEqual(gate.allow_failure?.exit_codes, [4], 'only "inconclusive" may pass');
  });

  it('carried out, measures in parts, merges and judges them', async () => {
    const total = String(measure.parallel);
    for (let index = 1; index <= Number(total); index++) {
      const { code, stderr } = await checkout.script(measure.script.join('\n'), {
        CI_NODE_INDEX: String(index),
        CI_NODE_TOTAL: total,
      });
      assert.equal(code, 0, stderr);
    }
    const fine = await checkout.script(gate.script.join('\n'));
    assert.equal(fine.code, 0, fine.stdout + fine.stderr);
    checkout.spoilBaseline();
    const worse = await checkout.script(gate.script.join('\n'));
    assert.equal(worse.code, 3);
    assert.match(
      readFileSync(join(checkout.cwd, 'gate.md'), 'utf8'),
      /^## interdom check: regressed\n/,
    );
  });
});

describe('the example of a configuration', () => {
  it('is one: every entry of its policy matches something', async () => {
    const cwd = temporaryFolder();
    const text = readFileSync(join(EXAMPLES, 'interdom.config.json'), 'utf8');
    writeFileSync(join(cwd, 'interdom.config.json'), text);
    for (const words of [
      ['run', '--no-harness', '--quiet', '--output', 'r.json'],
      ['baseline', 'save', 'r.json'],
      ['check', 'r.json'],
    ]) {
      const { code, stderr } = await callProgram(words, { cwd, environment: FEW });
      assert.equal(code, 0, stderr);
    }
  });
});
