import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_MS, PS_PER_US } from '../base/units.js';
import { ORDER, type Process } from '../sim/process.js';
import { CAUSES, ENTRY_EXTERNAL_INTERRUPT, GUEST_USER, IDLE } from './causes.js';
import type { Domain } from './domain.js';
import type { Machine } from './machine.js';
import { addDomain, runToQuiet, runUntil, sampleMachine, work } from './sample-machine.js';

const SLICES = {
  scheduler: 'credit',
  schedulerRatelimitUs: 1000,
  schedulerTimesliceUs: 10_000,
} as const;

/** Guests on one pCPU, and the moments at which each of them began a piece of its work. */
function crowd(guests: number, options: Parameters<typeof sampleMachine>[0] = {}) {
  const machine = sampleMachine({
    pcpus: 2,
    ...options,
    features: { ...SLICES, ...options.features },
  });
  const domains = Array.from({ length: guests }, () => addDomain(machine, { pcpus: [0] }));
  return { machine, domains };
}

/** Works in short pieces, noting when each is over. */
function* noting(domain: Domain, ps: number, pieces: number, moments: number[]): Process {
  const { vcpu } = domain;
  for (let i = 0; i < pieces; i++) {
    vcpu.pcpu.charge(GUEST_USER, ps / pieces);
    while (vcpu.isAhead()) yield ORDER;
    moments.push(vcpu.pcpu.clock);
  }
}

function userPs(machine: Machine): number {
  return machine.pcpus.reduce((sum, pcpu) => sum + (pcpu.attribution[GUEST_USER] as number), 0);
}

/** Wakes a guest at a moment. */
function wakeAt(domain: Domain, timePs: number, process: () => Process): void {
  const { machine, vcpu } = domain;
  machine.queue.push(timePs, { fire: () => void vcpu.spawn('woken', process()) });
}

describe('two busy guests on one pCPU', () => {
  it('take turns by time slices, and come to their ends together', () => {
    const { machine, domains } = crowd(2);
    const moments: number[][] = [[], []];
    domains.forEach((domain, i) => {
      domain.vcpu.spawn('busy', noting(domain, 50 * PS_PER_MS, 500, moments[i] as number[]));
    });
    runToQuiet(machine);
    assert.equal(userPs(machine), 100 * PS_PER_MS);
    const { vcpuSwitches, preemptions } = machine.counters.work;
    assert.ok(vcpuSwitches >= 9 && vcpuSwitches <= 11, `${vcpuSwitches} switches`);
    assert.ok(preemptions >= 8 && preemptions <= 10, `${preemptions} preemptions`);
    const ends = moments.map((times) => times.at(-1) as number);
    assert.ok(Math.abs((ends[0] as number) - (ends[1] as number)) < 10.1 * PS_PER_MS);
  });

  it('one long piece of work is cut where the slice ends, and goes on where it was cut', () => {
    const { machine, domains } = crowd(2);
    const [first, second] = domains as [Domain, Domain];
    const ends: number[] = [];
    first.vcpu.spawn('long', noting(first, 25 * PS_PER_MS, 1, ends));
    second.vcpu.spawn('long', noting(second, 25 * PS_PER_MS, 1, ends));
    runToQuiet(machine);
    assert.equal(userPs(machine), 50 * PS_PER_MS);
    // The second wakes while the first has had 1 ms; then they take turns of 10, and the second ends first.
    assert.deepEqual(
      ends.map((ps) => Math.round(ps / PS_PER_MS)),
      [1 + 10 + 10 + 10 + 10 + 5, 50],
    );
    assert.equal(machine.counters.work.preemptions, 5);
    assert.equal(machine.counters.entries[ENTRY_EXTERNAL_INTERRUPT], 5);
  });
});

