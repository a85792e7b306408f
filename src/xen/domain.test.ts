import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_US } from '../base/units.js';
import { BLOCKED, type Process } from '../sim/process.js';
import type { TraceKind } from '../sim/trace.js';
import { GUEST_USER } from './causes.js';
import { EVTCHN_SEND } from './counters.js';
import type { Domain } from './domain.js';
import type { Machine } from './machine.js';
import { PAGE_SIZE } from './memory.js';
import {
  addDomain,
  currentTask,
  perform,
  runToQuiet,
  runUntil,
  sampleMachine,
  work,
} from './sample-machine.js';
import { SharedFields } from './shared-fields.js';

function one(pcpus: readonly number[] = [0]): { machine: Machine; domain: Domain } {
  const machine = sampleMachine({ pcpus: 2 });
  return { machine, domain: addDomain(machine, { pcpus }) };
}

/** Does something at a moment, from outside any guest. */
function at(machine: Machine, timePs: number, action: () => void): void {
  machine.queue.push(timePs, { fire: action });
}

function userPs(machine: Machine): number {
  return machine.pcpus.reduce((sum, pcpu) => sum + (pcpu.attribution[GUEST_USER] as number), 0);
}

/** Crashes a domain in the middle of the n-th step of a kind that it makes. */
function crashAt(domain: Domain, kind: TraceKind, count = 1): void {
  let left = count;
  domain.machine.trace.observer = {
    step(seen, _timePs, domid): void {
      if (seen === kind && domid === domain.domid && --left === 0) domain.crash('by plan');
    },
  };
}

describe('a guest that crashes from outside', () => {
  it('stops where it stands: neither its code nor a finally of it goes on', () => {
    const { machine, domain } = one();
    const { vcpu } = domain;
    let reached = '';
    for (const end of ['order', 'block'] as const) {
      vcpu.spawn(
        end,
        (function* (): Process {
          try {
            if (end === 'order') yield* work(vcpu, 100 * PS_PER_US, 10);
            currentTask(vcpu).block('for ever');
            yield BLOCKED;
          } finally {
            reached += end;
          }
        })(),
      );
    }
    at(machine, 50 * PS_PER_US, () => domain.crash('test'));
    runToQuiet(machine);
    assert.equal(reached, '');
    assert.deepEqual([domain.state, domain.crashReason], ['crashed', 'test']);
    assert.equal(vcpu.state, 'offline');
  });

  it('has its pCPU until that moment, and not for what it was charged ahead', () => {
    const machine = sampleMachine({ pcpus: 1 });
    const [first, second] = [addDomain(machine), addDomain(machine)];
    let started = 0;
    first.vcpu.spawn('long', work(first.vcpu, 900 * PS_PER_US));
    at(machine, 10 * PS_PER_US, () => {
      second.vcpu.spawn(
        'next',
        (function* (): Process {
          started = second.vcpu.pcpu.clock;
          yield* work(second.vcpu, 5 * PS_PER_US);
        })(),
      );
    });
    at(machine, 100 * PS_PER_US, () => first.crash('test'));
    runToQuiet(machine);
    assert.ok(started > 100 * PS_PER_US && started < 101 * PS_PER_US, `${started}`);
    const used = userPs(machine) - 5 * PS_PER_US;
    assert.ok(used < 100 * PS_PER_US && used > 99 * PS_PER_US, `${used}`);
  });

  it('tells who watches, once', () => {
    const { machine, domain } = one();
    const told: Domain[] = [];
    machine.stopWatchers.push((stopped) => told.push(stopped));
    domain.crash('first');
    domain.crash('second');
    assert.deepEqual(told, [domain]);
    assert.equal(domain.crashReason, 'first');
    domain.destroy();
    assert.deepEqual(told, [domain], 'whoever destroys it knows');
  });
});

/** Fields where nothing need be mapped. */
function fieldsAt(domain: Domain, address: number): SharedFields {
  return new SharedFields(domain.memory, address, domain.machine.sharedLine(0));
}

