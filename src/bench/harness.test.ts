import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CATALOGUE } from '../cli/catalogue.js';
import type { Profile } from '../profiles/profile.js';
import { benchPlan, type Parts, runBenchCell } from './cell-plans.js';
import { measureHarness } from './harness.js';
import { sample } from './series.js';

const parts: Parts = { ...CATALOGUE, profile: CATALOGUE.profiles[0] as Profile };

describe('sampling the harness', () => {
  it('takes as many samples as asked, in the order in which they came, after warming up', () => {
    let calls = 0;
    const series = sample(
      'counted',
      { samples: 5, warmup: 3 },
      () => {
        calls++;
      },
      () => calls,
    );
    assert.equal(calls, 8);
    assert.equal(series.samples.length, 5);
    assert.equal(
      sample(
        'none',
        { samples: 2, warmup: 0 },
        () => {},
        () => 7,
      ).median,
      7,
    );
  });

  it('ends with what the work throws', () => {
    const broken = (): never => {
      throw new Error('the work is broken');
    };
    assert.throws(
      () => sample('x', { samples: 2, warmup: 0 }, broken, (ms) => ms),
      /work is broken/,
    );
  });

  it('gives figures of the wall clock, and says that they are samples', () => {
    const start = performance.now();
    const metrics = measureHarness(parts);
    const elapsedMs = performance.now() - start;
    const speed = metrics['simulatedMessagesPerSecond'];
    assert.equal(speed?.assume, 'nothing');
    assert.equal(speed.better, 'higher');
    assert.equal(speed.samples?.length, 8);
    assert.ok(speed.value > 0);
    // A second is promised on an idle machine; tests share theirs.
    assert.ok(elapsedMs < 10_000, `${elapsedMs} ms`);
  });

  it('measures nothing with a cell that is not sound', () => {
    const plan = benchPlan(parts, {
      transport: 'libvchan',
      scenario: 'stream',
      parameters: { messages: 10, ringSizeBytes: 32 * 1024 * 1024 },
    });
    assert.ok(plan);
    assert.throws(() => runBenchCell(plan), /a cell of the benchmark is not valid/);
    const none = { transport: 'nobody', scenario: 'stream', parameters: { messages: 1 } };
    assert.equal(benchPlan(parts, none), undefined);
  });
});