describe('a guest that wakes while another has the pCPU', () => {
  it('credit: gets it when the other has had it for the ratelimit, at that moment', () => {
    const { machine, domains } = crowd(2);
    const [busy, woken] = domains as [Domain, Domain];
    const moments: number[] = [];
    busy.vcpu.spawn('busy', work(busy.vcpu, 9 * PS_PER_MS));
    wakeAt(woken, 200 * PS_PER_US, () => noting(woken, PS_PER_US, 1, moments));
    runToQuiet(machine);
    const [at] = moments as [number];
    assert.ok(at > PS_PER_MS && at < 1.02 * PS_PER_MS, `at ${at / PS_PER_US} us`);
    assert.equal(userPs(machine), 9 * PS_PER_MS + PS_PER_US);
    assert.equal(machine.counters.work.preemptions, 1);
  });

  it('credit: at once, where the other has had it for longer', () => {
    const { machine, domains } = crowd(2);
    const [busy, woken] = domains as [Domain, Domain];
    const moments: number[] = [];
    busy.vcpu.spawn('busy', work(busy.vcpu, 9 * PS_PER_MS));
    wakeAt(woken, 5 * PS_PER_MS, () => noting(woken, PS_PER_US, 1, moments));
    runToQuiet(machine);
    const [at] = moments as [number];
    assert.ok(at < 5.02 * PS_PER_MS, `at ${at / PS_PER_US} us`);
  });

  it('waits until the other blocks, where that comes first', () => {
    const { machine, domains } = crowd(2);
    const [busy, woken] = domains as [Domain, Domain];
    const moments: number[] = [];
    busy.vcpu.spawn('busy', work(busy.vcpu, 300 * PS_PER_US));
    wakeAt(woken, 200 * PS_PER_US, () => noting(woken, PS_PER_US, 1, moments));
    runToQuiet(machine);
    assert.equal(machine.counters.work.preemptions, 0);
    assert.ok((moments[0] as number) < 320 * PS_PER_US);
  });

  it('waits for the end of a long operation of Xen that cannot be preempted', () => {
    const { machine, domains } = crowd(2);
    const [busy, woken] = domains as [Domain, Domain];
    const moments: number[] = [];
    busy.vcpu.spawn(
      'busy',
      (function* (): Process {
        busy.vcpu.unpreemptible = true;
        yield* work(busy.vcpu, 7 * PS_PER_MS, 7);
        busy.vcpu.unpreemptible = false;
        yield* work(busy.vcpu, 2 * PS_PER_MS);
      })(),
    );
    wakeAt(woken, 200 * PS_PER_US, () => noting(woken, PS_PER_US, 1, moments));
    runToQuiet(machine);
    const [at] = moments as [number];
    assert.ok(at >= 7 * PS_PER_MS && at < 7.1 * PS_PER_MS, `at ${at / PS_PER_US} us`);
  });
});

describe('a guest that was preempted in the middle of its work', () => {
  it('and crashes before it runs again: owes nothing to anybody', () => {
    const { machine, domains } = crowd(2);
    const [first, second] = domains as [Domain, Domain];
    first.vcpu.spawn('long', work(first.vcpu, 50 * PS_PER_MS));
    second.vcpu.spawn('long', work(second.vcpu, 30 * PS_PER_MS, 30));
    // The second has the pCPU from 1 ms to 11.
    machine.queue.push(5 * PS_PER_MS, { fire: () => first.crash('test') });
    runToQuiet(machine);
    assert.ok(Math.abs(userPs(machine) - 31 * PS_PER_MS) < 10 * PS_PER_US, `${userPs(machine)}`);
    assert.equal(machine.counters.work.preemptions, 1);
    assert.deepEqual(first.vcpu.owed, []);
  });
});

describe('time that nobody uses', () => {
  it('is idle, and all accounts reach the same moment', () => {
    const { machine, domains } = crowd(1);
    const [domain] = domains as [Domain];
    wakeAt(domain, PS_PER_MS, () => work(domain.vcpu, PS_PER_US));
    runToQuiet(machine);
    const [used, unused] = machine.pcpus.map(({ attribution }) => attribution);
    const end = machine.pcpus[0]?.clock as number;
    assert.equal(used?.[IDLE], PS_PER_MS);
    assert.equal(unused?.[IDLE], end);
    for (const [index] of CAUSES.entries()) {
      if (index !== IDLE) assert.equal(unused?.[index], 0);
    }
  });

  it('a broken account is found', () => {
    const { machine } = crowd(1);
    const [pcpu] = machine.pcpus;
    assert.ok(pcpu !== undefined);
    pcpu.attribution[GUEST_USER] = 1;
    assert.throws(() => machine.settleAccounts(), { name: 'InvariantViolation' });
  });
});

describe('a guest alone on its pCPU', () => {
  it('is interrupted by the scheduler at the end of each slice, as its tick finds', () => {
    const { machine, domains } = crowd(1, { features: { guestTickHz: 250 } });
    const [domain] = domains as [Domain];
    domain.vcpu.spawn('spin', work(domain.vcpu, 100 * PS_PER_MS, 10_000));
    runUntil(machine, 100 * PS_PER_MS);
    // 25 ticks and 10 slices in 100 ms; real Xen was seen to take 36 interrupts.
    const interrupts = machine.counters.entries[ENTRY_EXTERNAL_INTERRUPT] as number;
    assert.ok(interrupts >= 33 && interrupts <= 35, `${interrupts}`);
    assert.equal(machine.counters.work.vcpuSwitches, 0);
  });

  it('pays for a switch only where another vCPU was there before', () => {
    const { machine, domains } = crowd(2);
    const [first, second] = domains as [Domain, Domain];
    for (const [at, domain] of [
      [1, first],
      [2, first],
      [3, second],
      [4, second],
      [5, first],
    ] as const) {
      wakeAt(domain, at * PS_PER_MS, () => work(domain.vcpu, PS_PER_US));
    }
    runToQuiet(machine);
    assert.equal(machine.counters.work.vcpuSwitches, 2);
  });
});
