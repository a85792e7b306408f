import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_US } from '../base/units.js';
import { BLOCKED, ORDER, type Process } from '../sim/process.js';
import { ENTRY_EXTERNAL_INTERRUPT, ENTRY_HLT, GUEST_USER, HYPERVISOR_WORK } from './causes.js';
import type { Domain } from './domain.js';
import type { EventPort } from './event-channels.js';
import type { Machine } from './machine.js';
import { addDomain, currentTask, runToQuiet, sampleMachine, work } from './sample-machine.js';
import { Task } from './task.js';
import { Xenstored } from './xenstore/xenstored.js';

/** A channel from one guest to another, as the toolstack connects them. */
function wired(from: Domain, to: Domain): readonly [EventPort, EventPort] {
  return from.eventChannels.wireTo(to.eventChannels);
}

function pair(prices: Parameters<typeof sampleMachine>[0] = {}) {
  const machine = sampleMachine({ pcpus: 2, ...prices });
  const sender = addDomain(machine, { pcpus: [0] });
  const receiver = addDomain(machine, { pcpus: [1] });
  const [near, far] = wired(sender, receiver);
  return { machine, sender, receiver, near, far };
}

/** A guest that sends one event when it has worked for so long. */
function sendAfter(sender: Domain, port: EventPort, ps: number): void {
  sender.vcpu.spawn(
    'send',
    (function* (): Process {
      yield* work(sender.vcpu, ps);
      sender.eventChannels.send(sender.vcpu, port.number);
    })(),
  );
}

function exits(machine: Machine, reason: number): number {
  return machine.counters.entries[reason] as number;
}

