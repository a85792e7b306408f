import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plausibleResults } from '../../test/report/plausible-results.js';
import { UserError } from '../base/errors.js';
import type { MetricValue, ResultsFile } from '../results/types.js';
import { type ComparisonOptions, renderComparison } from './render-comparison.js';

const results = plausibleResults({
  profiles: ['skylake-2017'],
  ringSizes: [4096, 65_536, 262_144],
  messageSizes: [64, 4096],
});

const options = (rest: Partial<ComparisonOptions> = {}): ComparisonOptions => ({
  width: 100,
  colour: false,
  format: 'table',
  ...rest,
});

test('one run: transports side by side, rows by what varies, sizes by what the protocols made of them', () => {
  const text = renderComparison([results], options({ filter: { scenario: 'stream' } }));
  assert.equal(
    text,
    [
      'Bulk stream: Throughput, higher is better',
      'Message size  Effective ring         v4v    libvchan           v2v   lead',
      '------------  --------------  ----------  ------------  ----------  -----',
      '64 B          4 KiB           58.1 MiB/s   165 MiB/s *   142 MiB/s  1.16x',
      '              64 KiB          58.5 MiB/s   183 MiB/s *   157 MiB/s  1.16x',
      '              256 KiB         58.5 MiB/s   184 MiB/s *     skipped  3.15x',
      '4 KiB         4 KiB           1.68 GiB/s  1.68 GiB/s    1.50 GiB/s      ~',
      '              64 KiB          2.39 GiB/s  2.75 GiB/s *  2.44 GiB/s  1.13x',
      '              256 KiB         2.42 GiB/s  3.00 GiB/s *     skipped  1.24x',
      '------------  --------------  ----------  ------------  ----------  -----',
      'geomean                        346 MiB/s   618 MiB/s     542 MiB/s',
      'geomean (geometric mean) over the 4 of 6 rows in which all columns have a figure',
      '2 cells skipped, v2v: v2v rings end at 64 KiB (16 pages)',
      '',
    ].join('\n'),
  );
});

test('two runs: before and after, with the change and its direction', () => {
  const after = plausibleResults({
    profiles: ['skylake-2017'],
    ringSizes: [4096, 65_536, 262_144],
    messageSizes: [64, 4096],
    id: 'after',
    slower: 1.1,
  });
  const filter = { scenario: 'stream', transport: 'v4v', 'message-size': '64' };
  const text = renderComparison([results, after], options({ filter }));
  assert.match(text, /20260131-120000-fixture +after +change/);
  assert.match(text, /64 KiB +58\.5 MiB\/s +53\.3 MiB\/s +-8\.84% worse/);
});

test('identical runs show no change', () => {
  const text = renderComparison(
    [results, { ...results, run: { ...results.run, id: 'again' } }],
    options({ filter: { scenario: 'setup' } }),
  );
  assert.match(text, /v4v +9\.00 us +9\.00 us +=/);
});

test('rows, columns and figures can be chosen, by any spelling', () => {
  const text = renderComparison(
    [results],
    options({
      rows: 'transport',
      cols: 'ring',
      metric: 'entries.hlt',
      filter: { scenario: 'stream' },
    }),
  );
  assert.match(text, /entries: HLT a message, lower is better/);
  assert.match(text, /Transport +4 KiB +64 KiB +256 KiB/);
  assert.match(text, /each figure is the geometric mean of cells that differ in message size/);
});

test('means over different work are marked and win nothing', () => {
  const text = renderComparison(
    [results],
    options({ rows: 'scenario', metric: 'bytes-per-second', filter: { scenario: 'stream' } }),
  );
  assert.match(text, /†/);
  assert.doesNotMatch(text, / \*/);
});

test('seeds give a range, and pairs of equal seeds decide', () => {
  const seeded = plausibleResults({
    profiles: ['skylake-2017'],
    ringSizes: [65_536],
    messageSizes: [64],
    seeds: 4,
  });
  const text = renderComparison([seeded], options({ filter: { scenario: 'stream' } }));
  assert.match(text, /183 MiB\/s ±\d\.\d% \*/);
});

