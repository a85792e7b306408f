import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { hostileResults } from '../../test/report/hostile-results.js';
import { plausibleResults } from '../../test/report/plausible-results.js';
import { UserError } from '../base/errors.js';
import type { MetricValue } from '../results/types.js';
import { LatencyHistogram } from '../stats/latency-histogram.js';
import { renderReport } from './render-report.js';

const root = mkdtempSync(join(tmpdir(), 'interdom-report-'));
after(() => rmSync(root, { recursive: true }));

const whole = plausibleResults({
  profiles: ['skylake-2017'],
  ringSizes: [4096, 65_536],
  messageSizes: [64, 4096],
});
/** Few pictures: each takes a tenth of a second. */
const results = {
  ...whole,
  cells: whole.cells.filter(({ scenario }) => ['stream', 'ping-pong'].includes(scenario)),
};

test('a report is a page, pictures, Markdown and CSV, and nothing else', async () => {
  const out = join(root, 'new', 'report');
  const written = await renderReport([results], out);
  assert.equal(basename(written[0] as string), 'index.html');
  assert.deepEqual(readdirSync(out).sort(), written.map((path) => basename(path)).sort());
  for (const path of written) {
    assert.ok(statSync(path).size > 500, path);
    assert.match(path, /\/(?:index\.html|report\.md|cells\.csv|[a-z0-9-]+\.(?:png|svg))$/);
  }
  const page = readFileSync(join(out, 'index.html'), 'utf8');
  const pictures = written.filter((path) => path.endsWith('.png'));
  assert.equal(
    page.match(/<img class="static" src="data:image\/png;base64,/g)?.length,
    pictures.length,
  );
  assert.ok(page.length < 5_000_000);
});

test('of live cells the report shows wake-ups and what was injected, and no flushes that nobody carries out', async () => {
  const slow = new LatencyHistogram();
  for (const ns of [60_000, 60_000, 90_000]) slow.record(ns);
  const sample = (value: number): MetricValue => ({
    value,
    unit: 'ns',
    better: 'none',
    assume: 'nothing',
  });
  const live = {
    ...results,
    cells: results.cells
      .filter(({ scenario }) => scenario === 'ping-pong')
      .map(({ attributionNs: _, ...cell }) => {
        const {
          tlbFlushesPerMessage: __,
          tlbMissesPerMessage: ___,
          tlbNsPerMessage: ____,
          ...metrics
        } = cell.metrics;
        return {
          ...cell,
          testbed: 'live',
          counters: { ...cell.counters, tlb: {} } as NonNullable<typeof cell.counters>,
          histograms: {
            ...cell.histograms,
            latencyNs: slow.encode(),
            blockingLatencyNs: slow.encode(),
          },
          metrics: { ...metrics, injectedNsPerMessage: sample(500), injectedShare: sample(0.2) },
        };
      }),
  };
  const out = join(root, 'live');
  const written = (await renderReport([live], out)).map((path) => basename(path));
  assert.ok(written.includes('injected-time.png'), written.join(' '));
  assert.ok(!written.includes('tlb.png'));
  const text = readFileSync(join(out, 'report.md'), 'utf8');
  assert.match(text, /\| libvchan \| 500 ns \| 2\.00 us \| 20 % \|/);
  assert.match(text, /sleeping: a domain that waits sleeps at once/);
});

test('what is wanted is shown, and every place gets its pictures', async () => {
  const all = plausibleResults({
    profiles: ['skylake-2017', 'zen4-2023'],
    ringSizes: [4096, 65_536],
    messageSizes: [4096],
  });
  // One scenario without what bars are drawn of: one picture a profile.
  const two = {
    ...all,
    cells: all.cells
      .filter(({ scenario }) => scenario === 'stream')
      .map(({ counters: _, attributionNs: __, ...cell }) => ({
        ...cell,
        metrics: { bytesPerSecond: cell.metrics['bytesPerSecond'] as MetricValue },
      })),
  };
  const out = join(root, 'each');
  const written = await renderReport([two], out, { show: { profile: 'zen4-2023' }, each: true });
  assert.match(
    readFileSync(join(out, 'stream-by-ring-size.svg'), 'utf8'),
    /Source: [^<]* zen4-2023/,
  );
  for (const profile of ['skylake-2017', 'zen4-2023']) {
    const path = join(out, profile, 'stream-by-ring-size.svg');
    assert.ok(written.includes(path));
    assert.ok(readFileSync(path, 'utf8').includes(profile));
  }
  assert.match(readFileSync(join(out, 'report.md'), 'utf8'), /Pictures show[^\n]*zen4-2023/);
  await assert.rejects(
    renderReport([two], out, { show: { profile: 'zen9' } }),
    (error: unknown) =>
      error instanceof UserError && /skylake-2017, zen4-2023/.test(error.remedy ?? ''),
  );
});

test('the same results give the same bytes', async () => {
  const [first, second] = [join(root, 'a'), join(root, 'b')];
  await renderReport([results], first);
  await renderReport([structuredClone(results)], second);
  for (const name of readdirSync(first)) {
    assert.ok(readFileSync(join(first, name)).equals(readFileSync(join(second, name))), name);
  }
});

test('a report of hostile results is drawn whole', async () => {
  for (const recognisable of [true, false]) {
    const out = join(root, `hostile-${recognisable}`);
    const written = await renderReport([hostileResults(recognisable)], out);
    assert.ok(written.length > 5);
    for (const path of written) assert.match(path, /\/[a-z0-9-]+\.(?:html|md|csv|png|svg)$/);
  }
});

test('several runs are told apart', async () => {
  const other = { ...results, run: { ...results.run, id: 'another-run' } };
  const out = join(root, 'two');
  await renderReport([results, other], out);
  const page = readFileSync(join(out, 'index.html'), 'utf8');
  assert.match(page, /another-run/);
  assert.match(readFileSync(join(out, 'report.md'), 'utf8'), /run another-run/);
});

test('latency histograms become curves, and a broken one is refused with its cell', async () => {
  const cells = results.cells.map((cell) =>
    cell.scenario === 'ping-pong' ? { ...cell, histograms: { latencyNs: 'not base64!' } } : cell,
  );
  await assert.rejects(
    renderReport([{ ...results, cells }], join(root, 'broken')),
    (error: unknown) =>
      error instanceof UserError && /ping-pong/.test(error.where ?? error.message),
  );
});

test('nothing to report, and a place that cannot be written, are said plainly', async () => {
  await assert.rejects(renderReport([{ ...results, cells: [] }], join(root, 'none')), UserError);
  const file = join(root, 'a-file');
  writeFileSync(file, '');
  for (const place of [file, join(file, 'below')]) {
    await assert.rejects(
      renderReport([results], place),
      (error: unknown) => error instanceof UserError && error.where === place,
    );
  }
});
