import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_MS, PS_PER_US } from '../base/units.js';
import { BLOCKED, type Process } from '../sim/process.js';
import {
  ENTRY_EOI,
  ENTRY_EXTERNAL_INTERRUPT,
  ENTRY_HLT,
  ENTRY_HYPERCALL,
  GUEST_USER,
  HYPERVISOR_WORK,
} from './causes.js';
import { SET_TIMER } from './counters.js';
import type { Domain } from './domain.js';
import type { Machine } from './machine.js';
import {
  addDomain,
  countedMachine,
  currentTask,
  runToQuiet,
  runUntil,
  sampleMachine,
  work,
} from './sample-machine.js';

function setTimers(machine: Machine): number {
  return machine.counters.hypercalls[SET_TIMER] as number;
}

function entries(machine: Machine, reason: number): number {
  return machine.counters.entries[reason] as number;
}

/** A guest that does nothing but work. */
function spin(domain: Domain, ps: number): void {
  domain.vcpu.spawn('spin', work(domain.vcpu, ps, Math.ceil(ps / (10 * PS_PER_US))));
}

describe('the tick of a busy guest', () => {
  it('comes 250 times a second, each with a set_timer, and for PVH an EOI', () => {
    const machine = countedMachine();
    spin(addDomain(machine), 1000 * PS_PER_MS);
    runUntil(machine, 1000 * PS_PER_MS);
    const ticks = machine.counters.work.ticks;
    assert.ok(Math.abs(ticks - 250) <= 1, `${ticks}`);
    assert.ok(Math.abs(setTimers(machine) - ticks) <= 1);
    assert.ok(Math.abs(entries(machine, ENTRY_EOI) - ticks) <= 1);
    // Real Xen: 36 interrupts in 100 ms, 11 of them the scheduler's and others'.
    const interrupts = entries(machine, ENTRY_EXTERNAL_INTERRUPT);
    assert.ok(Math.abs(interrupts - 350) < 10, `${interrupts}`);
  });

  it('falls at a moment of its own on each vCPU', () => {
    const machine = sampleMachine({ pcpus: 3, features: { guestTickHz: 1000, taggedTlb: false } });
    const moments: number[] = [];
    machine.trace.observer = {
      step(kind, timePs): void {
        if (kind === 'tick') moments.push(timePs % PS_PER_MS);
      },
    };
    const domain = addDomain(machine, { pcpus: [0, 1, 2] });
    for (const vcpu of domain.vcpus) vcpu.spawn('spin', work(vcpu, 3 * PS_PER_MS, 300));
    runUntil(machine, 3 * PS_PER_MS);
    assert.equal(new Set(moments).size, 3);
  });

  it('that falls into Xen’s own code costs no interrupt', () => {
    const machine = sampleMachine({ features: { guestTickHz: 250 } });
    const { vcpu } = addDomain(machine);
    vcpu.spawn(
      'hypercalls',
      (function* (): Process {
        for (let i = 0; i < 1000; i++) {
          // All but nothing of the time is Xen's.
          vcpu.enter(SET_TIMER);
          vcpu.pcpu.charge(HYPERVISOR_WORK, 100 * PS_PER_US);
          vcpu.leave();
          yield* work(vcpu, 0);
        }
      })(),
    );
    runUntil(machine, 100 * PS_PER_MS);
    assert.ok(machine.counters.work.ticks >= 24);
    // Ten ends of slices are taken out of the guest, wherever they fall.
    assert.ok(entries(machine, ENTRY_EXTERNAL_INTERRUPT) <= 11);
  });
});

describe('an idle guest', () => {
  it('has no ticks (NOHZ)', () => {
    const machine = countedMachine();
    const domain = addDomain(machine);
    spin(domain, PS_PER_MS);
    runToQuiet(machine);
    const before = setTimers(machine);
    machine.queue.push(500 * PS_PER_MS, { fire: () => spin(domain, 10 * PS_PER_US) });
    runToQuiet(machine);
    assert.ok(machine.counters.work.ticks <= 2);
    assert.ok(setTimers(machine) - before <= 2);
  });

  it('takes a tick that it missed with the event that wakes it: one upcall, one EOI', () => {
    const machine = countedMachine({ pcpus: 2 });
    const [sender, receiver] = [0, 1].map((id) => addDomain(machine, { pcpus: [id] })) as [
      Domain,
      Domain,
    ];
    const [near, far] = sender.eventChannels.wireTo(receiver.eventChannels);
    let handled = 0;
    far.handler = () => handled++;
    spin(receiver, 50 * PS_PER_US);
    // Its tick is armed, and finds it asleep.
    runUntil(machine, 10 * PS_PER_MS);
    const before = entries(machine, ENTRY_EOI);
    let upcalls = 0;
    machine.trace.observer = {
      step(kind, _timePs, domid): void {
        if (kind === 'upcall' && domid === receiver.domid) upcalls++;
      },
    };
    sender.vcpu.spawn(
      'send',
      (function* (): Process {
        yield* work(sender.vcpu, 0);
        sender.eventChannels.send(sender.vcpu, near.number);
      })(),
    );
    runUntil(machine, 11 * PS_PER_MS);
    assert.deepEqual([handled, upcalls, entries(machine, ENTRY_EOI) - before], [1, 1, 1]);
  });
});