test('Markdown, CSV and JSON say the same', () => {
  const chosen = {
    rows: 'ring',
    filter: { scenario: 'stream', 'message-size': '64 B', ring: '64k' },
  };
  const md = renderComparison([results], options({ ...chosen, format: 'md' }));
  assert.match(md, /\| 64 KiB \| 58\.5 MiB\/s \| \*\*183 MiB\/s\*\* \| 157 MiB\/s \| 1\.16x \|/);
  const csv = renderComparison([results], options({ ...chosen, format: 'csv' }));
  assert.equal(
    csv.split('\n')[0],
    'table,ringSizeBytes,transport,metric,value,unit,low,high,cells,best',
  );
  assert.match(csv, /^stream,65536,libvchan,bytesPerSecond,1\d+\.\d+,B\/s,.*,1,true$/m);
  const json = JSON.parse(renderComparison([results], options({ ...chosen, format: 'json' })));
  assert.deepEqual(json.tables[0].rows[0].best, { transport: 'libvchan' });
});

test('a name that nothing has is refused with the names there are', () => {
  for (const [wrong, where, remedy] of [
    [{ rows: 'rign' }, '--rows', /ringSizeBytes/],
    [{ metric: 'speed' }, '--metric', /bytesPerSecond/],
    [{ filter: { transport: 'v5v' } }, '--filter', /v4v, libvchan, v2v/],
  ] as const) {
    assert.throws(
      () => renderComparison([results], options(wrong)),
      (error: unknown) =>
        error instanceof UserError && error.where === where && remedy.test(error.remedy ?? ''),
    );
  }
});

/** The same run with throughput as a sample: `values` around each figure, moved by `factor`. */
function sampledRun(id: string, factor: number, count: number): ResultsFile {
  const cells = results.cells.map((cell) => {
    const metric = cell.metrics['bytesPerSecond'];
    if (metric === undefined) return cell;
    const samples = Array.from(
      { length: count },
      (_, i) => metric.value * factor * (1 + ((i * 7) % count) / (40 * count)),
    );
    const value = samples[count >> 1] as number;
    const bytesPerSecond: MetricValue = { ...metric, assume: 'nothing', value, samples };
    return { ...cell, metrics: { bytesPerSecond } };
  });
  return { ...results, run: { ...results.run, id }, cells };
}

test('samples are told apart as the gate does it, by before and after and side by side', () => {
  const chosen = options({ filter: { scenario: 'stream', 'message-size': '64', ring: '64k' } });
  const compare = (...runs: ResultsFile[]): string => renderComparison(runs, chosen);
  const before = sampledRun('before', 1, 12);
  assert.match(compare(before, sampledRun('after', 1.2, 12)), /v4v .* \+2[01]% ±\d\.\d better/);
  assert.match(
    compare(before, sampledRun('after', 0.9, 12)),
    /v4v .* -1[01]% ±\d\.\d worse|-9\.\d+% ±/,
  );
  assert.match(compare(before, sampledRun('after', 1.001, 12)), /v4v .* ~\n/);
  const few = compare(sampledRun('before', 1, 1), sampledRun('after', 2, 1));
  assert.match(few, /v4v .* ~\n/);
  assert.match(few, /3 of 3 rows have too few samples to tell/);
  assert.match(compare(before), /183 MiB\/s \*|18\d MiB\/s \*/);
  assert.match(compare(before), /sampled: ~ where the 95 % interval/);
});

test('one transport alone leads nobody, and is level with nobody', () => {
  const text = renderComparison(
    [results],
    options({ filter: { scenario: 'stream', transport: 'v4v' } }),
  );
  const ends = text.split('\n').map((line) => line.trimEnd().split(/ +/).at(-1));
  assert.ok(ends.includes('-'));
  assert.ok(!ends.includes('~'));
});

test('a change that is established never reads as none', () => {
  const changed = (factor: number, id: string): ResultsFile => ({
    ...results,
    run: { ...results.run, id },
    cells: results.cells.map((cell) => {
      const setupNs = cell.metrics['setupNs'];
      if (setupNs === undefined) return cell;
      return { ...cell, metrics: { setupNs: { ...setupNs, value: setupNs.value * factor } } };
    }),
  });
  const wanted = options({ filter: { scenario: 'setup' }, metric: 'setupNs' });
  assert.match(renderComparison([results, changed(1 + 1e-7, 'b')], wanted), / \+<0\.01% worse\n/);
  assert.match(renderComparison([changed(0, 'a'), results], wanted), / from 0 worse\n/);
});
