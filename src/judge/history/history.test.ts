import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/errors.js';
import { Prng } from '../../base/prng.js';
import { sampleResults } from '../../results/sample-results.js';
import type { ResultsFile } from '../../results/types.js';
import { type HistoryEntry, historyEntry, MAIN_METRICS } from './history-entry.js';
import { historyLine, parseHistory } from './history-text.js';
import { commitRange, directionOf, trendsOf } from './trend.js';

function entry(
  number: number,
  values: { exact?: number; sampled?: number; host?: string },
): HistoryEntry {
  return {
    historyVersion: 1,
    runId: `run-${number}`,
    startedAt: `2026-01-${String(number + 1).padStart(2, '0')}T00:00:00.000Z`,
    commit: `commit${number}`,
    version: '0.1.0',
    hostClass: values.host ?? 'host A',
    metrics: {
      latencyNsP50: { unit: 'ns', better: 'lower' },
      speed: { unit: '1/s', better: 'higher' },
    },
    cells: {
      ...(values.exact === undefined
        ? {}
        : { 'model/p/v4v/x/seed=1': { latencyNsP50: values.exact } }),
      ...(values.sampled === undefined ? {} : { harness: { speed: { sampled: values.sampled } } }),
    },
  };
}

const all = (): boolean => true;

describe('the history of a run', () => {
  const results: ResultsFile = sampleResults(2);

  it('keeps the main figures of valid cells, the harness, and where they come from', () => {
    const kept = historyEntry(results, MAIN_METRICS);
    assert.equal(kept.runId, results.run.id);
    assert.equal(kept.commit, '0123abcd');
    const [first] = Object.values(kept.cells);
    assert.deepEqual(first, { bytesPerSecond: 1_234_567_890.5, hypercallsPerMessage: 1.0625 });
    assert.deepEqual(kept.cells['harness'], { simulatedMessagesPerSecond: { sampled: 1_100_000 } });
    assert.deepEqual(kept.metrics['bytesPerSecond'], { unit: 'B/s', better: 'higher' });
  });

  it('comes back from its line as it was', () => {
    const kept = historyEntry(results, undefined);
    const line = historyLine(kept);
    assert.equal(line.split('\n').length, 2);
    const { entries, soundBytes } = parseHistory(line + line, 'h');
    assert.deepEqual(entries, [kept, kept]);
    assert.equal(soundBytes, Buffer.byteLength(line) * 2);
  });

  it('is read up to the last whole line, wherever it was cut off', () => {
    const line = historyLine(historyEntry(results, undefined));
    const text = line + line;
    for (const cut of [line.length + 1, line.length + 100, text.length - 2]) {
      const { entries, soundBytes } = parseHistory(text.slice(0, cut), 'h');
      assert.equal(entries.length, 1);
      assert.equal(soundBytes, Buffer.byteLength(line));
    }
    // Only its line end is gone: nothing of the entry is.
    const { entries, soundBytes, isOpen } = parseHistory(text.slice(0, -1), 'h');
    assert.deepEqual([entries.length, soundBytes, isOpen], [2, Buffer.byteLength(text) - 1, true]);
  });

  for (const [what, line, message] of [
    ['no JSON', '{"a":', /not JSON/],
    ['another version', '{"historyVersion":2}', /history version 2/],
    [
      'no figures',
      '{"historyVersion":1,"runId":"r","startedAt":"s","commit":"","version":"","hostClass":"","metrics":{},"cells":[]}',
      /"cells" is no object/,
    ],
    [
      'text for a figure',
      '{"historyVersion":1,"runId":"r","startedAt":"s","commit":"","version":"","hostClass":"","metrics":{},"cells":{"c":{"m":"x"}}}',
      /c:m is no figure/,
    ],
  ] as const) {
    it(`refuses ${what}, with the line`, () => {
      const good = historyLine(entry(1, { exact: 1 }));
      assert.throws(
        () => parseHistory(`${good}${line}\n`, 'h'),
        (error) =>
          error instanceof UserError && message.test(error.message) && error.where === 'h, line 2',
      );
    });
  }
});

describe('trends', () => {
  it('name commits in short, with what makes them others, and say where both are one', () => {
    const commit = 'abc'.repeat(13);
    assert.equal(commitRange([commit, `${commit}-dirty`]), 'abcabcabcabc..abcabcabcabc-dirty');
    assert.equal(commitRange([commit, commit]), 'abcabcabcabc (both runs)');
    assert.equal(commitRange(['', commit]), 'no commit..abcabcabcabc');
    assert.equal(commitRange(['', '']), 'no commit');
  });

  it('find every change of an exact figure, and name the commits around it', () => {
    const values = [100, 100, 103, 103, 90];
    const [trend, ...more] = trendsOf(
      values.map((exact, i) => entry(i, { exact })),
      all,
    );
    assert.deepEqual(more, []);
    assert.deepEqual(
      trend?.changes.map(({ index, before, after, commits, p }) => [
        index,
        before,
        after,
        commits,
        p,
      ]),
      [
        [2, 100, 103, ['commit1', 'commit2'], 0],
        [4, 103, 90, ['commit3', 'commit4'], 0],
      ],
    );
    assert.ok(trend);
    assert.deepEqual(
      trend.changes.map((change) => directionOf(trend, change)),
      ['worse', 'better'],
    );
  });

  it('put runs into the order of their times, however they were added', () => {
    const entries = [3, 0, 2, 1].map((i) => entry(i, { exact: i < 2 ? 1 : 2 }));
    const [trend] = trendsOf(entries, all);
    assert.deepEqual(
      trend?.changes.map(({ index }) => index),
      [2],
    );
    assert.deepEqual(
      trend?.points.map(({ runId }) => runId),
      ['run-0', 'run-1', 'run-2', 'run-3'],
    );
  });

  it('find a step of a sampled figure, and nothing in its noise', () => {
    const prng = new Prng(3);
    const noisy = (level: number): number => {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += prng.fraction();
      return level * (1 + 0.03 * sum);
    };
    const step = Array.from({ length: 24 }, (_, i) =>
      entry(i, { sampled: noisy(i < 12 ? 100 : 85) }),
    );
    const [trend] = trendsOf(step, all);
    assert.equal(trend?.changes.length, 1);
    const [change] = trend.changes;
    assert.ok(change && Math.abs(change.index - 12) <= 1);
    assert.equal(directionOf(trend, change), 'worse');
    const flat = Array.from({ length: 24 }, (_, i) => entry(i, { sampled: noisy(100) }));
    assert.deepEqual(trendsOf(flat, all)[0]?.changes, []);
  });

  it('do not take another host for a change', () => {
    const entries = Array.from({ length: 20 }, (_, i) =>
      entry(i, { sampled: (i < 10 ? 100 : 200) + (i % 3), host: i < 10 ? 'host A' : 'host B' }),
    );
    const trends = trendsOf(entries, all);
    assert.deepEqual(
      trends.map(({ hostClass, changes }) => [hostClass, changes.length]),
      [
        ['host A', 0],
        ['host B', 0],
      ],
    );
  });

  it('look only at what is wanted', () => {
    assert.deepEqual(
      trendsOf([entry(0, { exact: 1 })], () => false),
      [],
    );
  });
});
