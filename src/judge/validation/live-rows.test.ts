import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cell } from '../../results/types.js';
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
    parameters: { messageSizeBytes: 4096, ringSizeBytes: 65_536 },
    effective: {},
    verdict: 'valid',
    metrics: { bytesPerSecond: metric(bytesPerSecond), ...more } as Cell['metrics'],
    ...(notes === undefined ? {} : { notes }),
  };
}

describe('model against live', () => {
  it('is within a quarter, or not', () => {
    assert.equal(liveRows([cell(1.2e9)], [cell(1e9)], 5000)[0]?.isWithin, true);
    assert.equal(liveRows([cell(1.3e9)], [cell(1e9)], 5000)[0]?.isWithin, false);
  });

  it('says what of a difference the sleeps explain, and what is left', () => {
    const sleeps = { value: 0.1, unit: '1', better: 'lower', assume: 'nothing' } as const;
    const live = cell(1e9, { sleepsPerMessage: sleeps }, ['other load: 4.0 runnable']);
    const [row] = liveRows([cell(4e9)], [live], 5000);
    // 4096 ns against 1024 ns a message, of which 500 ns asleep.
    assert.match(row?.reason ?? '', /3.07e\+3 ns more/);
    assert.match(row?.reason ?? '', /500 ns of it are 0.10 sleeps; 2.57e\+3 ns are the software/);
    assert.match(row?.reason ?? '', /other load/);
  });

  it('blames the model where the model is slower', () => {
    const [row] = liveRows([cell(0.5e9)], [cell(1e9)], 5000);
    assert.match(row?.reason ?? '', /the model takes .* more/);
  });

  it('compares nothing with a cell that has no figure', () => {
    assert.deepEqual(liveRows([cell(1e9)], [{ ...cell(1e9), metrics: {} }], 5000), []);
  });
});
