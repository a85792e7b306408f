import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plausibleResults } from '../../../test/report/plausible-results.js';
import { collectReportData } from '../collect.js';
import { defaultSelection } from './selection.js';
import { leadText, sizeNote } from './verdict.js';
import { summarySentence } from './verdict-markup.js';
import { workloadsOf } from './workloads.js';

const verdictsOf = (options: Parameters<typeof plausibleResults>[0], focus = {}) => {
  const data = collectReportData([plausibleResults(options)]);
  return workloadsOf(data, defaultSelection(data), focus).map(({ verdict }) => verdict);
};

const small = { ringSizes: [4096, 65_536], messageSizes: [64, 4096, 65_536] };

test('a verdict names the winner, its figure, the margin, and where it was taken', () => {
  const stream = verdictsOf(small).find(({ scenario }) => scenario === 'stream');
  assert.equal(stream?.winner, 'libvchan');
  assert.equal(stream.at, 'a 64 KiB ring, 4 KiB messages');
  assert.match(
    stream.headline,
    /^libvchan is fastest: [\d.]+ GiB\/s, 1\.13x v2v .* and 1\.15x v4v/,
  );
  assert.equal(leadText(stream), '1.13x v2v');
});

test('it says where the lead flips, along both axes', () => {
  const stream = verdictsOf(small).find(({ scenario }) => scenario === 'stream');
  assert.deepEqual(
    stream?.flips.map((flip) => flip.brief),
    ['v4v from 64 KiB messages'],
  );
});

test('a focus moves the figures', () => {
  const stream = verdictsOf(small, { messageSizeBytes: 65_536 }).find(
    ({ scenario }) => scenario === 'stream',
  );
  assert.equal(stream?.winner, 'v4v');
  assert.equal(stream.at, 'a 64 KiB ring, 64 KiB messages');
});

