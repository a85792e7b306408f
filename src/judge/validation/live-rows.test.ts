import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cell, MetricValue } from '../../results/types.js';
import { liveRows } from './live-rows.js';

function cell(bytesPerSecond: number, more: Partial<Cell['metrics']> = {}, notes?: string[]): Cell {
  const metric = (value: number, samples?: number[]) => ({
    value,
    unit: 'B/s',
    better: 'higher' as const,
    assume: 'nothing' as const,
    ...(samples === undefined ? {} : { samples }),
  });
  return {
    id: 'x',
    testbed: 'live',
    profile: 'p',
    transport: 'libvchan',
    scenario: 'stream',
    scenarioVersion: 1,
    parameters: { messageSizeBytes: 4096, ringSizeBytes: 65_536, messages: 100 },
    effective: {},
    verdict: 'valid',
    metrics: { bytesPerSecond: metric(bytesPerSecond), ...more } as Cell['metrics'],
    ...(notes === undefined ? {} : { notes }),
  };
}

const HOST = { wakeUpNs: 5000, cacheLineNs: 100, eventNs: { libvchan: 1000 } };

function reasonOf(model: Cell, live: Cell): string {
  return liveRows([model], [live], HOST)[0]?.reason ?? '';
}

describe('model against live', () => {
  it('is within a quarter, or not', () => {
    assert.equal(liveRows([cell(1.2e9)], [cell(1e9)], HOST)[0]?.isWithin, true);
    assert.equal(liveRows([cell(1.3e9)], [cell(1e9)], HOST)[0]?.isWithin, false);
  });

  it('says on what the busiest domain of the model spends its time', () => {
    const attributionNs = {
      dom1: { copy: 900, 'cache-line': 300, 'guest-user': 10, idle: 5000 },
      dom2: { copy: 100 },
    };
    const reason = reasonOf({ ...cell(4e9), attributionNs }, cell(1e9));
    assert.match(
      reason,
      /4096 ns live and 1024 ns in the model, of which 74 % copy and 25 % cache-/,
    );
  });

  it('says what of a difference sleeps and events explain, and how many cache lines would be the rest', () => {
    // The slow rounds slept more: it is not they that are compared.
    const samples = [0.9, 0.1];
    const sleeps = { value: 0.5, unit: '1', better: 'lower', assume: 'nothing', samples } as const;
    const counters = { events: { delivered: 85 } } as unknown as NonNullable<Cell['counters']>;
    const rate = { ...(cell(1e9).metrics['bytesPerSecond'] as MetricValue), samples: [0.7e9, 1e9] };
    const live = { ...cell(1e9, { bytesPerSecond: rate, sleepsPerMessage: sleeps }), counters };
    const reason = reasonOf(cell(4e9), live);
    // 4096 ns against 1024 ns a message, of which 500 ns asleep.
    assert.match(reason, /0.10 sleeps a message of 5000 ns each, .* up to 500 ns/);
    assert.match(
      reason,
      /0.85 events a message more than in the model, of 1000 ns each: up to 850 ns/,
    );
    assert.match(
      reason,
      /1722 ns more \(as much as 17 cache lines\), whose parts were not measured apart/,
    );
  });

  it('names no cause where other load may be one: most rounds were far slower than the best', () => {
    const live = cell(1e9, {}, ['other load: 9.0 runnable threads']);
    const metrics = {
      bytesPerSecond: { ...live.metrics['bytesPerSecond'], value: 0.4e9, samples: [0.4e9, 1e9] },
    } as Cell['metrics'];
    const reason = reasonOf(cell(4e9), { ...live, metrics });
    assert.match(reason, /cannot be told from other load: the median round took 2.5 times/);
    assert.match(reason, /9.0 runnable threads/);
    assert.doesNotMatch(reason, /cache lines/);
  });

  it('leaves no rest where the sleeps explain it all', () => {
    const one = { unit: '1', better: 'lower', assume: 'nothing' } as const;
    const rate = { ...one, value: 1e9, samples: [1e9] };
    const sleeps = { ...one, value: 0.6, samples: [0.6] };
    const reason = reasonOf(
      cell(4e9),
      cell(1e9, { bytesPerSecond: rate, sleepsPerMessage: sleeps }),
    );
    assert.match(reason, /0.60 sleeps/);
    assert.doesNotMatch(reason, /more/);
  });

  it('blames the model where the model is slower', () => {
    assert.match(reasonOf(cell(0.5e9), cell(1e9)), /the model prices 4096 ns too much/);
  });

  it('compares nothing with a cell that has no figure', () => {
    assert.deepEqual(liveRows([cell(1e9)], [{ ...cell(1e9), metrics: {} }], HOST), []);
  });
});
