import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ENTRY_EXTERNAL_INTERRUPT } from './causes.js';
import type { Domain } from './domain.js';
import type { Machine } from './machine.js';
import { addDomain, perform, runToQuiet, sampleMachine, work } from './sample-machine.js';
import { flushAfterUnmap } from './tlb-flush.js';

const NS = 1000;

function flush(domain: Domain, pages: number): void {
  perform(domain.vcpu, () => flushAfterUnmap(domain.vcpu, pages));
}

/** Fills a domain's translations of so many pages into the TLB of its first vCPU. */
function translate(domain: Domain, pages: number): void {
  const { pcpu, tlbTag } = domain.vcpu;
  for (let page = 1; page <= pages; page++) pcpu.tlb.touch(page, tlbTag);
}

describe('flushes after unmapping so many pages', () => {
  for (const [name, type, nestedPaging, expected] of [
    ['PV: one for each 32', 'pv', 'ept', { 1: 1, 16: 1, 32: 1, 33: 2, 64: 2, 65: 3 }],
    ['PVH on EPT: one', 'pvh', 'ept', { 1: 1, 16: 1, 32: 1, 33: 1, 64: 1, 65: 1 }],
    ['PVH on NPT: one for each page', 'pvh', 'npt', { 1: 1, 16: 16, 32: 32, 33: 33, 65: 65 }],
  ] as const) {
    it(name, () => {
      for (const [pages, requests] of Object.entries(expected)) {
        const machine = sampleMachine({ features: { nestedPaging } });
        const domain = addDomain(machine, { type });
        flush(domain, Number(pages));
        const { tlb } = machine.counters;
        assert.equal(tlb.flushRequests, requests, `${pages} pages`);
        assert.equal(tlb.localFlushes, type === 'pv' ? requests : 0);
        assert.equal(tlb.asidFlushes, type === 'pv' ? 0 : requests);
        assert.equal(tlb.shootdowns, 0);
        assert.equal(tlb.flushPs, requests * machine.prices.cr3Write);
      }
    });
  }

  it('drop what the pCPU held of every guest', () => {
    const machine = sampleMachine();
    const domain = addDomain(machine);
    const other = addDomain(machine);
    translate(domain, 10);
    translate(other, 5);
    flush(domain, 1);
    assert.equal(machine.counters.tlb.entriesDropped, 15);
    assert.equal(domain.vcpu.pcpu.tlb.touch(1, domain.vcpu.tlbTag), false);
  });
});

describe('a flush of a domain with vCPUs on several pCPUs', () => {
  /** Four pCPUs: the domain has vCPUs on three, another domain is alone on the last. */
  function several(): { machine: Machine; domain: Domain; stranger: Domain } {
    const machine = sampleMachine({
      pcpus: 4,
      prices: { ipi: 200 * NS, shootdownFirst: 1000 * NS, shootdownFurther: 300 * NS },
    });
    const domain = addDomain(machine, { pcpus: [0, 1, 2] });
    const stranger = addDomain(machine, { pcpus: [3] });
    return { machine, domain, stranger };
  }

  function exits(machine: Machine): number {
    return machine.counters.entries[ENTRY_EXTERNAL_INTERRUPT] as number;
  }

  it('reaches by IPI those that run it, and its sender waits', () => {
    const { machine, domain, stranger } = several();
    for (const vcpu of [...domain.vcpus.slice(1), stranger.vcpu]) {
      vcpu.spawn('busy', work(vcpu, 1e6 * NS, 100));
    }
    const [, second, third] = domain.vcpus;
    second?.pcpu.tlb.touch(77, second.tlbTag);
    third?.pcpu.tlb.touch(77, third.tlbTag);
    stranger.vcpu.pcpu.tlb.touch(77, stranger.vcpu.tlbTag);
    const before = machine.counters.tlb.flushPs;
    flush(domain, 1);
    const { tlb, events } = machine.counters;
    assert.deepEqual([tlb.shootdowns, tlb.shootdownIpis, events.ipis], [1, 2, 2]);
    assert.equal(tlb.flushPs - before, (1000 + 300) * NS + 3 * machine.prices.cr3Write);
    assert.equal(exits(machine), 2, 'both are taken out of guest code');
    assert.equal(tlb.entriesDropped, 2);
    assert.equal(stranger.vcpu.pcpu.tlb.touch(77, stranger.vcpu.tlbTag), true);
  });

  it('leaves alone those on which it has never run', () => {
    const { machine, domain } = several();
    flush(domain, 1);
    assert.deepEqual([machine.counters.tlb.shootdowns, machine.counters.events.ipis], [0, 0]);
  });

  it('reaches a pCPU that idles with its state still loaded, once', () => {
    const { machine, domain } = several();
    const [, second] = domain.vcpus;
    assert.ok(second !== undefined);
    perform(second, () => {});
    assert.equal(second.pcpu.loaded, second);
    second.pcpu.tlb.touch(77, second.tlbTag);
    flush(domain, 1);
    assert.equal(machine.counters.tlb.shootdownIpis, 1);
    assert.equal(machine.counters.tlb.entriesDropped, 1);
    assert.equal(second.pcpu.loaded, undefined, 'its state was put away');
    assert.equal(exits(machine), 0, 'nobody was running');
    flush(domain, 1);
    assert.equal(machine.counters.tlb.shootdownIpis, 1);
    const switches = machine.counters.work.vcpuSwitches;
    perform(second, () => {});
    assert.equal(machine.counters.work.vcpuSwitches, switches, 'nobody else was there');
  });

  it('that is destroyed before the IPI arrives interrupts all the same', () => {
    const { machine, domain } = several();
    const [first, second] = domain.vcpus;
    assert.ok(first !== undefined && second !== undefined);
    second.spawn('busy', work(second, 1e6 * NS, 100));
    first.spawn(
      'unmap',
      (function* () {
        yield* work(first, 100 * NS);
        flushAfterUnmap(first, 1);
        domain.destroy();
      })(),
    );
    runToQuiet(machine);
    assert.equal(machine.counters.tlb.shootdownIpis, 1);
    assert.equal(domain.state, 'dead');
  });
});
