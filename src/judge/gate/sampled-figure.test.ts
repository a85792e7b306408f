import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '../../base/prng.js';
import { sampleResults } from '../../results/sample-results.js';
import type { MetricValue, ResultsFile } from '../../results/types.js';
import { AppliedPolicy } from './applied-policy.js';
import type { Judgement } from './finding.js';
import { type GateOptions, judgeRun } from './judge-run.js';
import { noiseOf } from './noise-floor.js';
import { NO_POLICY } from './policy.js';
import { samplesNeeded } from './sampled-figure.js';
import { sideOfResults } from './side.js';

function nearlyNormal(prng: Prng): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += prng.fraction();
  return sum;
}

function samples(seed: number, count: number, level: number, noise = 0.03): number[] {
  const prng = new Prng(seed);
  return Array.from({ length: count }, () => level * (1 + noise * nearlyNormal(prng)));
}

const sampled = (
  values: readonly number[],
  better: MetricValue['better'] = 'lower',
): MetricValue => ({
  value: values[0] ?? 0,
  unit: 'ns',
  better,
  assume: 'nothing',
  samples: values,
});

function file(metric: MetricValue, cpu = 'Sample CPU @ 2.00GHz'): ResultsFile {
  const results = sampleResults(1);
  const { host } = results.run;
  return {
    ...results,
    run: { ...results.run, host: { ...host, cpu }, harness: { costNs: metric } },
  };
}

function judge(
  before: ResultsFile,
  after: ResultsFile,
  rest: Partial<GateOptions> = {},
): Promise<Judgement> {
  return judgeRun(sideOfResults('before', before, true), sideOfResults('after', after, true), {
    policy: new AppliedPolicy(NO_POLICY, '2026-06-30'),
    strict: false,
    partial: false,
    noiseFloors: new Map(),
    everyEntryMatches: true,
    ...rest,
  });
}

describe('sampled figures', () => {
  const before = file(sampled(samples(1, 20, 100)));

  it('are fine where they only vary', async () => {
    assert.equal((await judge(before, file(sampled(samples(2, 20, 100))))).verdict, 'ok');
  });

  it('are worse where interval and rank test agree, and say by how much', async () => {
    const judgement = await judge(before, file(sampled(samples(2, 20, 115))));
    assert.equal(judgement.verdict, 'regressed');
    const { evidence, message } = judgement.findings[0] ?? {};
    assert.ok(evidence);
    assert.ok(evidence.interval[0] > 1.05 && evidence.interval[1] < 1.25);
    assert.ok(evidence.adjustedP < 0.001);
    assert.match(message ?? '', /times as bad \(95 %\), limit 1\.05, adjusted p/);
  });

  it('know which side is better', async () => {
    const higher = file(sampled(samples(1, 20, 100), 'higher'));
    const less = file(sampled(samples(2, 20, 85), 'higher'));
    assert.equal((await judge(higher, less)).verdict, 'regressed');
    const judgement = await judge(less, higher);
    assert.equal(judgement.verdict, 'ok');
    assert.equal(judgement.counts.improved, 1);
  });

  it('are inconclusive where the interval reaches over the limit', async () => {
    const judgement = await judge(before, file(sampled(samples(2, 6, 105))));
    assert.equal(judgement.verdict, 'inconclusive');
    assert.match(judgement.findings[0]?.message ?? '', /the interval reaches over the limit$/);
  });

  it('are inconclusive with one sample, or none, and not fine', async () => {
    for (const values of [[], [100]]) {
      const judgement = await judge(before, file(sampled(values)));
      assert.equal(judgement.verdict, 'inconclusive');
      assert.match(judgement.findings[0]?.message ?? '', /cannot be judged: 20 samples before/);
    }
  });

  it('are never called fine with so few a side that they could never be called worse', async () => {
    for (const count of [2, 3]) {
      const few = (seed: number) => file(sampled(samples(seed, count, 100)));
      for (let seed = 1; seed <= 20; seed++) {
        const { verdict, findings } = await judge(few(seed), few(seed + 100));
        assert.equal(verdict, 'inconclusive', `${count} samples, seed ${seed}`);
        assert.match(findings[0]?.message ?? '', /4 positive ones a side are the least$/);
      }
    }
  });

  it('get more samples before anybody gives up, while there are any', async () => {
    let asked = 0;
    const after = file(sampled(samples(2, 4, 104.5)));
    const moreSamples: NonNullable<GateOptions['moreSamples']> = async () =>
      ++asked > 40 ? [] : [samples(asked + 10, 10, 102)];
    const judgement = await judge(before, after, { moreSamples });
    assert.equal(judgement.verdict, 'ok');
    assert.ok(asked >= 1 && asked <= 40, `${asked}`);
    const spent = await judge(before, after, { moreSamples: async () => [] });
    assert.equal(spent.verdict, 'inconclusive');
  });

  it('are not compared between hosts', async () => {
    const judgement = await judge(before, file(sampled(samples(2, 20, 100)), 'Other CPU'));
    assert.equal(judgement.verdict, 'not-comparable');
    assert.match(
      judgement.findings[0]?.message ?? '',
      /^it was sampled on another host: Sample CPU/,
    );
  });

  it('may differ by the noise floor', async () => {
    const worse = file(sampled(samples(2, 20, 112)));
    assert.equal((await judge(before, worse)).verdict, 'regressed');
    const judgement = await judge(before, worse, {
      noiseFloors: new Map([['harness:costNs', 0.2]]),
    });
    assert.equal(judgement.verdict, 'ok');
  });

  it('are said to be too few for so many at once', async () => {
    const few = await judge(before, file(sampled(samples(2, 3, 100))));
    assert.match(few.notes[0] ?? '', /1 of 1 sampled figures have fewer than 4 samples on a side/);
    assert.equal(samplesNeeded(1), 4);
    // Flagging one of 200 at 5 % needs 8 samples a side.
    assert.equal(samplesNeeded(200), 8);
  });
});

describe('the noise floor', () => {
  const side = (level: number, exactValue = 1) => {
    const results = file(sampled(samples(level, 9, level)));
    const cells = results.cells.map((cell) => ({
      ...cell,
      metrics: {
        setupNs: { value: exactValue, unit: 'ns', better: 'lower', assume: 'exact' } as const,
      },
    }));
    return sideOfResults(`run ${level}`, { ...results, cells }, true);
  };

  it('is the largest difference between any two of equal runs', () => {
    const { figures, unstable } = noiseOf([side(100), side(108), side(104)]);
    assert.deepEqual(unstable, []);
    assert.equal(figures.length, 1);
    const [figure] = figures;
    assert.equal(figure?.runs, 3);
    assert.ok(figure.floor > 0.04 && figure.floor < 0.12, `${figure.floor}`);
  });

  it('finds figures that cannot vary and did', () => {
    const { unstable } = noiseOf([side(100), side(100, 2)]);
    assert.equal(unstable.length, 1);
    assert.match(unstable[0] ?? '', /:setupNs$/);
  });
});