describe('sleeping', () => {
  it('ends when the time is up', () => {
    for (const type of ['pv', 'pvh'] as const) {
      const machine = sampleMachine();
      const { vcpu } = addDomain(machine, { type });
      const wakes: number[] = [];
      vcpu.spawn(
        'sleeper',
        (function* (): Process {
          for (const ms of [3, 5, 4, 20]) {
            yield* vcpu.kernel.sleepUntil(ms * PS_PER_MS);
            wakes.push(vcpu.pcpu.clock);
          }
        })(),
      );
      runToQuiet(machine);
      assert.deepEqual(
        wakes.map((ps) => Math.floor(ps / PS_PER_MS)),
        [3, 5, 5, 20],
        'a time that has passed ends at once',
      );
      assert.equal(setTimers(machine), 4);
    }
  });

  it('of one task leaves the pCPU to the others', () => {
    const machine = sampleMachine();
    const { vcpu } = addDomain(machine);
    let woke = 0;
    vcpu.spawn(
      'sleeper',
      (function* (): Process {
        yield* vcpu.kernel.sleepUntil(PS_PER_MS);
        woke = vcpu.pcpu.clock;
      })(),
    );
    vcpu.spawn('busy', work(vcpu, 3 * PS_PER_MS));
    runToQuiet(machine);
    // No task is taken away for another: the sleeper goes on when the busy one is done.
    assert.ok(woke > 3 * PS_PER_MS && woke < 3.1 * PS_PER_MS);
    assert.equal(vcpu.pcpu.attribution[GUEST_USER], 3 * PS_PER_MS);
  });

  it('a timer that was cancelled wakes nobody, though another has come in its place', () => {
    const machine = sampleMachine();
    const { vcpu } = addDomain(machine);
    const order: string[] = [];
    vcpu.spawn(
      'waiter',
      (function* (): Process {
        yield* work(vcpu, 0);
        const task = currentTask(vcpu);
        const first = vcpu.kernel.wakeAt(2 * PS_PER_MS, task);
        vcpu.kernel.cancelWake(first);
        const second = vcpu.kernel.wakeAt(5 * PS_PER_MS, task);
        task.block('the second timer');
        yield BLOCKED;
        order.push(`woken at ${Math.floor(vcpu.pcpu.clock / PS_PER_MS)} ms`);
        vcpu.kernel.cancelWake(second);
        const third = vcpu.kernel.wakeAt(7 * PS_PER_MS, task);
        vcpu.kernel.cancelWake(second);
        task.block('the third timer');
        yield BLOCKED;
        order.push(`woken at ${Math.floor(vcpu.pcpu.clock / PS_PER_MS)} ms`);
        vcpu.kernel.cancelWake(third);
      })(),
    );
    runToQuiet(machine);
    assert.deepEqual(order, ['woken at 5 ms', 'woken at 7 ms']);
    assert.equal(entries(machine, ENTRY_HLT), 3, 'the cancelled timer does not even wake the vCPU');
  });

  it('of a guest that dies never ends', () => {
    const machine = sampleMachine();
    const domain = addDomain(machine);
    domain.vcpu.spawn(
      'sleeper',
      (function* (): Process {
        yield* domain.vcpu.kernel.sleepUntil(5 * PS_PER_MS);
        assert.fail('it is dead');
      })(),
    );
    runUntil(machine, PS_PER_MS);
    const before = entries(machine, ENTRY_HYPERCALL);
    domain.destroy();
    runToQuiet(machine);
    assert.equal(entries(machine, ENTRY_HYPERCALL), before);
  });
});
