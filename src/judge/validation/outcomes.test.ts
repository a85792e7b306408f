import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cell, ParameterValue } from '../../results/types.js';
import { compareOutcomes } from './outcomes.js';
import { validate } from './validation.js';

function cell(
  testbed: string,
  outcome: Readonly<Record<string, ParameterValue>>,
  counts: Readonly<Record<string, number>> = {},
  verdict: Cell['verdict'] = 'valid',
): Cell {
  const parameters = {
    ringSizeBytes: 4096,
    messageSizeBytes: 64,
    messages: 1,
    guestType: 'pvh',
    grantMode: 'persistent',
    placement: testbed === 'xen' ? 'shared' : 'own',
    seed: 1,
    order: 'server-first',
  };
  const metrics = Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [
      name,
      { value, unit: '1', better: 'lower', assume: 'exact' } as const,
    ]),
  );
  return {
    id: `${testbed}/destroy-order`,
    testbed,
    profile: 'p',
    transport: 'libvchan',
    scenario: 'destroy-order',
    scenarioVersion: 1,
    parameters,
    effective: {},
    verdict,
    ...(verdict === 'valid' ? { outcome } : { reason: 'it broke\nthe console' }),
    metrics,
  };
}

const zombie = { finding: 'zombie', zombieLeft: true, clientTold: false };

describe('what breaks, in the model and on real Xen', () => {
  it('agrees where every field that both have is the same, whatever the sentences', () => {
    const [row] = compareOutcomes(
      [cell('model', { ...zombie, reason: 'one way', onlyHere: 1 }, { framesStuck: 3 })],
      [cell('xen', { ...zombie, reason: 'another' }, { framesStuck: 3 })],
    );
    assert.equal(row?.verdict, 'agrees');
    assert.equal(row?.cell, 'libvchan destroy-order, pvh, ring 4 KiB, order=server-first');
    assert.deepEqual(
      row?.fields.map(({ name }) => name),
      ['finding', 'zombieLeft', 'clientTold', 'framesStuck'],
    );
  });

  it('canary: one frame more, or another word, and the model does not hold', () => {
    const model = [cell('model', zombie, { framesStuck: 3 })];
    for (const real of [
      cell('xen', zombie, { framesStuck: 4 }),
      cell('xen', { ...zombie, clientTold: true }, { framesStuck: 3 }),
    ]) {
      const { summary, outcomes } = validate({
        model: [],
        recorded: [],
        fresh: [],
        published: [],
        breaking: { model, real: [real] },
      });
      assert.equal(outcomes[0]?.verdict, 'differs');
      assert.equal(summary.outcomes.differ, 1);
      assert.equal(summary.holds, false);
    }
  });

  it('is not compared where real Xen came to nothing, and says why; alone it confirms nothing', () => {
    const model = [cell('model', zombie)];
    const real = [cell('xen', {}, {}, 'unknown')];
    const { summary, outcomes } = validate({
      model: [],
      recorded: [],
      fresh: [],
      published: [],
      breaking: { model, real },
    });
    assert.equal(outcomes[0]?.reason, "real Xen's cell is unknown: it broke");
    assert.ok(summary.empty && !summary.holds);
  });

  it('meets by parameters, not by where domains ran', () => {
    const other = cell('xen', zombie);
    const elsewhere = { ...other, parameters: { ...other.parameters, order: 'client-hung' } };
    assert.deepEqual(compareOutcomes([cell('model', zombie)], [elsewhere]), []);
  });
});
