import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { EventQueue } from './event-queue.js';

interface Planned {
  readonly delay: number;
  readonly priority: number;
  /** Pushed when this one fires. */
  readonly next: readonly Planned[];
}

/** @param depth events that each schedules, and those in turn, are so deep at most */
function planned(depth: number): fc.Arbitrary<Planned> {
  return fc.record({
    // Few different delays: ties are what could go wrong.
    delay: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1e12 })),
    priority: fc.constantFrom(0, 32, 64, 80, 127),
    next:
      depth === 0 ? fc.constant([]) : fc.array(planned(depth - 1), { maxLength: 2, size: 'max' }),
  });
}

/** The same by sorting. */
class NaiveQueue {
  private pending: { time: number; priority: number; sequence: number; what: Planned }[] = [];
  private sequence = 0;

  push(time: number, priority: number, what: Planned): number {
    this.pending.push({ time, priority, sequence: this.sequence, what });
    return this.sequence++;
  }

  /** [time, sequence] of all, in the order in which they fire. */
  run(): [number, number][] {
    const fired: [number, number][] = [];
    for (;;) {
      this.pending.sort(
        (a, b) => a.time - b.time || a.priority - b.priority || a.sequence - b.sequence,
      );
      const first = this.pending.shift();
      if (first === undefined) return fired;
      fired.push([first.time, first.sequence]);
      for (const next of first.what.next) this.push(first.time + next.delay, next.priority, next);
    }
  }
}

function runQueue(all: readonly Planned[]): [number, number][] {
  const queue = new EventQueue();
  const plans: Planned[] = [];
  const fired: [number, number][] = [];
  const push = (time: number, what: Planned): void => {
    queue.push(time, target, plans.length, what.priority);
    plans.push(what);
  };
  const target = {
    fire(timePs: number, argument: number): void {
      fired.push([timePs, argument]);
      for (const next of (plans[argument] as Planned).next) push(timePs + next.delay, next);
    },
  };
  for (const what of all) push(what.delay, what);
  for (;;) {
    const next = queue.nextTime;
    const size = queue.size;
    if (!queue.fireNext()) break;
    const [time, index] = fired.at(-1) as [number, number];
    assert.equal(time, next, 'nextTime announced another event');
    assert.equal(queue.size, size - 1 + (plans[index] as Planned).next.length);
  }
  assert.equal(queue.nextTime, Number.POSITIVE_INFINITY);
  assert.equal(queue.scheduled, plans.length);
  return fired;
}

test('fires in the order that sorting by time, priority and sequence gives', () => {
  fc.assert(
    fc.property(fc.array(planned(3), { maxLength: 100, size: 'max' }), (all) => {
      const naive = new NaiveQueue();
      for (const what of all) naive.push(what.delay, what.priority, what);
      assert.deepEqual(runQueue(all), naive.run());
    }),
    runs(300),
  );
});

describe('while an event is carried out', () => {
  it('nextTime is that of the earliest of the others', () => {
    const queue = new EventQueue();
    const seen: number[] = [];
    const target = { fire: () => void seen.push(queue.nextTime) };
    for (const time of [5, 3, 9, 7]) queue.push(time, target);
    while (queue.fireNext());
    assert.deepEqual(seen, [5, 7, 9, Number.POSITIVE_INFINITY]);
  });

  it('an earlier event than all others can be scheduled, and fires next', () => {
    const queue = new EventQueue();
    const order: number[] = [];
    const target = {
      fire(_time: number, argument: number): void {
        order.push(argument);
        if (argument !== 0) return;
        queue.push(2, target, 1);
        queue.push(1, target, 2);
      },
    };
    queue.push(0, target, 0);
    queue.push(3, target, 3);
    while (queue.fireNext());
    assert.deepEqual(order, [0, 2, 1, 3]);
  });

  it('a target that throws leaves the queue whole', () => {
    const queue = new EventQueue();
    const order: number[] = [];
    const target = {
      fire(_time: number, argument: number): void {
        if (argument === 0) throw new Error('stop');
        order.push(argument);
      },
    };
    queue.push(0, target, 0);
    queue.push(1, target, 1);
    queue.push(2, target, 2);
    assert.throws(() => queue.fireNext(), { message: 'stop' });
    assert.equal(queue.size, 2);
    while (queue.fireNext());
    assert.deepEqual(order, [1, 2]);
  });
});
