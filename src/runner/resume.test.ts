import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MADE_UP, madeUpRequest } from '../../test/runner/made-up-catalogue.js';
import { UserError } from '../base/errors.js';
import { planCells } from './plan.js';
import type { PlannedCell } from './request.js';
import { checkSameOrigin, continuePlan, inPlanOrder } from './resume.js';
import { invalidCell } from './unmeasured-cell.js';

const plan = planCells(madeUpRequest(), MADE_UP);
const cellOf = (index: number) => invalidCell(plan[index] as PlannedCell, 'made up');

describe('resuming', () => {
  it('leaves to be done what the journal does not hold', () => {
    const { done, todo } = continuePlan(plan, [cellOf(2), cellOf(0)], 'x.ndjson');
    assert.deepEqual([...done.keys()], [plan[2]?.id, plan[0]?.id]);
    assert.deepEqual(todo, [plan[1], plan[3]]);
  });

  it('refuses a journal of another plan', () => {
    assert.throws(
      () => continuePlan(plan.slice(1), [cellOf(0)], 'x.ndjson'),
      (error) =>
        error instanceof UserError &&
        error.where === 'x.ndjson' &&
        /do not ask for/.test(error.message),
    );
  });

  it('refuses to go on with another program than the one that began', () => {
    const origin = { version: '1.0.0', commit: 'abc' };
    checkSameOrigin(origin, { ...origin }, 'x.ndjson');
    assert.throws(
      () => checkSameOrigin(origin, { version: '1.0.0', commit: '' }, 'x.ndjson'),
      /begun by commit abc, this is commit \(unknown\)/,
    );
  });

  it('puts cells into the order of the plan, whoever finished first', () => {
    const cells = [3, 0, 2].map(cellOf);
    const byId = new Map(cells.map((cell) => [cell.id, cell]));
    assert.deepEqual(
      inPlanOrder(plan, byId).map(({ id }) => id),
      [plan[0]?.id, plan[2]?.id, plan[3]?.id],
    );
  });
});
