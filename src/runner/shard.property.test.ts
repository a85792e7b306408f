import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { MADE_UP, madeUpRequest } from '../../test/runner/made-up-catalogue.js';
import { Prng } from '../base/prng.js';
import { planCells } from './plan.js';
import { assignment, parseRanges, rangesText, shardPlan } from './shard.js';

const cells = (count: number, prng: Prng) =>
  Array.from({ length: count }, (_, i) => {
    // Costs as real ones: most small, a few large.
    const cost = 1000 + 100_000 * prng.fraction() * prng.fraction() * prng.fraction();
    return { id: `model/p/v4v/stream/messageSizeBytes=${64 << (i % 16)},seed=${i}`, cost };
  });

describe('sharing out', () => {
  it('gives every cell to exactly one shard', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 12 }),
        (count, of) => {
          const plan = cells(count, new Prng(count));
          const assigned = assignment(plan, of);
          assert.equal(assigned.size, count);
          for (const shard of assigned.values()) assert.ok(shard >= 1 && shard <= of);
        },
      ),
      runs(50),
    );
  });

  it('balances expected work: no shard has much more than its share', () => {
    for (const of of [2, 3, 4, 8]) {
      const plan = cells(400, new Prng(of));
      const loads = new Map<number, number>();
      let total = 0;
      const assigned = assignment(plan, of);
      for (const { id, cost } of plan) {
        const shard = assigned.get(id) as number;
        loads.set(shard, (loads.get(shard) ?? 0) + cost);
        total += cost;
      }
      const most = Math.max(...loads.values());
      assert.ok(most <= (1.1 * total) / of + 1e-6, `${of}: ${most} of ${total}`);
      assert.equal(loads.size, of);
    }
  });

  it('does not depend on the order of the plan', () => {
    const plan = cells(100, new Prng(1));
    const shuffled = new Prng(2).shuffle([...plan]);
    assert.deepEqual([...assignment(plan, 5)].sort(), [...assignment(shuffled, 5)].sort());
  });

  it('leaves nearly all cells where they were when some are added', () => {
    for (const of of [2, 4, 8]) {
      const plan = cells(440, new Prng(of + 20));
      const before = assignment(plan.slice(0, 400), of);
      const after = assignment(plan, of);
      let moved = 0;
      for (const [id, shard] of before) if (after.get(id) !== shard) moved++;
      // Sharing out anew would move (of - 1) / of of them.
      assert.ok(moved <= 0.15 * 400, `${moved} of 400 moved between ${of} shards`);
    }
  });

  it('copes with one cell that outweighs all others', () => {
    const plan = [{ id: 'giant', cost: 1e9 }, ...cells(50, new Prng(3))];
    const assigned = assignment(plan, 4);
    const beside = [...assigned].filter(([, shard]) => shard === assigned.get('giant')).length;
    assert.equal(beside, 1, 'nobody is put beside the giant');
  });

  it('gives each shard its cells in plan order, with their places', () => {
    const plan = planCells(madeUpRequest({ suite: 'quick', seeds: 5 }), MADE_UP);
    const seen = new Map<number, string>();
    for (const index of [1, 2, 3]) {
      const { cells: own, record } = shardPlan(plan, { index, of: 3 });
      const places = parseRanges(record.positions, plan.length);
      assert.equal(places?.length, own.length);
      places?.forEach((place, i) => {
        seen.set(place, own[i]?.id ?? '');
      });
      assert.equal(record.plannedCells, plan.length);
    }
    assert.deepEqual(
      [...seen].sort((a, b) => a[0] - b[0]).map(([, id]) => id),
      plan.map(({ id }) => id),
    );
  });

  it('tells plans apart', () => {
    const hash = (seeds: number) =>
      shardPlan(planCells(madeUpRequest({ seeds }), MADE_UP), { index: 1, of: 2 }).record.planHash;
    assert.equal(hash(3), hash(3));
    assert.notEqual(hash(3), hash(4));
  });
});

describe('ranges of places', () => {
  it('come back from their text', () => {
    const places = fc.uniqueArray(fc.nat({ max: 500 })).map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(places, (list) => {
        assert.deepEqual(parseRanges(rangesText(list), 1000), list);
      }),
      runs(100),
    );
    assert.equal(rangesText([0, 1, 2, 7, 9, 10]), '0-2,7,9-10');
  });

  for (const text of ['x', '1-', '-1', '3-2', '1,1', '2,1', '0-999999999', '1,,2', ' 1']) {
    it(`are not read from "${text}"`, () => {
      assert.equal(parseRanges(text, 1000), undefined);
    });
  }
});