test('cells without a figure are counted with their reasons', () => {
  const fanIn = verdictsOf(small).find(({ scenario }) => scenario === 'fan-in');
  assert.match(
    fanIn?.problems ?? '',
    /^2 cells have no figure here: 1 skipped \(libvchan: the limit/,
  );
});

test('over seeds, it is said how many agree; they make no lead surer of its prices', () => {
  const of = (options: object) =>
    verdictsOf({ ...small, ...options }).find(({ scenario }) => scenario === 'stream');
  const stream = of({ seeds: 5 });
  assert.equal(stream?.confidence.level, of({})?.confidence.level);
  assert.match(
    stream?.confidence.text ?? '',
    /^ahead of v2v in 5 of 5 seeds \(.*; exact for this seed; of the CPU time/,
  );
});

/** The scenario stream of all transports: libvchan is ahead in so many draws of the prices. */
function drawn(wins: number, of: number) {
  const results = plausibleResults({ ringSizes: [65_536], messageSizes: [4096], seeds: of });
  const rate = { libvchan: 2e9, v2v: 1e9, v4v: 1e8 } as const;
  const cells = results.cells
    .filter(({ scenario }) => scenario === 'stream')
    .map((cell) => {
      const { seed, ...parameters } = cell.parameters;
      const ahead = cell.transport !== 'libvchan' || Number(seed) <= wins;
      const value = ahead ? rate[cell.transport as keyof typeof rate] : 0.9e9;
      const bytesPerSecond = { value, unit: 'B/s', better: 'higher', assume: 'exact' } as const;
      const repeat = { ...parameters, seed: 1, draw: Number(seed) };
      return { ...cell, parameters: repeat, metrics: { bytesPerSecond } };
    });
  const data = collectReportData([{ ...results, cells }]);
  return workloadsOf(data, defaultSelection(data)).map(({ verdict }) => verdict);
}

test('a lead holds in 95 % of the draws of the prices, and takes twenty to be firm by them', () => {
  const [many] = drawn(19, 20);
  assert.equal(many?.winner, 'libvchan');
  assert.equal(many.confidence.level, 'firm');
  assert.match(many.confidence.text, /^ahead of v2v in 19 of 20 draws of the prices \(/);
  const [few] = drawn(3, 3);
  assert.match(few?.confidence.text ?? '', /3 of 3 draws of the prices \(.*; exact for this seed/);
});

test('where repetitions are divided nobody leads, and what is far apart is not called level', () => {
  const verdicts = drawn(17, 20);
  const [stream] = verdicts;
  assert.equal(stream?.winner, undefined);
  assert.equal(stream?.confidence.level, 'none');
  assert.match(stream?.confidence.text ?? '', /^not established: ahead of v2v in 17 of 20 draws/);
  assert.equal(
    leadText(stream as NonNullable<typeof stream>),
    '~ not established; v2v 2.00x behind; v4v 20.0x behind',
  );
  assert.match(stream?.headline ?? '', /^nobody's lead is established: libvchan has 1907 MiB\/s; /);
  assert.equal(summarySentence(verdicts), 'Nobody leads: no difference is established.');
});

test('without seeds it is what the prices rest on', () => {
  const setup = verdictsOf(small).find(({ scenario }) => scenario === 'setup');
  assert.equal(setup?.confidence.level, 'firm');
  assert.match(
    setup.confidence.text,
    /^exact for this seed; of the CPU time \d+ % rests on estimated/,
  );
});

test('one transport alone wins nothing', () => {
  const file = plausibleResults(small);
  const alone = { ...file, cells: file.cells.filter((cell) => cell.transport === 'v4v') };
  const data = collectReportData([alone]);
  const verdicts = workloadsOf(data, defaultSelection(data)).map(({ verdict }) => verdict);
  assert.ok(verdicts.length > 5);
  for (const verdict of verdicts.filter(({ scenario }) => scenario !== 'grant-mode')) {
    assert.equal(verdict.winner, undefined);
    assert.equal(verdict.confidence.level, 'none');
  }
  assert.match(summarySentence(verdicts), /Nothing was compared/);
});

test('the difference of sizes that are compared as equal is said', () => {
  assert.match(sizeNote(verdictsOf(small)), /differ by at most 1\.6 %/);
});

test('cells that are judged by what a fault did are not ranked by a figure beside it', () => {
  const results = plausibleResults(small);
  const cells = results.cells.map((cell) =>
    cell.scenario === 'stream' ? { ...cell, outcome: { finding: 'delivered' } } : cell,
  );
  const data = collectReportData([{ ...results, cells }]);
  const scenarios = workloadsOf(data, defaultSelection(data)).map(({ scenario }) => scenario);
  assert.ok(!scenarios.includes('stream'));
  assert.ok(scenarios.includes('setup'));
});

test('two runs are chosen between where they share a scenario, and else are one body of data', () => {
  const results = plausibleResults(small);
  const part = (wanted: boolean) => ({
    ...results,
    cells: results.cells.filter(({ scenario }) => (scenario === 'stream') === wanted),
  });
  const apart = collectReportData([part(true), part(false)]);
  assert.ok(!('run' in defaultSelection(apart)));
  assert.ok(workloadsOf(apart, defaultSelection(apart)).length > 2);
  assert.equal(defaultSelection(collectReportData([results, results]))['run'], '0');
});

test('why the second is behind: more CPU time, a busier CPU, idleness, or unknown', () => {
  const results = plausibleResults(small);
  const whyOf = (cpus: Readonly<Record<string, Readonly<Record<string, number>>>>): string => {
    const cells = results.cells
      .filter(({ scenario, transport }) => scenario === 'setup' && transport !== 'v2v')
      .map((cell) =>
        cell.transport === 'libvchan'
          ? { ...cell, attributionNs: cpus }
          : { ...cell, attributionNs: { a: { copy: 6e6, idle: 0 }, b: { copy: 6e6, idle: 0 } } },
      );
    const data = collectReportData([{ ...results, cells }]);
    return workloadsOf(data, defaultSelection(data))[0]?.verdict.why ?? '';
  };
  assert.match(whyOf({ a: { copy: 2e7 }, b: { copy: 6e6 } }), /largest difference is copying/);
  assert.match(
    whyOf({ a: { copy: 9e6 }, b: { copy: 1e6 } }),
    /its busiest CPU works longer, 9\.00 us/,
  );
  assert.match(
    whyOf({ a: { copy: 5e6, idle: 3e6 }, b: { copy: 5e6 } }),
    /its CPUs stand idle longer, by 3\.00 us/,
  );
  assert.match(whyOf({ a: { copy: 5e6 }, b: { copy: 5e6 } }), /^CPU time does not tell/);
});
