import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation } from '../base/errors.js';
import { PS_PER_US } from '../base/units.js';
import { MachineCounters } from './counters.js';
import { addDomain, runToQuiet, sampleMachine, work } from './sample-machine.js';
import { Tlb } from './tlb.js';

describe('Machine.run', () => {
  it('ends when nothing is left, at a moment, after so many events, or when it is told to', () => {
    const machine = sampleMachine();
    assert.equal(machine.run(), 'quiet');
    const fired: number[] = [];
    const target = { fire: (timePs: number) => void fired.push(timePs) };
    for (const time of [1, 2, 3, 4, 5]) machine.queue.push(time, target);
    assert.equal(machine.run({ timePs: 2 }), 'time-limit');
    assert.deepEqual(fired, [1, 2]);
    assert.equal(machine.run({ events: 1 }), 'event-limit');
    assert.deepEqual(fired, [1, 2, 3]);
    machine.queue.push(4, { fire: () => machine.finish() }, 0, 0);
    assert.equal(machine.run(), 'finished');
    assert.equal(machine.run(), 'quiet');
    assert.deepEqual(fired, [1, 2, 3, 4, 5]);
    assert.equal(machine.now, 5);
  });

  it('refuses an event that lies in the past', () => {
    const machine = sampleMachine();
    machine.queue.push(10, { fire: () => machine.queue.push(9, { fire: () => {} }) });
    assert.throws(() => machine.run(), InvariantViolation);
  });
});

describe('a machine', () => {
  it('numbers its domains from 0, and finds them until they are gone', () => {
    const machine = sampleMachine();
    const domains = [addDomain(machine), addDomain(machine), addDomain(machine)];
    assert.deepEqual(
      domains.map(({ domid }) => domid),
      [0, 1, 2],
    );
    domains[1]?.destroy();
    assert.deepEqual(
      [...machine.allDomains()].map(({ domid }) => domid),
      [0, 2],
    );
    assert.equal(addDomain(machine).domid, 3, 'no domid is used again');
    assert.throws(() => addDomain(machine, { pcpus: [9] }), InvariantViolation);
  });

  it('takes each extension once', () => {
    const machine = sampleMachine();
    const make = () => ({ domainDestroyed: () => {} });
    const first = machine.extend('v4v', make);
    assert.equal(machine.extend('v4v', make), first);
    assert.notEqual(machine.extend('other', make), first);
  });

  it('without tags: vCPUs of a pCPU share one space in its TLB, which a switch empties', () => {
    for (const [taggedTlb, tags] of [
      [true, [1, 2]],
      [false, [0, 0]],
    ] as const) {
      const machine = sampleMachine({ pcpus: 1, features: { taggedTlb } });
      const guests = [addDomain(machine), addDomain(machine)];
      assert.deepEqual(
        guests.map(({ vcpu }) => vcpu.tlbTag),
        tags,
      );
      const address = guests[0]?.allocate(1) as number;
      guests[0]?.memory.warm(address, 1);
      for (const { vcpu } of guests) vcpu.spawn('one after the other', work(vcpu, PS_PER_US));
      runToQuiet(machine);
      assert.equal(machine.counters.tlb.entriesDropped, 1);
    }
  });
});

describe('Tlb', () => {
  it('holds pages by tag, drops one page, one tag or all', () => {
    const tlb = new Tlb(4);
    for (const [page, tag] of [
      [1, 1],
      [1, 2],
      [2, 1],
      [3, 2],
    ] as const) {
      assert.equal(tlb.touch(page, tag), false);
      assert.equal(tlb.touch(page, tag), true);
    }
    assert.equal(tlb.flushPage(1, 1), 1);
    assert.equal(tlb.flushPage(1, 1), 0);
    assert.equal(tlb.touch(1, 2), true, 'another tag’s');
    assert.equal(tlb.flushTag(2), 2);
    assert.equal(tlb.touch(2, 1), true);
    assert.equal(tlb.flushAll(), 1);
    assert.equal(tlb.flushAll(), 0);
  });
});

describe('MachineCounters', () => {
  it('counts hypercalls that are added, however many', () => {
    const counters = new MachineCounters();
    const numbers = Array.from({ length: 100 }, (_, i) => counters.hypercall(`op${i}`));
    assert.equal(new Set(numbers).size, 100);
    assert.equal(counters.hypercall('op7'), numbers[7]);
    for (const number of numbers) counters.hypercalls[number] = 1;
    const { hypercalls = {} } = counters.snapshot();
    assert.equal(
      Object.values(hypercalls).reduce((sum, count) => sum + count, 0),
      100,
    );
    assert.equal(hypercalls['evtchn_send'], 0);
  });
});
