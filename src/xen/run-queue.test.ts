import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RunQueue, type Scheduled } from './run-queue.js';

const MS = 1e9;
const US = 1e6;

function queueOf(scheduler: 'credit' | 'credit2', count: number) {
  const queue = new RunQueue<Scheduled>(scheduler, MS, 10 * MS);
  const vcpus = Array.from({ length: count }, (): Scheduled => ({ credit: 0 }));
  for (const vcpu of vcpus) queue.adopt(vcpu);
  return { queue, vcpus: vcpus as [Scheduled, Scheduled, Scheduled] };
}

describe('credit2', () => {
  it('does not preempt within the ratelimit, and does not remember to do it later', () => {
    const { queue, vcpus } = queueOf('credit2', 2);
    queue.burn(vcpus[0], 5 * MS);
    const delay = queue.wakeDelay(vcpus[1], vcpus[0], 900 * US, 0);
    assert.equal(delay, Number.POSITIVE_INFINITY);
  });

  it('preempts behind the ratelimit, less its tolerance, for one with more credit', () => {
    const { queue, vcpus } = queueOf('credit2', 2);
    assert.equal(queue.wakeDelay(vcpus[1], vcpus[0], 951 * US, 951 * US), 0);
    queue.burn(vcpus[1], 2 * MS);
    assert.equal(queue.wakeDelay(vcpus[1], vcpus[0], 951 * US, 951 * US), Number.POSITIVE_INFINITY);
  });

  it('lets the one with most credit go first, and equals in the order in which they came', () => {
    const { queue, vcpus } = queueOf('credit2', 3);
    const [poor, first, second] = vcpus;
    queue.burn(poor, MS);
    for (const vcpu of vcpus) queue.insert(vcpu);
    assert.deepEqual(
      [queue.shift(), queue.shift(), queue.shift()].map((vcpu) => vcpus.indexOf(vcpu as Scheduled)),
      [vcpus.indexOf(first), vcpus.indexOf(second), vcpus.indexOf(poor)],
    );
  });

  it('gives a slice that lasts until the credit of the next in line is reached, and no shorter than the ratelimit', () => {
    const { queue, vcpus } = queueOf('credit2', 2);
    assert.equal(queue.slice(vcpus[0]), 10 * MS);
    queue.burn(vcpus[1], 4 * MS);
    queue.insert(vcpus[1]);
    assert.equal(queue.slice(vcpus[0]), 4 * MS);
    queue.burn(vcpus[0], 4 * MS);
    assert.equal(queue.slice(vcpus[0]), MS);
  });

  it('gives new credit to all when the next one has none, and little is carried over', () => {
    const { queue, vcpus } = queueOf('credit2', 2);
    queue.burn(vcpus[0], 12 * MS);
    queue.slice(vcpus[0]);
    assert.equal(vcpus[0].credit, 8 * MS);
    assert.equal(vcpus[1].credit, 10.5 * MS);
  });

  it('lifts even one that has run far beyond its credit above nothing', () => {
    const { queue, vcpus } = queueOf('credit2', 1);
    queue.burn(vcpus[0], 300 * MS);
    queue.slice(vcpus[0]);
    assert.equal(vcpus[0].credit, 10 * MS);
  });

  it('changes at the end of a slice only for more credit', () => {
    const { queue, vcpus } = queueOf('credit2', 2);
    queue.insert(vcpus[1]);
    assert.equal(queue.wantsChange(vcpus[0], 10 * MS), false);
    queue.burn(vcpus[0], 10 * MS);
    assert.equal(queue.wantsChange(vcpus[0], 10 * MS), true);
    assert.equal(queue.wantsChange(vcpus[0], 0.5 * MS), false);
  });
});

describe('credit', () => {
  it('lets one that wakes preempt as soon as the ratelimit is over', () => {
    const { queue, vcpus } = queueOf('credit', 2);
    assert.equal(queue.wakeDelay(vcpus[1], vcpus[0], 300 * US, 0), 700 * US);
    assert.equal(queue.wakeDelay(vcpus[1], vcpus[0], 3 * MS, 0), 0);
  });

  it('takes turns by whole slices, whoever has run how much', () => {
    const { queue, vcpus } = queueOf('credit', 2);
    queue.insert(vcpus[1]);
    queue.burn(vcpus[1], 9 * MS);
    assert.equal(queue.slice(vcpus[0]), 10 * MS);
    assert.equal(queue.wantsChange(vcpus[0], 10 * MS), true);
  });
});
