import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '../../base/prng.js';
import type { MetricValue } from '../../results/types.js';
import { AppliedPolicy } from './applied-policy.js';
import type { Judgement } from './finding.js';
import { type GateOptions, judgeRun } from './judge-run.js';
import { NO_POLICY } from './policy.js';
import type { GateCell, Side } from './side.js';

/**
 * What the gate promises, simulated: a run of 200 cells in which nothing has changed gives a false
 * alarm at most once in a hundred; a slowdown of 10 % under 3 % of noise is found in 95 of 100; and
 * of 1 % in an exact figure always.
 */

const CELLS = 200;
const NOISE = 0.03;

/** A source of samples around 1. */
type Source = () => number;

function nearlyNormal(prng: Prng): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += prng.fraction();
  return sum;
}

const SOURCES: Readonly<Record<string, (prng: Prng) => Source>> = {
  'independent noise': (prng) => () => 1 + NOISE * nearlyNormal(prng),
  'noise in which neighbours resemble each other': (prng) => {
    let state = nearlyNormal(prng);
    // Correlation 0.6; the variance stays 1.
    return () => {
      state = 0.6 * state + 0.8 * nearlyNormal(prng);
      return 1 + NOISE * state;
    };
  },
  'noise with a long tail': (prng) => () =>
    1 + NOISE * Math.abs(nearlyNormal(prng)) * (prng.fraction() < 0.05 ? 6 : 1),
};

function take(source: Source, count: number, level: number): number[] {
  return Array.from({ length: count }, () => level * source());
}

function cell(index: number, metric: MetricValue): GateCell {
  return {
    id: `live/host/v4v/stream/seed=${index}`,
    testbed: 'live',
    profile: 'host',
    transport: 'v4v',
    scenario: 'stream',
    scenarioVersion: 1,
    effective: {},
    verdict: 'valid',
    metrics: { latencyNsP50: metric },
  };
}

function side(name: string, metrics: readonly MetricValue[]): Side {
  const cells = metrics.map((metric, i) => cell(i, metric));
  return {
    name,
    cells: new Map(cells.map((one) => [one.id, one])),
    profiles: {},
    hostClass: 'one host',
    complete: true,
  };
}

const sampled = (samples: readonly number[]): MetricValue => ({
  value: samples[0] ?? 0,
  unit: 'ns',
  better: 'lower',
  assume: 'nothing',
  samples,
});

function judge(before: Side, after: Side, rest: Partial<GateOptions> = {}): Promise<Judgement> {
  return judgeRun(before, after, {
    policy: new AppliedPolicy(NO_POLICY, '2026-06-30'),
    strict: false,
    partial: false,
    noiseFloors: new Map(),
    everyEntryMatches: true,
    ...rest,
  });
}

interface Simulation {
  readonly source: string;
  readonly seed: number;
  readonly samples: number;
  /** Level of the cell number 0 in the run; all others are at 1. */
  readonly slowdown: number;
  /** Lots of as many samples again that an inconclusive figure may have. */
  readonly more: number;
}

/** One run of 200 cells against its reference, judged. */
async function simulate({ source, seed, samples, slowdown, more }: Simulation): Promise<Judgement> {
  const prng = new Prng(seed);
  const make = SOURCES[source] as (prng: Prng) => Source;
  const sources = Array.from({ length: CELLS }, () => make(prng));
  const before = sources.map((one) => sampled(take(one, samples, 100)));
  const after = sources.map((one, i) =>
    sampled(take(one, samples, i === 0 ? 100 * slowdown : 100)),
  );
  const lots = new Map<string, number>();
  return judge(side('before', before), side('after', after), {
    moreSamples: async (pairs) =>
      pairs.map(({ cell }) => {
        const taken = lots.get(cell) ?? 0;
        if (taken >= more) return [];
        lots.set(cell, taken + 1);
        const index = Number(cell.split('=')[1]);
        return take(sources[index] as Source, samples, index === 0 ? 100 * slowdown : 100);
      }),
  });
}