describe('a guest that faults', () => {
  const faults: readonly [string, (domain: Domain, bad: number) => void][] = [
    ['reads', (domain, bad) => fieldsAt(domain, bad).read32(0)],
    ['writes', (domain, bad) => fieldsAt(domain, bad).write8(0, 1)],
    ['copies from', (domain, bad) => domain.memory.copy(PAGE_SIZE, bad, 16)],
    ['copies to', (domain, bad) => domain.memory.copy(bad, PAGE_SIZE, 16)],
    ['pokes', (domain, bad) => domain.memory.poke(bad, Uint8Array.of(1))],
    ['grants', (domain, bad) => void domain.grantTable.grant(bad, 0)],
  ];
  for (const [what, fault] of faults) {
    it(`${what} what it does not have: crashes, and the machine goes on`, () => {
      const { machine, domain } = one();
      const other = addDomain(machine, { pcpus: [1] });
      domain.allocate(1);
      domain.vcpu.spawn(
        'bad',
        (function* (): Process {
          yield* work(domain.vcpu, PS_PER_US);
          fault(domain, 0x123_000);
          assert.fail('goes on after a fault');
        })(),
      );
      other.vcpu.spawn('good', work(other.vcpu, 100 * PS_PER_US, 3));
      runToQuiet(machine);
      assert.equal(domain.state, 'crashed');
      assert.match(domain.crashReason, /page fault/);
      assert.equal(other.vcpu.tasks[0]?.state, 'done');
    });
  }

  it('in the handler of an event: the same', () => {
    const { machine, domain } = one();
    const other = addDomain(machine, { pcpus: [1] });
    const [near, far] = other.eventChannels.wireTo(domain.eventChannels);
    far.handler = () => domain.memory.poke(0, Uint8Array.of(1));
    domain.vcpu.spawn('busy', work(domain.vcpu, 100 * PS_PER_US));
    perform(other.vcpu, () => other.eventChannels.send(other.vcpu, near.number));
    assert.equal(domain.state, 'crashed');
    assert.equal(other.state, 'running');
  });

  it('cannot do anything more in a finally or a catch: no hypercall, no write, no event', () => {
    const { machine, domain } = one();
    const { vcpu } = domain;
    const other = addDomain(machine, { pcpus: [1] });
    const [near, far] = domain.eventChannels.wireTo(other.eventChannels);
    let handled = 0;
    far.handler = () => handled++;
    const address = domain.allocate(1);
    const fields = domain.memory.sharedFields(address);
    const attempts: readonly (() => unknown)[] = [
      () => domain.eventChannels.send(vcpu, near.number),
      () => fields.write32(0, 1),
      () => fields.add32(0, 1),
      () => fields.write8(0, 1),
      () => fields.exchangeBits8(0, 0, 1),
      () => domain.memory.copy(address, address + 64, 8),
      () => domain.memory.poke(address, Uint8Array.of(1)),
      () => domain.memory.pokeWords(address, 1, 1),
    ];
    vcpu.spawn(
      'bad',
      (function* (): Process {
        yield* work(vcpu, PS_PER_US);
        domain.memory.poke(address + 64, Uint8Array.of(7));
        try {
          domain.memory.poke(0, Uint8Array.of(1));
        } catch {
          // A guest's code cannot go on here either.
        }
        for (const attempt of attempts) {
          assert.throws(attempt, { name: 'VcpuStopped' });
        }
      })(),
    );
    runToQuiet(machine);
    assert.equal(domain.state, 'crashed');
    assert.equal(machine.counters.hypercalls[EVTCHN_SEND], 0);
    assert.equal(handled, 0);
    assert.deepEqual([...domain.memory.peek(address, 8)], new Array(8).fill(0));
  });
});

