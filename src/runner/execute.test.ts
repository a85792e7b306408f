import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MADE_UP, madeUpRequest } from '../../test/runner/made-up-catalogue.js';
import { executeHere } from './execute.js';
import { planCells } from './plan.js';
import { invalidCell } from './unmeasured-cell.js';

const plan = planCells(madeUpRequest(), MADE_UP);
const ids = plan.map(({ id }) => id);

describe('executing on this thread', () => {
  it('takes cells one by one, in their order', async () => {
    const seen: string[] = [];
    await executeHere(plan, async (planned) => invalidCell(planned, 'made up'), {
      signal: new AbortController().signal,
      onStart: ({ id }) => seen.push(`start ${id}`),
      onCell: ({ id }) => seen.push(`end ${id}`),
    });
    assert.deepEqual(
      seen,
      ids.flatMap((id) => [`start ${id}`, `end ${id}`]),
    );
  });

  it('gives up the cell in which it is aborted, and begins no other', async () => {
    const controller = new AbortController();
    const done: string[] = [];
    await executeHere(
      plan,
      async (planned) => {
        if (planned.id === ids[1]) controller.abort();
        return invalidCell(planned, 'made up');
      },
      { signal: controller.signal, onCell: ({ id }) => done.push(id) },
    );
    assert.deepEqual(done, [ids[0]]);
  });

  it('ends with what a cell throws', async () => {
    const broken = async (): Promise<never> => {
      throw new Error('broken');
    };
    const execution = { signal: new AbortController().signal, onCell: () => {} };
    await assert.rejects(executeHere(plan, broken, execution), /broken/);
  });
});