async function countRuns(
  runs: number,
  simulation: Omit<Simulation, 'seed'>,
  matches: (judgement: Judgement) => boolean,
): Promise<number> {
  let count = 0;
  for (let seed = 1; seed <= runs; seed++) {
    if (matches(await simulate({ ...simulation, seed }))) count++;
  }
  return count;
}

const isAlarm = ({ counts }: Judgement): boolean => counts.regressed > 0;
const findsIt = ({ findings }: Judgement): boolean =>
  findings.some(({ kind, cell: id }) => kind === 'regressed' && id.endsWith('seed=0'));

describe('a run of 200 cells in which nothing has changed', () => {
  for (const source of Object.keys(SOURCES)) {
    it(`gives a false alarm at most once in a hundred runs: ${source}`, async (test) => {
      const runs = 100;
      const alarms = await countRuns(runs, { source, samples: 10, slowdown: 1, more: 3 }, isAlarm);
      test.diagnostic(`${alarms} of ${runs} runs`);
      assert.ok(alarms <= runs / 100, `${alarms} of ${runs} runs`);
    });
  }

  it('gives none either where correlated samples are many enough to be judged', async (test) => {
    const runs = 50;
    const source = 'noise in which neighbours resemble each other';
    const simulation = { source, samples: 100, slowdown: 1, more: 0 };
    const alarms = await countRuns(runs, simulation, isAlarm);
    const fine = await countRuns(5, simulation, ({ verdict }) => verdict === 'ok');
    test.diagnostic(`${alarms} of ${runs} runs; fine ${fine} of 5`);
    assert.equal(alarms, 0);
    assert.ok(fine >= 3, 'and they can be called fine');
  });

  it('is called fine, and not inconclusive, nearly always', async (test) => {
    const runs = 60;
    const simulation = { source: 'independent noise', samples: 20, slowdown: 1, more: 3 };
    const fine = await countRuns(runs, simulation, ({ verdict }) => verdict === 'ok');
    test.diagnostic(`${fine} of ${runs} runs`);
    assert.ok(fine >= 0.75 * runs, `${fine} of ${runs} runs`);
  });
});

describe('one of 200 cells that has become slower by 10 % under 3 % of noise', () => {
  for (const [samples, more] of [
    [20, 0],
    [12, 4],
  ] as const) {
    it(`is found in 95 of 100 runs, with ${samples} samples and up to ${more} times as many more`, async (test) => {
      const runs = 100;
      const simulation = { source: 'independent noise', samples, slowdown: 1.1, more };
      const found = await countRuns(runs, simulation, findsIt);
      test.diagnostic(`${found} of ${runs} runs`);
      assert.ok(found >= 0.95 * runs, `${found} of ${runs} runs`);
    });
  }

  it('is never called fine with fewer', async () => {
    const simulation = { source: 'independent noise', samples: 6, slowdown: 1.1, more: 0 };
    const fine = await countRuns(40, simulation, ({ verdict }) => verdict === 'ok');
    assert.equal(fine, 0);
  });
});

describe('one of 200 cells that has become worse by 1 % in an exact figure', () => {
  it('is found always', async () => {
    const prng = new Prng(1);
    for (let run = 0; run < 500; run++) {
      const values = Array.from({ length: CELLS }, () => 1 + 1e6 * prng.fraction());
      const slow = prng.below(CELLS);
      const exact = (value: number): MetricValue => ({
        value,
        unit: 'ns',
        better: 'lower',
        assume: 'exact',
      });
      const judgement = await judge(
        side('before', values.map(exact)),
        side(
          'after',
          values.map((value, i) => exact(i === slow ? value * 1.01 : value)),
        ),
      );
      assert.equal(judgement.verdict, 'regressed');
      assert.deepEqual(
        judgement.findings.map(({ cell: id }) => id),
        [`live/host/v4v/stream/seed=${slow}`],
      );
    }
  });
});
