import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Cell } from '../src/results/types.js';
import { callProgram, type Said } from './cli/in-process.js';
import { readJson } from './cli/results-text.js';
import { temporaryFolder } from './cli/spawn-program.js';

describe('the gate, on cells that the testbed live has sampled', () => {
  const cwd = temporaryFolder();
  const program = (...words: string[]): Promise<Said> => callProgram(words, { cwd });
  const figure = 'latencyNsP50';

  /** A reference whose samples are those of the run, changed. */
  function reference(
    name: string,
    change: (samples: readonly number[]) => readonly number[],
  ): void {
    const file = readJson(join(cwd, 'r.json'));
    const cells = file.cells.map((cell): Cell => {
      const old = cell.metrics[figure];
      assert.ok(old?.samples);
      return { ...cell, metrics: { [figure]: { ...old, samples: change(old.samples) } } };
    });
    writeFileSync(join(cwd, name), JSON.stringify({ ...file, cells }));
  }

  before(async () => {
    const words =
      'run ping-pong --testbed live -t libvchan,v4v --message-size 64 --messages 50 --no-harness -q';
    const { code, stderr } = await program(...words.split(' '), '-o', 'r.json');
    assert.equal(code, 0, stderr);
  });

  it('carries undecided cells out again for more samples, as long as the budget lasts', async () => {
    reference('torn.json', (samples) => samples.map((one, i) => one * (i % 2 === 0 ? 0.1 : 10)));
    const words = ['check', 'r.json', '-b', 'torn.json', '--only', `*:${figure}`, '-f', 'json'];
    const spent = await program(...words, '--sample-budget', '0');
    assert.match(spent.stderr, /no further samples are taken: --sample-budget is 0/);
    const more = await program(...words, '--sample-budget', '15');
    assert.match(more.stderr, /taking further samples of 2 undecided figures, for 15 s at most/);
    // How many samples make a batch depends on how much they resemble each other: the messages count batches.
    const medians = (said: Said): readonly string[] =>
      JSON.parse(said.stdout).findings.map(({ message }: { message: string }) => message);
    assert.equal(medians(spent).length, 2);
    assert.notDeepEqual(medians(more), medians(spent), 'nothing was added to the samples');
  });

  it('compares nothing with what another kind of host has sampled', async () => {
    const file = readJson(join(cwd, 'r.json'));
    const run = { ...file.run, host: { ...file.run.host, cpu: 'Other' } };
    writeFileSync(join(cwd, 'other.json'), JSON.stringify({ ...file, run }));
    const { code, stdout } = await program('check', 'r.json', '-b', 'other.json');
    assert.equal(code, 5, stdout);
    assert.match(stdout, /it was sampled on another host: Other x/);
  });
});
