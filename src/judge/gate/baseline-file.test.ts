import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/errors.js';
import { sampleCell, sampleResults } from '../../results/sample-results.js';
import type { ResultsFile } from '../../results/types.js';
import { AppliedPolicy } from './applied-policy.js';
import {
  type Baseline,
  baselineFileName,
  baselinesOf,
  baselineText,
  sideOfBaselines,
} from './baseline-file.js';
import { checkBaseline, parseJsonFile } from './baseline-schema.js';
import { judgeRun } from './judge-run.js';
import { lineIndex } from './line-index.js';
import { NO_POLICY } from './policy.js';
import { sideOfResults } from './side.js';

const results: ResultsFile = {
  ...sampleResults(3),
  cells: [
    ...sampleResults(3).cells,
    sampleCell({ seed: 9 }, { verdict: 'skipped', reason: 'too "large"', metrics: {} }),
    sampleCell({ seed: 1, note: 'a/b:c,d' }),
  ],
};

function baselineOf(file: ResultsFile, withHarness = false): Baseline {
  const [baseline, ...more] = baselinesOf(sideOfResults('r.json', file, withHarness), 'quick');
  assert.ok(baseline);
  assert.deepEqual(more, []);
  return baseline;
}

const text = (baseline: Baseline): string => [...baselineText(baseline)].join('');
const reread = (written: string): Baseline => checkBaseline(parseJsonFile(written, 'b'), 'b');

describe('a baseline', () => {
  const baseline = baselineOf(results);

  it('comes back from its file as it was', () => {
    const read = reread(text(baseline));
    assert.deepEqual(read, JSON.parse(JSON.stringify(baseline)));
    assert.equal(text(read), text(baseline));
    assert.deepEqual(reread(`\ufeff${text(baseline)}`), read, 'as some editors save it');
  });

  it('is made again to the same bytes from what was read', () => {
    const side = sideOfBaselines('b.json', [reread(text(baselineOf(results, true)))], true);
    const [again] = baselinesOf(side, 'quick');
    assert.ok(again);
    assert.equal(text(again), text(baselineOf(results, true)));
  });

  it('judges the run that it was made of as fine, strictly', async () => {
    const judgement = await judgeRun(
      sideOfBaselines('b.json', [baseline], false),
      sideOfResults('r.json', results, false),
      {
        policy: new AppliedPolicy(NO_POLICY, '2026-06-30'),
        strict: true,
        partial: false,
        noiseFloors: new Map(),
        everyEntryMatches: true,
      },
    );
    assert.equal(judgement.verdict, 'ok', JSON.stringify(judgement.findings));
    assert.equal(judgement.comparedCells, 4);
  });

  it('differs in one line where one figure does', () => {
    const cells = results.cells.map((cell, i) => {
      const old = cell.metrics['hypercallsPerMessage'];
      return i !== 1 || old === undefined
        ? cell
        : { ...cell, metrics: { ...cell.metrics, hypercallsPerMessage: { ...old, value: 2 } } };
    });
    const before = text(baseline).split('\n');
    const after = text(baselineOf({ ...results, cells })).split('\n');
    const changed = after.filter((line, i) => line !== before[i]);
    assert.equal(after.length, before.length);
    assert.deepEqual(changed, ['  "hypercallsPerMessage": 2},']);
  });

  it('is small: no histograms, no sources, no zeros', () => {
    const written = text(baseline);
    assert.doesNotMatch(written, /HISTF|invented|"idle"/);
    assert.ok(written.length < JSON.stringify(results.cells).length);
  });

  it('keeps the harness only where that is wanted', () => {
    assert.equal(baseline.harness, undefined);
    assert.match(baselineOf(results, true).harness?.hostClass ?? '', /^Sample CPU/);
  });

  it('says on which kind of host its cells were sampled, and is compared with no other', async () => {
    const [cell] = results.cells;
    assert.ok(cell);
    const value = { value: 5, unit: 'ns', better: 'lower', assume: 'nothing' } as const;
    const metrics = { latencyNsP50: { ...value, samples: [5, 5, 5, 5, 5, 5, 5, 5] } };
    const live: ResultsFile = { ...results, cells: [{ ...cell, metrics }] };
    const read = reread(text(baselineOf(live)));
    assert.match(read.hostClass ?? '', /^Sample CPU/);
    assert.equal(baseline.hostClass, undefined, 'exact figures have no host');
    const judge = async (file: ResultsFile) =>
      judgeRun(sideOfBaselines('b', [read], false), sideOfResults('r', file, false), {
        policy: new AppliedPolicy(NO_POLICY, '2026-01-01'),
        strict: true,
        partial: false,
        noiseFloors: new Map(),
        everyEntryMatches: true,
      });
    assert.equal((await judge(live)).verdict, 'ok');
    const host = { ...live.run.host, cpu: 'Other CPU' };
    const elsewhere = await judge({ ...live, run: { ...live.run, host } });
    assert.equal(elsewhere.verdict, 'not-comparable');
  });

  it('has a name that says testbed and profile', () => {
    assert.equal(baselineFileName(baseline), 'model-sample.json');
    assert.equal(baselineFileName({ testbed: 'a/b', profile: '../x' }), 'a-b-..-x.json');
  });

  it('says on which line a cell and a figure stand', () => {
    const written = text(baseline);
    const lines = written.split('\n');
    const index = lineIndex(written);
    for (const { id, metrics } of baseline.cells) {
      const cellLine = index.lineOf(id, undefined);
      assert.match(lines[(cellLine ?? 0) - 1] ?? '', /^\{"id": /);
      for (const name of Object.keys(metrics ?? {})) {
        const line = index.lineOf(id, name) ?? 0;
        assert.ok(line > (cellLine ?? 0));
        assert.match(lines[line - 1] ?? '', new RegExp(`^ {2}"${name}": `));
      }
      assert.equal(index.lineOf(id, 'outcome.delivered'), cellLine, 'the cell, for all else');
    }
    assert.equal(index.lineOf('nobody', undefined), undefined);
  });

  for (const [what, edit, message] of [
    ['a missing field', (b: Record<string, unknown>) => delete b['cells'], /cells/],
    [
      'text for a figure',
      (b: Record<string, unknown>) => {
        (b['cells'] as { metrics: Record<string, unknown> }[])[0]!.metrics['x'] = 'y';
      },
      /metrics\.x/,
    ],
    [
      'a cell that stands there twice',
      (b: Record<string, unknown>) => (b['cells'] as unknown[]).push((b['cells'] as unknown[])[0]),
      /stands there twice/,
    ],
  ] as const) {
    it(`is refused with ${what}`, () => {
      const document = JSON.parse(text(baseline)) as Record<string, unknown>;
      edit(document);
      assert.throws(
        () => checkBaseline(document, 'b.json'),
        (error) => error instanceof UserError && message.test(error.message),
      );
    });
  }

  it('is refused with line and column where it is not JSON', () => {
    assert.throws(
      () => parseJsonFile('{\n "a": 1,\n}', 'b.json'),
      (error) => error instanceof UserError && error.where === 'b.json, line 3, column 1',
    );
  });
});
