import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ProgramCopy } from './cli/program-copy.js';
import { readJson } from './cli/results-text.js';
import { temporaryFolder } from './cli/spawn-program.js';

describe('a copy of the program, which stays the same while it is tested', () => {
  const program = new ProgramCopy(temporaryFolder());

  it('takes more samples of the harness before it calls a figure inconclusive', async () => {
    const cwd = temporaryFolder();
    const run = await program.run(['run', 'ping-pong', '--messages=50', '-q', '-o', 'r.json'], cwd);
    assert.equal(run.code, 0, run.stderr);
    const results = readJson(join(cwd, 'r.json'));
    const { harness } = results.run;
    assert.ok(harness);
    // A reference that nobody can decide against, however many samples are taken.
    const torn = Object.entries(harness).map(([name, metric]) => {
      const samples = [0.2, 5, 0.2, 5, 0.2, 5, 0.2, 5].map((factor) => metric.value * factor);
      return [name, { ...metric, samples }];
    });
    const reference = { ...results, run: { ...results.run, harness: Object.fromEntries(torn) } };
    writeFileSync(join(cwd, 'torn.json'), JSON.stringify(reference));
    const words = ['check', 'r.json', '--baseline', 'torn.json', '--harness', '--format', 'json'];
    const spent = await program.run([...words, '--sample-budget', '0'], cwd);
    const more = await program.run([...words, '--sample-budget', '1'], cwd);
    for (const { code, stderr } of [spent, more]) assert.equal(code, 4, stderr);
    // Not how many there are: on a busy machine neighbours resemble each other, and are judged in batches.
    const messages = (text: string): readonly string[] =>
      JSON.parse(text).findings.map(({ message }: { message: string }) => message);
    assert.ok(messages(spent.stdout).length > 0);
    for (const message of messages(spent.stdout)) {
      assert.ok(!messages(more.stdout).includes(message), 'further samples were taken');
    }
    // Of another program's run no more can be had here.
    const other = { ...results, run: { ...results.run, commit: 'another' } };
    writeFileSync(join(cwd, 'other.json'), JSON.stringify(other));
    const without = await program.run(['check', 'other.json', ...words.slice(2)], cwd);
    assert.match(
      without.stderr,
      /^interdom: no further samples are taken: another program than this one measured the run$/m,
    );
    assert.match(
      more.stderr,
      /^interdom: taking further samples of \d+ undecided figures, for 1 s/m,
    );
    assert.deepEqual(messages(without.stdout), messages(spent.stdout));
  });

  it('measures the noise of the harness in processes of their own', async () => {
    const cwd = temporaryFolder();
    const noise = await program.run(['noise', '--runs', '2', '--output', 'noise.json'], cwd);
    assert.equal(noise.code, 0, noise.stderr);
    assert.match(noise.stdout, /^ {2}simulatedMessagesPerSecond +2 +[\d.]+ % /m);
    const { hostClass, figures } = JSON.parse(readFileSync(join(cwd, 'noise.json'), 'utf8'));
    assert.match(hostClass, / x\d+, /);
    for (const { floor, medians } of figures) {
      assert.equal(medians.length, 2);
      assert.ok(floor >= 0 && floor < 10);
    }
  });
});
