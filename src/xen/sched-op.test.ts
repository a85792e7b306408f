import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_MS, PS_PER_US } from '../base/units.js';
import type { Process } from '../sim/process.js';
import { SCHED_POLL, SCHED_SHUTDOWN, SCHED_YIELD } from './counters.js';
import { EINVAL } from './errno.js';
import { addDomain, perform, runToQuiet, sampleMachine, work } from './sample-machine.js';
import { MOST_POLLED_PORTS, schedPoll, schedShutdown, schedYield } from './sched-op.js';

describe('SCHEDOP_yield', () => {
  it('lets whoever waits go first', () => {
    const machine = sampleMachine({ pcpus: 1 });
    const guests = [addDomain(machine), addDomain(machine)];
    const order: number[] = [];
    for (const { vcpu, domid } of guests) {
      vcpu.spawn(
        'polite',
        (function* (): Process {
          for (let i = 0; i < 3; i++) {
            yield* work(vcpu, 10 * PS_PER_US);
            order.push(domid);
            yield* schedYield(vcpu);
          }
        })(),
      );
    }
    runToQuiet(machine);
    assert.deepEqual(order, [0, 1, 0, 1, 0, 1]);
    assert.equal(machine.counters.hypercalls[SCHED_YIELD], 6);
  });

  it('costs one that is alone the hypercall, and no switch', () => {
    const machine = sampleMachine({ pcpus: 1 });
    const { vcpu } = addDomain(machine);
    vcpu.spawn(
      'alone',
      (function* (): Process {
        for (let i = 0; i < 3; i++) yield* schedYield(vcpu);
      })(),
    );
    runToQuiet(machine);
    assert.equal(vcpu.tasks[0]?.state, 'done');
    assert.equal(machine.counters.work.vcpuSwitches, 0);
  });
});

describe('SCHEDOP_poll', () => {
  /** A guest that polls a masked port, and another that sends to it after a time. */
  function polling(sendAfterPs: number, timeoutPs?: number) {
    const machine = sampleMachine({ pcpus: 2 });
    const [poller, sender] = [0, 1].map((id) => addDomain(machine, { pcpus: [id] })) as [
      ReturnType<typeof addDomain>,
      ReturnType<typeof addDomain>,
    ];
    const [near, far] = poller.eventChannels.wireTo(sender.eventChannels);
    near.masked = true;
    const seen = { woke: 0, result: 99, othersRan: 0 };
    poller.vcpu.spawn(
      'poll',
      (function* (): Process {
        seen.result = yield* schedPoll(poller.vcpu, [near.number], timeoutPs);
        seen.woke = poller.vcpu.pcpu.clock;
      })(),
    );
    poller.vcpu.spawn(
      'other task',
      (function* (): Process {
        seen.othersRan = poller.vcpu.pcpu.clock;
        yield* work(poller.vcpu, 0);
      })(),
    );
    if (sendAfterPs > 0) {
      sender.vcpu.spawn(
        'send',
        (function* (): Process {
          yield* work(sender.vcpu, sendAfterPs);
          sender.eventChannels.send(sender.vcpu, far.number);
        })(),
      );
    }
    runToQuiet(machine);
    return { machine, seen, near };
  }

  it('sleeps, with all tasks of the vCPU, until a port is pending, and leaves it so', () => {
    const { machine, seen, near } = polling(PS_PER_MS);
    assert.equal(seen.result, 0);
    assert.ok(seen.woke > PS_PER_MS && seen.woke < 1.01 * PS_PER_MS);
    assert.ok(seen.othersRan > seen.woke);
    assert.equal(near.pending, true);
    assert.equal(machine.counters.hypercalls[SCHED_POLL], 1);
  });

  it('ends when the time is up', () => {
    const { seen } = polling(0, 2 * PS_PER_MS);
    assert.ok(seen.woke > 2 * PS_PER_MS && seen.woke < 2.01 * PS_PER_MS);
  });

  it('ends with an event on a port that is not masked, whichever', () => {
    const machine = sampleMachine({ pcpus: 2 });
    const [poller, sender] = [addDomain(machine), addDomain(machine, { pcpus: [1] })];
    const [near, far] = poller.eventChannels.wireTo(sender.eventChannels);
    const [polled] = poller.eventChannels.wireTo(sender.eventChannels);
    let handled = 0;
    near.handler = () => handled++;
    let ended = false;
    poller.vcpu.spawn(
      'poll',
      (function* (): Process {
        yield* schedPoll(poller.vcpu, [polled.number]);
        ended = true;
      })(),
    );
    runToQuiet(machine);
    assert.equal(ended, false);
    perform(sender.vcpu, () => sender.eventChannels.send(sender.vcpu, far.number));
    assert.deepEqual([ended, handled], [true, 1]);
  });

  it('does not sleep where a port is pending, the time is up, or the arguments are bad', () => {
    const machine = sampleMachine({ pcpus: 2 });
    const [poller, sender] = [addDomain(machine), addDomain(machine, { pcpus: [1] })];
    const [near, far] = poller.eventChannels.wireTo(sender.eventChannels);
    near.masked = true;
    perform(sender.vcpu, () => sender.eventChannels.send(sender.vcpu, far.number));
    const results: number[] = [];
    poller.vcpu.spawn(
      'poll',
      (function* (): Process {
        results.push(yield* schedPoll(poller.vcpu, [near.number]));
        results.push(yield* schedPoll(poller.vcpu, [99]));
        results.push(yield* schedPoll(poller.vcpu, new Array(MOST_POLLED_PORTS + 1).fill(1)));
        results.push(yield* schedPoll(poller.vcpu, [], 0));
      })(),
    );
    runToQuiet(machine);
    assert.deepEqual(results, [0, -EINVAL, -EINVAL, 0]);
  });
});

describe('SCHEDOP_shutdown', () => {
  it('ends the domain there: code behind it does not run', () => {
    const machine = sampleMachine();
    const domain = addDomain(machine);
    let after = false;
    domain.vcpu.spawn(
      'last',
      (function* (): Process {
        yield* schedShutdown(domain.vcpu, 'poweroff');
        after = true;
      })(),
    );
    runToQuiet(machine);
    assert.equal(domain.state, 'shutdown');
    assert.equal(after, false);
    assert.equal(machine.counters.hypercalls[SCHED_SHUTDOWN], 1);
    assert.equal(domain.vcpu.pcpu.current, undefined);
  });

  it('suspend: goes on behind it when the toolstack resumes the domain', () => {
    const machine = sampleMachine();
    const domain = addDomain(machine);
    let after = 0;
    domain.vcpu.spawn(
      'suspend',
      (function* (): Process {
        yield* schedShutdown(domain.vcpu, 'suspend');
        after = domain.vcpu.pcpu.clock;
      })(),
    );
    runToQuiet(machine);
    assert.equal(after, 0);
    machine.queue.push(5 * PS_PER_MS, { fire: () => domain.resume() });
    runToQuiet(machine);
    assert.ok(after > 5 * PS_PER_MS);
  });
});
