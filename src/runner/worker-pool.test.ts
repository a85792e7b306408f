import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MADE_UP, madeUpRequest, madeUpScenario } from '../../test/runner/made-up-catalogue.js';
import { UserError } from '../base/errors.js';
import type { Cell } from '../results/types.js';
import { planCells } from './plan.js';
import type { PlannedCell } from './request.js';
import { executeInWorkers, type PoolOptions } from './worker-pool.js';

const SCRIPT = new URL('../../test/runner/odd-worker.js', import.meta.url);

/** One cell of each kind, in this order. */
function cellsOf(...kinds: string[]): readonly PlannedCell[] {
  const scenario = madeUpScenario('odd', {
    settings: { kind: { default: 'good', meaning: 'how it ends' } },
    sweeps: { quick: [{ ringSizeBytes: [4096] }], full: [] },
  });
  const catalogue = { ...MADE_UP, scenarios: [scenario] };
  return kinds.flatMap((kind, seed) =>
    planCells(
      madeUpRequest({ scenarios: ['odd'], transports: ['alpha'], seed, set: { kind: [kind] } }),
      catalogue,
    ),
  );
}

async function execute(
  cells: readonly PlannedCell[],
  rest: Partial<PoolOptions> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Map<string, Cell>> {
  const done = new Map<string, Cell>();
  await executeInWorkers(
    cells,
    { script: SCRIPT, workerData: {}, jobs: 2, order: 'plan', ...rest },
    { signal, onCell: (cell) => done.set(cell.id, cell) },
  );
  return done;
}

async function single(kind: string, rest: Partial<PoolOptions> = {}): Promise<Cell> {
  const cells = cellsOf('good', kind, 'good', 'good');
  const done = await execute(cells, rest);
  const verdicts = cells.map(({ id }) => done.get(id)?.verdict);
  assert.deepEqual(verdicts, ['valid', 'invalid', 'valid', 'valid']);
  return done.get(cells[1]?.id as string) as Cell;
}

describe('worker pool', () => {
  for (const jobs of [1, 2, 7]) {
    it(`carries out every cell once with ${jobs} workers`, async () => {
      const cells = cellsOf('good', 'good', 'good', 'good', 'good');
      assert.deepEqual(
        [...(await execute(cells, { jobs })).keys()].sort(),
        cells.map(({ id }) => id).sort(),
      );
    });
  }

  it('does nothing for nothing', async () => {
    assert.equal((await execute([])).size, 0);
  });

  it('makes a cell invalid whose worker ends, and goes on with another', async () => {
    assert.equal((await single('exit')).reason, 'its worker ended with code 3');
  });

  it('makes a cell invalid that throws', async () => {
    assert.equal((await single('throw')).reason, 'RangeError: the cell broke');
  });

  it('makes a cell invalid whose worker dies of an uncaught error', async () => {
    const { reason } = await single('uncaught');
    assert.equal(reason, 'its worker died: Error: thrown where nobody looks');
  });

  it('makes a cell invalid that runs out of memory', async () => {
    const { reason } = await single('memory', { resourceLimits: { maxOldGenerationSizeMb: 24 } });
    assert.match(reason ?? '', /ran out of memory/);
  });

  it('ends with the mistake of the user that a worker meets, place and remedy included', async () => {
    await assert.rejects(execute(cellsOf('good', 'user', 'good')), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(
        [error.message, error.where, error.remedy],
        ['change this first', 'there', 'like so'],
      );
      return true;
    });
  });

  it('says so when workers cannot even start', async () => {
    const script = new URL('./no-such-worker.js', import.meta.url);
    await assert.rejects(execute(cellsOf('good'), { script }), /no-such-worker/);
  });

  it('ends at once when aborted, even in the middle of a cell that never ends', async () => {
    const controller = new AbortController();
    const cells = cellsOf('good', 'endless', 'endless');
    const done = new Map<string, Cell>();
    await executeInWorkers(
      cells,
      { script: SCRIPT, workerData: {}, jobs: 2, order: 'plan' },
      {
        signal: controller.signal,
        onCell: (cell) => done.set(cell.id, cell),
        onStart: (planned) => {
          if (planned.id === cells[2]?.id) controller.abort();
        },
      },
    );
    assert.deepEqual([...done.keys()], [cells[0]?.id]);
  });

  it('begins with the expensive cells where the order is free', async () => {
    const [cheap, dear] = cellsOf('good', 'good') as [PlannedCell, PlannedCell];
    const started: string[] = [];
    await executeInWorkers(
      [cheap, { ...dear, cost: cheap.cost * 10 }],
      { script: SCRIPT, workerData: {}, jobs: 1, order: 'largest' },
      {
        signal: new AbortController().signal,
        onCell: () => {},
        onStart: ({ id }) => started.push(id),
      },
    );
    assert.deepEqual(started, [dear.id, cheap.id]);
  });

  it('ends with what the taker of cells throws', async () => {
    await assert.rejects(
      executeInWorkers(
        cellsOf('good', 'good'),
        { script: SCRIPT, workerData: {}, jobs: 1, order: 'plan' },
        {
          signal: new AbortController().signal,
          onCell: () => {
            throw new Error('the disk is full');
          },
        },
      ),
      /the disk is full/,
    );
  });
});