describe('a guest that crashes in the middle of its own hypercall', () => {
  it('Xen ends the hypercall, and the guest does not come back from it', () => {
    const { machine, domain } = one();
    const other = addDomain(machine, { pcpus: [1] });
    const [near, far] = domain.eventChannels.wireTo(other.eventChannels);
    let handled = 0;
    far.handler = () => handled++;
    let cameBack = false;
    crashAt(domain, 'event-send');
    domain.vcpu.spawn(
      'sender',
      (function* (): Process {
        yield* work(domain.vcpu, PS_PER_US);
        domain.eventChannels.send(domain.vcpu, near.number);
        cameBack = true;
      })(),
    );
    runToQuiet(machine);
    assert.equal(domain.state, 'crashed');
    assert.equal(cameBack, false);
    assert.equal(handled, 1, 'the event was sent');
    assert.equal(domain.vcpu.pcpu.current, undefined);
    assert.equal(domain.vcpu.pcpu.loaded, undefined);
  });

  it('whatever the step: the pCPU is free for the next, and the accounts are right', () => {
    const kinds: readonly TraceKind[] = ['hypercall', 'entry', 'event-send', 'upcall', 'wake'];
    for (const kind of kinds) {
      for (let count = 1; count <= 6; count++) {
        const machine = sampleMachine({ pcpus: 1, features: { lazyFpu: true } });
        const [domain, other] = [addDomain(machine, { type: 'pv' }), addDomain(machine)];
        const [near, far] = domain.eventChannels.wireTo(other.eventChannels);
        far.handler = () => {};
        near.handler = () => {};
        crashAt(domain, kind, count);
        for (const [guest, port] of [
          [domain, near],
          [other, far],
        ] as const) {
          guest.vcpu.spawn(
            'chat',
            (function* (): Process {
              for (let i = 0; i < 5; i++) {
                yield* work(guest.vcpu, 3 * PS_PER_US);
                guest.eventChannels.send(guest.vcpu, port.number);
                yield* guest.vcpu.kernel.sleepUntil(guest.vcpu.pcpu.clock + PS_PER_US);
              }
            })(),
          );
        }
        runToQuiet(machine);
        assert.equal(other.vcpu.tasks[0]?.state, 'done', `${kind} ${count}`);
      }
    }
  });
});

describe('a domain that is destroyed', () => {
  it('while its tasks wait, sleep, run and are woken: all frames come back, and nothing runs on', () => {
    for (let moment = 0; moment <= 40; moment++) {
      const { machine, domain } = one([0, 1]);
      domain.allocate(5);
      const [first, second] = domain.vcpus;
      assert.ok(first !== undefined && second !== undefined);
      let steps = 0;
      for (const vcpu of [first, second]) {
        vcpu.spawn(
          'a',
          (function* (): Process {
            for (;;) {
              steps++;
              yield* work(vcpu, 2 * PS_PER_US);
              yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + 3 * PS_PER_US);
            }
          })(),
        );
        vcpu.spawn('b', work(vcpu, 20 * PS_PER_US, 4));
      }
      let before = 0;
      at(machine, moment * PS_PER_US, () => {
        before = steps;
        domain.destroy();
      });
      runToQuiet(machine);
      assert.equal(steps, before);
      assert.equal(domain.state, 'dead');
      assert.equal(machine.memory.allocatedFrames, 0);
      assert.equal(machine.domain(domain.domid), undefined);
      for (const pcpu of machine.pcpus) assert.equal(pcpu.current, undefined);
    }
  });

  it('twice, or after a crash, is destroyed once', () => {
    const { machine, domain } = one();
    let told = 0;
    machine.extend('test', () => ({ domainDestroyed: () => void told++ }));
    domain.crash('test');
    domain.destroy();
    domain.destroy();
    assert.equal(told, 1);
    assert.equal(domain.state, 'dead');
  });

  it('extensions learn of it while its ports are closed and its frames still there', () => {
    const { machine, domain } = one();
    domain.allocate(3);
    const seen: number[] = [];
    machine.extend('test', () => ({
      domainDestroyed: (gone: Domain) => void seen.push(gone.heldFrames, gone.eventChannels.count),
    }));
    domain.destroy();
    assert.deepEqual(seen, [3, 0]);
  });
});

