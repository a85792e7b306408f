import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MADE_UP, madeUpRequest } from '../../test/runner/made-up-catalogue.js';
import type { Cell } from '../results/types.js';
import type { BatchTestbed } from '../testbed/contract.js';
import { executeBatch } from './execute-batch.js';
import { planCells } from './plan.js';
import type { Catalogue } from './request.js';

/** Refuses messages of 1 KiB through rings of 64 KiB. */
const CATALOGUE: Catalogue = {
  ...MADE_UP,
  rules: {
    refusal: ({ parameters }) =>
      parameters.ringSizeBytes === 65536 ? 'no such ring here' : undefined,
  },
};
const plan = planCells(madeUpRequest(), CATALOGUE);
const possible = plan.filter(({ parameters }) => parameters.ringSizeBytes !== 65536);

/** Hands its cells over last first, under a name of its own, and stops where it is told to. */
function testbed(stopAfter = Number.POSITIVE_INFINITY, how: () => void = () => {}): BatchTestbed {
  return {
    prepare: async () => ({}),
    async run(cells, { signal, onCell }) {
      for (const [done, index] of [...cells.keys()].reverse().entries()) {
        if (done === stopAfter) how();
        signal.throwIfAborted();
        onCell(
          {
            ...(cells[index] as (typeof plan)[number]),
            id: 'a name of its own',
            parameters: {},
            scenarioVersion: 99,
            effective: {},
            verdict: 'valid',
            metrics: {},
          },
          index,
        );
      }
    },
  };
}

async function carriedOut(of: BatchTestbed, controller = new AbortController()): Promise<Cell[]> {
  const cells: Cell[] = [];
  const execution = {
    signal: controller.signal,
    onProgress: () => undefined,
    onCell: (cell: Cell) => cells.push(cell),
  };
  await executeBatch(plan, of, CATALOGUE, execution);
  return cells;
}

describe('cells that a testbed takes all at once', () => {
  it('keep the names of the plan, and those that cannot be are skipped', async () => {
    const cells = await carriedOut(testbed());
    assert.deepEqual(cells.map(({ id }) => id).sort(), plan.map(({ id }) => id).sort());
    const valid = cells.filter(({ verdict }) => verdict === 'valid');
    assert.equal(valid.length, possible.length);
    assert.ok(valid.length > 0 && valid.every(({ scenarioVersion }) => scenarioVersion === 1));
    const skipped = cells.filter(({ verdict }) => verdict === 'skipped');
    assert.equal(skipped.length, plan.length - possible.length);
    const reasons = new Set(skipped.map(({ reason }) => reason));
    assert.deepEqual(reasons, new Set(['no such ring here', 'beta has rings up to 8192']));
  });

  it('are kept as far as they are done when the run is stopped', async () => {
    const controller = new AbortController();
    const cells = await carriedOut(
      testbed(1, () => controller.abort(new Error('stop'))),
      controller,
    );
    assert.equal(cells.filter(({ verdict }) => verdict === 'valid').length, 1);
  });

  it('end the run where the testbed fails', async () => {
    const broken = testbed(1, () => {
      throw new Error('broken');
    });
    await assert.rejects(carriedOut(broken), /broken/);
  });
});
