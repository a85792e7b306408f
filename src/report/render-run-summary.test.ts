import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plausibleResults } from '../../test/report/plausible-results.js';
import { renderRunSummary } from './render-run-summary.js';

const results = plausibleResults({ ringSizes: [4096, 16_384, 65_536], messageSizes: [64, 16_384] });

test('it has sizes, workloads, costs, verdict counts and reasons, and fits the terminal', () => {
  for (const width of [80, 120, 200]) {
    const text = renderRunSummary(results, { width, colour: false });
    for (const line of text.split('\n')) {
      assert.ok([...line].length <= width || line.includes('first:'), `${width}: ${line}`);
    }
    assert.match(text, /at equal effective ring size/);
    assert.match(text, /^16 KiB +4\.76 GiB\/s \*/m);
    assert.match(text, /Every workload at its reference size/);
    assert.match(text, /What a message costs/);
    assert.match(text, /\d+ cells: \d+ valid, \d+ skipped, 2 invalid\./);
    assert.match(text, /2 invalid, v2v: messages out of order at 812\n +first: model\//);
  }
});

test('it names what it does not show', () => {
  const text = renderRunSummary(results, { width: 120, colour: false });
  assert.match(
    text,
    /^Shown: model, skylake-2017, pvh, own, persistent \(also in the results: profile zen4-2023/,
  );
});

test('a run without any figure still says what became of its cells', () => {
  const cells = results.cells.map(({ metrics: _, ...cell }) => ({
    ...cell,
    metrics: {},
    verdict: 'unknown' as const,
    reason: 'lost\u001b[31m',
  }));
  const text = renderRunSummary({ ...results, cells }, { width: 80, colour: false });
  assert.match(text, /cells: \d+ unknown\./);
  assert.ok(!text.includes('\u001b'));
});

test('an interrupted run says so', () => {
  const run = { ...results.run, complete: false };
  assert.match(renderRunSummary({ ...results, run }, { width: 80, colour: false }), /interrupted/);
});
