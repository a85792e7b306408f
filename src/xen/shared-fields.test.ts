import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GuestFault } from './address-space.js';
import { CACHE_LINE } from './causes.js';
import type { Domain } from './domain.js';
import { addDomain, sampleMachine } from './sample-machine.js';

function charged(domain: Domain, cause: number, action: () => void): number {
  const { attribution } = domain.vcpu.pcpu;
  const before = attribution[cause] as number;
  action();
  return (attribution[cause] as number) - before;
}

describe('shared fields', () => {
  it('are the same for both domains, and their line moves between the pCPUs', () => {
    const machine = sampleMachine({ pcpus: 2 });
    const domain = addDomain(machine);
    const other = addDomain(machine, { pcpus: [1] });
    const page = domain.allocate(1);
    const reference = domain.grantTable.grant(page, other.domid);
    const mapped = other.grantTable.map(other.vcpu, domain.domid, [reference]);
    assert.ok('address' in mapped);
    const here = domain.memory.sharedFields(page);
    const there = other.memory.sharedFields(mapped.address);
    const moves = (who: Domain, action: () => void): number =>
      charged(who, CACHE_LINE, action) / machine.prices.cacheLine;
    assert.equal(
      moves(domain, () => here.write32(8, 0xffff_fffe)),
      0,
    );
    assert.equal(
      moves(other, () => assert.equal(there.read32(8), 0xffff_fffe)),
      1,
    );
    assert.equal(
      moves(domain, () => here.add32(8, 3)),
      1,
    );
    assert.equal(here.read32(8), 1, 'wraps at 2^32');
    assert.equal(
      moves(other, () => there.write8(20, 0x81)),
      1,
    );
    assert.equal(here.exchangeBits8(20, 0x01, 0x02), 0x81);
    assert.equal(there.read8(20), 0x82);
    assert.equal(machine.counters.work.cacheLineTransfers, 5);
    assert.equal(there.announce32(8, 2, 20, 0x02), true);
    assert.equal(there.announce32(8, 2, 20, 0x02), false, 'nobody has asked since');
    assert.equal(here.read32(8), 5);
  });

  it('fault where the domain has lost its right', () => {
    const machine = sampleMachine({ pcpus: 1 });
    const domain = addDomain(machine);
    const page = domain.allocate(1);
    const fields = domain.memory.sharedFields(page);
    domain.free(page, 1);
    assert.throws(() => fields.read32(0), GuestFault);
    assert.equal(domain.state, 'crashed');
  });
});
