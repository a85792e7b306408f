import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cell } from '../../results/types.js';
import { softwareOfAnEvent } from './event-software.js';

function cell(value: number, samples?: readonly number[]): Cell {
  const metric = {
    value,
    unit: 'ns',
    better: 'lower',
    assume: 'nothing',
    ...(samples && { samples }),
  };
  return { metrics: { latencyNsP50: metric } } as unknown as Cell;
}

describe('the software of an event', () => {
  it('is half of what a round trip takes beyond the model', () => {
    assert.equal(softwareOfAnEvent(cell(400), cell(1000)), 300);
  });

  it('is taken from the best tenth of the rounds', () => {
    const rounds = [...Array.from({ length: 9 }, () => 5000), 800];
    assert.equal(softwareOfAnEvent(cell(400), cell(5000, rounds)), 200);
  });

  it('is nothing where the model is slower, or nothing was measured', () => {
    assert.equal(softwareOfAnEvent(cell(400), cell(300)), 0);
    assert.equal(softwareOfAnEvent(cell(400), undefined), 0);
    assert.equal(softwareOfAnEvent(cell(400), { metrics: {} } as unknown as Cell), 0);
  });
});
