import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LivePair } from './live-pair.js';
import { type Contestant, type Effort, sampleTogether } from './sampling.js';

const EFFORT: Effort = {
  warmUpRounds: 2,
  warmUpMs: 0,
  turns: { spin: 8, block: 4 },
  roundsPerTurn: 1,
  longestMs: 1e9,
};

/** A cell whose rounds take no time. Says in which order the rounds came. */
function contestant(name: string, order: string[], fails = false): Contestant {
  const round = async (): Promise<readonly never[]> => {
    order.push(name);
    if (fails) throw new Error('it broke');
    return [];
  };
  const pair = { round } as unknown as LivePair;
  return { name, pair, messages: 1, samples: { spin: [], block: [] } };
}

const never = new AbortController().signal;

describe('sampling live cells', () => {
  it('takes turns, forth and back, and says how far it is', async () => {
    const order: string[] = [];
    const said: string[] = [];
    const [a, b] = [contestant('a', order), contestant('b', order)];
    await sampleTogether([a, b], EFFORT, never, (text) => said.push(text));
    assert.equal(a.samples.spin.length, 8);
    assert.equal(a.samples.block.length, 4);
    assert.match(order.join(''), /(ab)(ba)(ab)(ba)$/);
    assert.match(
      said.join('; '),
      /warming up; .*looking: turn 1 of 8; .*looking: turn 5 of 8; .*sleeping/,
    );
  });

  it('takes half of the turns where they take too long, each cell as many', async () => {
    const order: string[] = [];
    const [a, b] = [contestant('a', order), contestant('b', order)];
    await sampleTogether([a, b], { ...EFFORT, longestMs: -1 }, never, () => {});
    for (const { samples } of [a, b]) {
      assert.equal(samples.spin.length, 4);
      assert.equal(samples.block.length, 2);
    }
  });

  it('goes on without a cell that fails', async () => {
    const order: string[] = [];
    const [a, b] = [contestant('a', order, true), contestant('b', order)];
    const failures = await sampleTogether([a, b], EFFORT, never, () => {});
    assert.match(failures.get('a')?.message ?? '', /it broke/);
    assert.equal(b.samples.spin.length, 8);
    assert.equal(order.filter((name) => name === 'a').length, 1);
  });
});
