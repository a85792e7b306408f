import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COPY, TLB } from './causes.js';
import type { Domain } from './domain.js';
import { PAGE_SIZE } from './memory.js';
import { addDomain, sampleMachine } from './sample-machine.js';

const NS = 1000;

/** A guest on a machine that copies a byte in 0.1, 0.2, 0.4 or 0.8 ns, by where the page is. */
function guest(features = {}) {
  const machine = sampleMachine({
    pcpus: 2,
    features: { l1Bytes: 8 * PAGE_SIZE, l2Bytes: 32 * PAGE_SIZE, longCopyBytes: 0, ...features },
    prices: {
      copySetup: 7 * NS,
      copyL1: 100,
      copyL2: 200,
      copyL3: 400,
      copyDram: 800,
      tlbRefill: 11 * NS,
    },
  });
  return { machine, domain: addDomain(machine) };
}

function charged(domain: Domain, cause: number, action: () => void): number {
  const { attribution } = domain.vcpu.pcpu;
  const before = attribution[cause] as number;
  action();
  return (attribution[cause] as number) - before;
}

describe('copy', () => {
  it('moves the bytes, whatever pages they lie in, as memmove does', () => {
    const { machine, domain } = guest();
    const address = domain.allocate(8);
    const bytes = Buffer.from(Array.from({ length: 3 * PAGE_SIZE }, (_, i) => i * 7 + (i >> 8)));
    domain.memory.poke(address + 100, bytes);
    domain.memory.copy(address + 4 * PAGE_SIZE + 1, address + 100, bytes.length);
    const moved = Buffer.from(domain.memory.peek(address + 4 * PAGE_SIZE + 1, bytes.length));
    assert.ok(moved.equals(bytes));
    assert.ok(domain.memory.equals(address + 4 * PAGE_SIZE + 1, bytes, 0, bytes.length));
    bytes[9000] = (bytes[9000] as number) ^ 1;
    assert.ok(!domain.memory.equals(address + 4 * PAGE_SIZE + 1, bytes, 0, bytes.length));
    assert.equal(machine.counters.copies.guestBytes, bytes.length);
    assert.equal(machine.counters.copies.guestCopies, 1);
  });

  it('costs the setup once, and for each byte half the price at either end', () => {
    const { domain } = guest();
    const from = domain.allocate(1);
    const to = domain.allocate(1);
    const copy = (): number => charged(domain, COPY, () => domain.memory.copy(to, from, 1000));
    assert.equal(copy(), 7 * NS + 1000 * 800, 'both ends in DRAM');
    assert.equal(copy(), 7 * NS + 1000 * 100, 'both in L1');
    domain.memory.warm(domain.allocate(16), 16 * PAGE_SIZE);
    assert.equal(copy(), 7 * NS + 1000 * 200, 'both in L2');
    domain.memory.warm(domain.allocate(64), 64 * PAGE_SIZE);
    domain.memory.warm(from, 1);
    assert.equal(copy(), 7 * NS + 1000 * (50 + 200), 'one in L1, one in L3');
  });

  it('of what another pCPU has written since comes from L3', () => {
    const { machine, domain } = guest();
    const other = addDomain(machine, { pcpus: [1] });
    const page = domain.allocate(1);
    const reference = domain.grantTable.grant(page, other.domid);
    const mapped = other.grantTable.map(other.vcpu, domain.domid, [reference]);
    assert.ok('address' in mapped);
    const mine = domain.allocate(1);
    const read = (): number => charged(domain, COPY, () => domain.memory.copy(mine, page, 100));
    read();
    assert.equal(read(), 7 * NS + 100 * 100);
    const theirs = other.allocate(1);
    for (let round = 0; round < 3; round++) {
      other.memory.copy(mapped.address, theirs, 100);
      assert.equal(read(), 7 * NS + 100 * (200 + 50), `round ${round}`);
      assert.equal(read(), 7 * NS + 100 * 100);
    }
  });

  it('costs the same wherever in its pages it begins: a piece is looked for once', () => {
    for (const cacheGrainBytes of [PAGE_SIZE, 512]) {
      const { domain } = guest({ cacheGrainBytes });
      const [from, to] = [domain.allocate(4), domain.allocate(4)];
      const cost = charged(domain, COPY, () =>
        domain.memory.copy(to + 80, from + 16, 2 * PAGE_SIZE),
      );
      assert.equal(
        cost,
        7 * NS + 2 * PAGE_SIZE * 800,
        `pieces of ${cacheGrainBytes}: all of it in DRAM`,
      );
    }
  });

  it('brings the pieces that it reaches, and no more of their pages, where pieces are smaller', () => {
    const { domain } = guest({ cacheGrainBytes: 512 });
    const [from, to] = [domain.allocate(1), domain.allocate(1)];
    domain.memory.copy(to, from, 512);
    const copy = (bytes: number): number =>
      charged(domain, COPY, () => domain.memory.copy(to, from, bytes));
    assert.equal(copy(512), 7 * NS + 512 * 100);
    assert.equal(copy(1024), 7 * NS + 512 * 100 + 512 * 800);
    const whole = guest().domain;
    const [there, here] = [whole.allocate(1), whole.allocate(1)];
    whole.memory.copy(here, there, 512);
    const rest = charged(whole, COPY, () => whole.memory.copy(here, there, 1024));
    assert.equal(rest, 7 * NS + 1024 * 100, 'by pages the rest has come along');
  });

  it('costs extra where another pCPU has read what is written', () => {
    const machine = sampleMachine({
      prices: { copySetup: 0, copyL1: 100, copyL3: 100, copyDram: 100, copyClaimed: 40 },
    });
    const domain = addDomain(machine);
    const other = addDomain(machine, { pcpus: [1] });
    const page = domain.allocate(1);
    const reference = domain.grantTable.grant(page, other.domid);
    const mapped = other.grantTable.map(other.vcpu, domain.domid, [reference]);
    assert.ok('address' in mapped);
    const [mine, theirs] = [domain.allocate(1), other.allocate(1)];
    const write = (): number => charged(domain, COPY, () => domain.memory.copy(page, mine, 100));
    assert.equal(write(), 100 * 100);
    other.memory.copy(theirs, mapped.address, 100);
    assert.equal(write(), 100 * (100 + 40));
    assert.equal(write(), 100 * 100);
  });

  it('costs extra beyond L2 where it is short', () => {
    const machine = sampleMachine({
      features: { longCopyBytes: 256 },
      prices: { copySetup: 0, copyL1: 100, copyDram: 800, copyUnprefetched: 40 },
    });
    const domain = addDomain(machine);
    const copy = (bytes: number): number => {
      const [from, to] = [domain.allocate(1), domain.allocate(1)];
      return charged(domain, COPY, () => domain.memory.copy(to, from, bytes));
    };
    assert.equal(copy(255), 255 * (800 + 40));
    assert.equal(copy(256), 256 * 800);
  });

  it('misses the TLB once for each page, and not again', () => {
    const { machine, domain } = guest();
    const address = domain.allocate(4);
    const copy = (): number =>
      charged(domain, TLB, () =>
        domain.memory.copy(address + 2 * PAGE_SIZE, address, 2 * PAGE_SIZE),
      );
    assert.equal(copy(), 4 * 11 * NS);
    assert.equal(copy(), 0);
    assert.equal(machine.counters.tlb.misses, 4);
    assert.equal(machine.counters.tlb.refillPs, 4 * 11 * NS);
    domain.vcpu.pcpu.tlb.flushAll();
    assert.equal(copy(), 4 * 11 * NS);
  });
});

describe('pokes and peeks, for payloads and tests', () => {
  it('cost nothing, and cross pages', () => {
    const { domain } = guest();
    const address = domain.allocate(2);
    const { clock } = domain.vcpu.pcpu;
    domain.memory.poke(address + 4090, Buffer.from('across the page'));
    assert.equal(Buffer.from(domain.memory.peek(address + 4090, 15)).toString(), 'across the page');
    domain.memory.pokeWords(address, 5, -6);
    assert.ok(domain.memory.hasWords(address, 5, -6));
    assert.ok(!domain.memory.hasWords(address, 5, 6));
    assert.equal(domain.vcpu.pcpu.clock, clock);
  });

  it('survive the growth of the machine’s memory', () => {
    const { domain } = guest();
    const address = domain.allocate(1);
    domain.memory.poke(address, Buffer.from('before'));
    domain.allocate(1000);
    assert.equal(Buffer.from(domain.memory.peek(address, 6)).toString(), 'before');
    domain.memory.poke(address, Buffer.from('behind'));
    assert.equal(Buffer.from(domain.memory.peek(address, 6)).toString(), 'behind');
  });
});