describe('a domain that is paused', () => {
  it('does nothing until it goes on, and then all that it had still to do', () => {
    const { machine, domain } = one();
    let end = 0;
    domain.vcpu.spawn(
      'busy',
      (function* (): Process {
        yield* work(domain.vcpu, 100 * PS_PER_US);
        end = domain.vcpu.pcpu.clock;
      })(),
    );
    at(machine, 30 * PS_PER_US, () => domain.pause());
    at(machine, 530 * PS_PER_US, () => domain.unpause());
    runToQuiet(machine);
    assert.ok(end > 600 * PS_PER_US && end < 601 * PS_PER_US, `${end}`);
    assert.equal(userPs(machine), 100 * PS_PER_US);
  });

  it('counts pauses', () => {
    const { machine, domain } = one();
    domain.pause();
    domain.pause();
    domain.vcpu.spawn('task', work(domain.vcpu, PS_PER_US));
    runToQuiet(machine);
    domain.unpause();
    runToQuiet(machine);
    assert.equal(userPs(machine), 0);
    domain.unpause();
    runToQuiet(machine);
    assert.equal(userPs(machine), PS_PER_US);
    assert.throws(() => domain.unpause(), { name: 'InvariantViolation' });
  });

  it('keeps events and timers for later, and gives its pCPU to others', () => {
    const machine = sampleMachine({ pcpus: 1 });
    const [domain, other] = [addDomain(machine), addDomain(machine)];
    const [near, far] = other.eventChannels.wireTo(domain.eventChannels);
    let handled = 0;
    far.handler = () => handled++;
    let woke = 0;
    domain.vcpu.spawn(
      'sleeper',
      (function* (): Process {
        yield* domain.vcpu.kernel.sleepUntil(50 * PS_PER_US);
        woke = domain.vcpu.pcpu.clock;
      })(),
    );
    at(machine, 20 * PS_PER_US, () => domain.pause());
    at(machine, 30 * PS_PER_US, () =>
      other.vcpu.spawn(
        'send',
        (function* (): Process {
          yield* work(other.vcpu, PS_PER_US);
          other.eventChannels.send(other.vcpu, near.number);
        })(),
      ),
    );
    runUntil(machine, 200 * PS_PER_US);
    assert.deepEqual([handled, woke], [0, 0]);
    domain.unpause();
    runToQuiet(machine);
    assert.equal(handled, 1);
    assert.ok(woke > 0);
  });
});

describe('a domain that shuts down or suspends', () => {
  it('runs no more, and whoever watches is told', () => {
    const { machine, domain } = one();
    const told: string[] = [];
    machine.stopWatchers.push(({ state, shutdownReason }) =>
      told.push(`${state} ${shutdownReason}`),
    );
    domain.vcpu.spawn('busy', work(domain.vcpu, 100 * PS_PER_US, 100));
    at(machine, 10 * PS_PER_US, () => domain.shutdown('poweroff'));
    runToQuiet(machine);
    assert.deepEqual(told, ['shutdown poweroff']);
    assert.ok(userPs(machine) <= 10 * PS_PER_US);
    assert.throws(() => domain.resume(), { name: 'InvariantViolation' });
    domain.destroy();
    assert.equal(domain.state, 'dead');
  });

  it('goes on where it stood when it is resumed', () => {
    const { machine, domain } = one();
    domain.vcpu.spawn('busy', work(domain.vcpu, 100 * PS_PER_US, 8));
    at(machine, 10 * PS_PER_US, () => domain.shutdown('suspend'));
    at(machine, 500 * PS_PER_US, () => domain.resume());
    runToQuiet(machine);
    assert.equal(userPs(machine), 100 * PS_PER_US);
    assert.equal(domain.state, 'running');
    assert.ok((machine.pcpus[0]?.clock as number) > 590 * PS_PER_US);
  });
});

it('a page that a guest gives back is no longer in its TLB', () => {
  const { machine, domain } = one();
  const address = domain.allocate(1);
  domain.memory.warm(address, 1);
  domain.free(address, 1);
  const again = domain.allocate(1);
  assert.equal(again, address);
  const other = domain.allocate(1);
  domain.memory.warm(other, 1);
  const before = machine.counters.tlb.misses;
  perform(domain.vcpu, () => domain.memory.copy(again, other, 16));
  assert.equal(machine.counters.tlb.misses - before, 1);
});
