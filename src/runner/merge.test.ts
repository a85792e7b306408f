import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MADE_UP, madeUpRequest } from '../../test/runner/made-up-catalogue.js';
import { UserError } from '../base/errors.js';
import { sampleCell, sampleResults } from '../results/sample-results.js';
import { parseResults } from '../results/schema.js';
import { resultsText } from '../results/store.js';
import type { Cell, ResultsFile, RunDescription } from '../results/types.js';
import { mergeRuns, type Part } from './merge.js';
import { planCells } from './plan.js';
import { shardPlan } from './shard.js';
import { invalidCell } from './unmeasured-cell.js';

const OPTIONS = { command: 'interdom merge a.json b.json', partial: false };
const plan = planCells(madeUpRequest({ seeds: 7 }), MADE_UP);

function file(cells: readonly Cell[], run: Partial<RunDescription> = {}): ResultsFile {
  const results = sampleResults(0);
  return { ...results, run: { ...results.run, ...run }, cells };
}

function shards(of: number): Part[] {
  return Array.from({ length: of }, (_, i) => {
    const { cells, record } = shardPlan(plan, { index: i + 1, of });
    const results = file(
      cells.map((planned) => invalidCell(planned, 'made up')),
      { shard: record, id: `run-${i + 1}`, startedAt: `2026-01-31T12:00:0${9 - i}Z` },
    );
    return { name: `part${i + 1}.json`, results };
  });
}

const refuses = (parts: readonly Part[], message: RegExp, where?: string): void => {
  assert.throws(
    () => mergeRuns(parts, OPTIONS),
    (error) =>
      error instanceof UserError &&
      message.test(error.message) &&
      (where === undefined || error.where === where),
  );
};

describe('merging shards', () => {
  it('gives exactly the cells that one machine would have written, in any order of the parts', () => {
    const whole = plan.map((planned) => invalidCell(planned, 'made up'));
    for (const of of [2, 3, 5]) {
      const merged = mergeRuns(shards(of).reverse(), OPTIONS);
      assert.deepEqual(merged.cells, whole);
      assert.equal(merged.run.complete, true);
      assert.deepEqual(merged.run.parts?.length, of);
    }
  });

  it('gives a results file that can be read', () => {
    const merged = mergeRuns(shards(3), OPTIONS);
    const text = [...resultsText(merged)].join('');
    assert.deepEqual(parseResults(text, 'm.json').cells.length, plan.length);
    assert.equal(merged.run.startedAt, '2026-01-31T12:00:07Z');
    assert.equal(merged.run.command, OPTIONS.command);
    assert.equal(merged.run.shard, undefined);
    assert.equal(merged.run.harness, undefined);
  });

  it('wants all of them, unless it is told otherwise', () => {
    const [first, , third] = shards(3) as [Part, Part, Part];
    refuses([first, third], /^1 of 3 shards are missing: 2\/3$/);
    const merged = mergeRuns([first, third], { ...OPTIONS, partial: true });
    assert.equal(merged.run.complete, false);
    assert.equal(merged.cells.length, first.results.cells.length + third.results.cells.length);
  });

  it('refuses shards of another plan, and what is no shard', () => {
    const [first] = shards(3) as [Part];
    const [, other] = shards(2) as [Part, Part];
    const free = other.results.cells.filter(
      ({ id }) => !first.results.cells.some((cell) => cell.id === id),
    );
    const strange = { name: 'other.json', results: { ...other.results, cells: free } };
    refuses([first, strange], /is a shard of another plan/, 'other.json');
    const whole = { name: 'whole.json', results: file([sampleCell({ seed: 77 })]) };
    refuses([first, whole], /is no shard, and others are/, 'whole.json');
  });

  it('refuses a shard whose places do not fit its cells', () => {
    const [first, second] = shards(2) as [Part, Part];
    for (const positions of ['0', 'x', '0-99999999']) {
      const shard = {
        ...(second.results.run.shard as NonNullable<RunDescription['shard']>),
        positions,
      };
      const run = { ...second.results.run, shard };
      refuses(
        [first, { name: 'p.json', results: { ...second.results, run } }],
        /its shard says that its cells are/,
        'p.json',
      );
    }
  });
});

describe('merging runs', () => {
  const a: Part = { name: 'a.json', results: file([sampleCell({ seed: 1 })], { id: 'A' }) };
  const b: Part = { name: 'b.json', results: file([sampleCell({ seed: 2 })], { id: 'B' }) };
  const withRun = (run: Partial<RunDescription>): Part => ({
    name: 'b.json',
    results: { ...b.results, run: { ...b.results.run, ...run } },
  });

  it('puts one after the other, and lists the parts', () => {
    const merged = mergeRuns([a, b], OPTIONS);
    assert.deepEqual(merged.cells, [...a.results.cells, ...b.results.cells]);
    assert.deepEqual(merged.run.parts, ['A', 'B']);
    const more = mergeRuns(
      [
        { name: 'm.json', results: merged },
        { name: 'c.json', results: file([sampleCell({ seed: 3 })], { id: 'C' }) },
      ],
      OPTIONS,
    );
    assert.deepEqual(more.run.parts, ['A', 'B', 'C']);
  });

  it('refuses the same cell twice', () => {
    refuses([a, a], /^the cell .*seed=1 stands in a\.json and in a\.json$/);
  });

  it('refuses what comes from another program', () => {
    refuses(
      [a, withRun({ commit: 'ffff' })],
      /its commit is ffff, and that of .* is 0123abcd/,
      'b.json',
    );
    refuses([a, withRun({ version: '9' })], /version/, 'b.json');
  });

  it('refuses two different profiles of one name', () => {
    const profile = b.results.run.profiles['sample'];
    assert.ok(profile);
    refuses(
      [a, withRun({ profiles: { sample: { ...profile, clockHz: 3e9 } } })],
      /the profile sample is not the same in a\.json and b\.json/,
      'b.json',
    );
    // Nor where the first part does not have it.
    const other = (clockHz: number, name: string, seed: number): Part => ({
      name,
      results: file([sampleCell({ seed })], {
        id: name,
        profiles: { other: { ...profile, clockHz } },
      }),
    });
    refuses(
      [a, other(2e9, 'c.json', 3), other(3e9, 'd.json', 4)],
      /the profile other is not the same in c\.json and d\.json/,
      'd.json',
    );
  });

  it('refuses a part that was interrupted', () => {
    refuses([a, withRun({ complete: false })], /the run b\.json was interrupted/, 'b.json');
  });

  it('refuses to put wall-clock figures of two kinds of host into one table', () => {
    const sampled = sampleCell(
      { seed: 2 },
      {
        metrics: { t: { value: 1, unit: 'ns', better: 'lower', assume: 'nothing', samples: [1] } },
      },
    );
    const host = { ...b.results.run.host, cpu: 'Other' };
    const other = { name: 'b.json', results: file([sampled], { host }) };
    const here = {
      name: 'a.json',
      results: file([sampleCell({ seed: 1 }, { metrics: sampled.metrics })]),
    };
    refuses([here, other], /was sampled on Sample CPU.*and b\.json on Other/, 'b.json');
    const merged = mergeRuns(
      [a, { name: 'b.json', results: { ...b.results, run: { ...b.results.run, host } } }],
      OPTIONS,
    );
    assert.match(
      merged.run.host.cpu,
      /^several: Sample CPU.*; Other/,
      'exact figures may come from anywhere',
    );
  });

  it('refuses one part alone', () => {
    refuses([a], /nothing to merge/);
  });
});