describe('an event for a vCPU', () => {
  it('that sleeps: wakes it after IPI and wake-up', () => {
    const { machine, sender, near, far } = pair({
      prices: { ipi: 5 * PS_PER_US, vcpuWake: 20 * PS_PER_US },
    });
    const at: number[] = [];
    far.handler = () => at.push(far.vcpu.pcpu.clock);
    sendAfter(sender, near, 100 * PS_PER_US);
    runToQuiet(machine);
    const [arrived] = at as [number];
    // The sender wakes up too: 20 + 100 + 5 + 20.
    assert.ok(arrived > 145 * PS_PER_US && arrived < 146 * PS_PER_US, `${arrived}`);
    assert.equal(exits(machine, ENTRY_EXTERNAL_INTERRUPT), 0);
    assert.equal(machine.counters.events.ipis, 1);
  });

  it('that runs guest code: takes it out of it, in the middle of its work', () => {
    const { machine, sender, receiver, near, far } = pair({ prices: { ipi: 5 * PS_PER_US } });
    let handled = 0;
    far.handler = () => handled++;
    receiver.vcpu.spawn('busy', work(receiver.vcpu, 1000 * PS_PER_US));
    sendAfter(sender, near, 100 * PS_PER_US);
    runToQuiet(machine);
    assert.equal(handled, 1);
    assert.equal(exits(machine, ENTRY_EXTERNAL_INTERRUPT), 1);
    assert.equal(receiver.vcpu.pcpu.attribution[GUEST_USER], 1000 * PS_PER_US);
  });

  it("that is in Xen's own code: costs no entry", () => {
    const { machine, sender, receiver, near, far } = pair({ prices: { ipi: 5 * PS_PER_US } });
    let handled = 0;
    far.handler = () => handled++;
    receiver.vcpu.spawn(
      'in Xen',
      (function* (): Process {
        receiver.vcpu.pcpu.charge(HYPERVISOR_WORK, 1000 * PS_PER_US);
        while (receiver.vcpu.isAhead()) yield ORDER;
      })(),
    );
    sendAfter(sender, near, 100 * PS_PER_US);
    runToQuiet(machine);
    assert.equal(handled, 1);
    assert.equal(exits(machine, ENTRY_EXTERNAL_INTERRUPT), 0);
  });

  it('that is on its way to block: keeps it awake, before the IPI arrives', () => {
    const { machine, sender, receiver, near, far } = pair({
      prices: { ipi: 500 * PS_PER_US, schedOp: 50 * PS_PER_US, taskSwitch: 0 },
    });
    const at: number[] = [];
    far.handler = () => at.push(far.vcpu.pcpu.clock);
    // It halts at 100 us, and Xen has come to block it at 150 us: the event is marked between the two.
    receiver.vcpu.spawn('short', work(receiver.vcpu, 100 * PS_PER_US));
    sendAfter(sender, near, 120 * PS_PER_US);
    runToQuiet(machine);
    const [arrived] = at as [number];
    assert.ok(arrived > 150 * PS_PER_US && arrived < 160 * PS_PER_US, `${arrived / PS_PER_US} us`);
    assert.equal(machine.counters.work.vcpuSwitches, 0);
    // The receiver halts once more for nothing, and the sender once.
    assert.equal(exits(machine, ENTRY_HLT), 3);
  });

  it('that has just blocked, sent by one that is ahead: wakes it when it is sent', () => {
    const { machine, sender, receiver, near, far } = pair({
      // A hypercall so long that the sender's end of it lies far ahead of the receiver.
      prices: { vmexit: 80 * PS_PER_US, ipi: 10 * PS_PER_US, schedOp: 1000, taskSwitch: 0 },
    });
    const at: number[] = [];
    far.handler = () => at.push(far.vcpu.pcpu.clock);
    receiver.vcpu.spawn('short', work(receiver.vcpu, 60 * PS_PER_US));
    sendAfter(sender, near, 70 * PS_PER_US);
    runToQuiet(machine);
    const [arrived] = at as [number];
    assert.ok(arrived > 150 * PS_PER_US, `${arrived / PS_PER_US} us: not before it was sent`);
  });

  it('that is still to be sent: does not come with the timer that wakes the receiver before', () => {
    const { machine, sender, receiver, near, far } = pair({
      prices: { vmexit: 80 * PS_PER_US, ipi: 10 * PS_PER_US, vcpuWake: 0 },
    });
    const at: number[] = [];
    far.handler = () => at.push(far.vcpu.pcpu.clock);
    let woke = 0;
    receiver.vcpu.spawn(
      'sleeper',
      (function* (): Process {
        yield* receiver.vcpu.kernel.sleepUntil(275 * PS_PER_US);
        woke = receiver.vcpu.pcpu.clock;
        yield* work(receiver.vcpu, 300 * PS_PER_US);
      })(),
    );
    // In Xen from 270 us; the event is sent at 350.
    sendAfter(sender, near, 270 * PS_PER_US);
    runToQuiet(machine);
    const [arrived] = at as [number];
    assert.ok(woke < 290 * PS_PER_US, `${woke / PS_PER_US} us`);
    assert.ok(arrived > 360 * PS_PER_US && arrived < 680 * PS_PER_US, `${arrived / PS_PER_US} us`);
  });

  it('that is coalesced with others: one upcall for all ports', () => {
    const { machine, sender, receiver, near, far } = pair();
    const [near2, far2] = wired(sender, receiver);
    let handled = 0;
    far.handler = () => handled++;
    far2.handler = () => handled++;
    let upcalls = 0;
    machine.trace.observer = {
      step(kind, _timePs, domid): void {
        if (kind === 'upcall' && domid === receiver.domid) upcalls++;
      },
    };
    receiver.pause();
    sendAfter(sender, near, PS_PER_US);
    sendAfter(sender, near2, PS_PER_US);
    runToQuiet(machine);
    assert.equal(handled, 0);
    receiver.unpause();
    runToQuiet(machine);
    assert.deepEqual([handled, upcalls], [2, 1]);
  });

  it('that is offline: stays pending, and holds nobody up', () => {
    const { machine, sender, receiver, near, far } = pair();
    far.handler = () => assert.fail('a dead guest handles no event');
    receiver.crash('test');
    sendAfter(sender, near, PS_PER_US);
    runToQuiet(machine);
    assert.equal(far.pending, true);
    assert.equal(receiver.vcpu.state, 'offline');
  });
});

describe('tasks of one vCPU', () => {
  it('run one after the other, until each blocks or ends', () => {
    const machine = sampleMachine();
    const { vcpu } = addDomain(machine);
    const order: string[] = [];
    const tasks: Task[] = [];
    for (const name of ['a', 'b']) {
      vcpu.spawn(
        name,
        (function* (): Process {
          order.push(`${name} starts`);
          tasks.push(currentTask(vcpu));
          currentTask(vcpu).block('the other');
          tasks[tasks.length - 2]?.wake();
          yield BLOCKED;
          order.push(`${name} ends`);
          for (const task of tasks) task.wake();
        })(),
      );
    }
    runToQuiet(machine);
    assert.deepEqual(order, ['a starts', 'b starts', 'a ends', 'b ends']);
    assert.deepEqual(
      vcpu.tasks.map(({ state }) => state),
      ['done', 'done'],
    );
    assert.equal(machine.counters.work.taskSwitches, 8);
  });

  it('Task.call runs a process on top of the caller and hands its result back', () => {
    const machine = sampleMachine();
    const { vcpu } = addDomain(machine);
    const results: unknown[] = [];
    function* inner(depth: number): Process<number> {
      yield* work(vcpu, 1000);
      if (depth === 0) return 1;
      return 1 + (yield* Task.call(currentTask(vcpu), inner(depth - 1)));
    }
    vcpu.spawn(
      'caller',
      (function* (): Process {
        results.push(yield* Task.call(currentTask(vcpu), inner(3)));
        yield* work(vcpu, 1000);
        results.push('after');
      })(),
    );
    runToQuiet(machine);
    assert.deepEqual(results, [4, 'after']);
    assert.equal(vcpu.tasks[0]?.state, 'done');
  });
});

describe('two vCPUs of one guest', () => {
  it('wake each other’s tasks by an interrupt, asleep or busy', () => {
    for (const busyPs of [0, 500 * PS_PER_US]) {
      const machine = sampleMachine({ pcpus: 2, prices: { ipi: 5 * PS_PER_US } });
      const domain = addDomain(machine, { pcpus: [0, 1] });
      const [first, second] = domain.vcpus;
      assert.ok(first !== undefined && second !== undefined);
      let woke = 0;
      let waiter: Task | undefined;
      second.spawn(
        'waiter',
        (function* (): Process {
          yield* work(second, 0);
          waiter = currentTask(second);
          waiter.block('the other vCPU');
          yield BLOCKED;
          woke = second.pcpu.clock;
        })(),
      );
      second.spawn('busy', work(second, busyPs));
      first.spawn(
        'waker',
        (function* (): Process {
          yield* work(first, 100 * PS_PER_US);
          waiter?.wake();
          yield* work(first, 1000 * PS_PER_US);
        })(),
      );
      runToQuiet(machine);
      const earliest = Math.max(busyPs, 105 * PS_PER_US);
      assert.ok(woke > earliest && woke < earliest + 5 * PS_PER_US, `${woke / PS_PER_US} us`);
      assert.equal(machine.counters.events.ipis, 1);
    }
  });

  it('ask xenstore each for itself', () => {
    const machine = sampleMachine({ pcpus: 3 });
    const xenstored = new Xenstored(addDomain(machine, { type: 'pv' }));
    const domain = addDomain(machine, { pcpus: [1, 2] });
    const xenstore = xenstored.introduce(domain);
    const answers: (string | undefined)[] = [];
    for (const vcpu of domain.vcpus) {
      vcpu.spawn(
        'client',
        (function* (): Process {
          const path = `/local/domain/${domain.domid}/data/${vcpu.id}`;
          for (let i = 0; i < 5; i++) {
            yield* xenstore.write(path, `${vcpu.id}.${i}`);
            answers.push(yield* xenstore.read(path));
            assert.equal(machine.executing, vcpu);
          }
        })(),
      );
    }
    runToQuiet(machine);
    assert.deepEqual([...answers].sort(), [
      '0.0',
      '0.1',
      '0.2',
      '0.3',
      '0.4',
      '1.0',
      '1.1',
      '1.2',
      '1.3',
      '1.4',
    ]);
  });
});
