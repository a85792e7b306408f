import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GuestFault } from './address-space.js';
import { DEFAULT_LIMITS, type Domain } from './domain.js';
import { mapPages, sharePages, unmapPages, unsharePages } from './grant-device.js';
import {
  GNTST_BAD_COPY_ARG,
  GNTST_BAD_DOMAIN,
  GNTST_BAD_GNTREF,
  GNTST_BAD_HANDLE,
  GNTST_BAD_PAGE,
  GNTST_GENERAL_ERROR,
  GNTST_NO_SPACE,
  GNTST_OKAY,
} from './grant-table.js';
import type { Machine } from './machine.js';
import { PAGE_SIZE } from './memory.js';
import { addDomain, perform, runToQuiet, sampleMachine } from './sample-machine.js';

interface Three {
  readonly machine: Machine;
  /** Grants. */
  readonly grantor: Domain;
  /** Maps. */
  readonly mapper: Domain;
  /** Has nothing to do with it. */
  readonly other: Domain;
}

function three(): Three {
  const machine = sampleMachine({ pcpus: 3 });
  const [grantor, mapper, other] = [0, 1, 2].map((id) => addDomain(machine, { pcpus: [id] })) as [
    Domain,
    Domain,
    Domain,
  ];
  return { machine, grantor, mapper, other };
}

function grant(from: Domain, to: Domain, address: number, readOnly = false): number {
  return perform(from.vcpu, () => from.grantTable.grant(address, to.domid, readOnly));
}

function map(domain: Domain, domid: number, ...references: number[]) {
  return perform(domain.vcpu, () => domain.grantTable.map(domain.vcpu, domid, references));
}

function mapped(domain: Domain, domid: number, ...references: number[]) {
  const result = map(domain, domid, ...references);
  assert.ok('address' in result, `status ${result.status}`);
  return result;
}

function unmap(domain: Domain, ...handles: number[]): number {
  return perform(domain.vcpu, () => domain.grantTable.unmap(domain.vcpu, handles));
}

/** Copies between a granted page and memory of the domain that asks. */
function copy(
  domain: Domain,
  from: number,
  reference: number,
  options: { offset?: number; address: number; length?: number; into?: boolean },
): number {
  const { offset = 0, address, length = 16, into = true } = options;
  return perform(domain.vcpu, () =>
    domain.grantTable.copy(domain.vcpu, from, [{ reference, offset, address, length }], into),
  );
}

describe('a granted page that is mapped', () => {
  it('is the same frame: what one writes the other reads, both ways', () => {
    const { grantor, mapper } = three();
    const address = grantor.allocate(2);
    const references = [0, 1].map((i) => grant(grantor, mapper, address + i * PAGE_SIZE));
    const there = mapped(mapper, grantor.domid, ...references);
    grantor.memory.poke(address + 4090, Buffer.from('from grantor'));
    assert.equal(
      Buffer.from(mapper.memory.peek(there.address + 4090, 12)).toString(),
      'from grantor',
    );
    mapper.memory.poke(there.address + 1, Buffer.from('back'));
    assert.equal(Buffer.from(grantor.memory.peek(address + 1, 4)).toString(), 'back');
  });

  it('granted for reading can only be read', () => {
    const { grantor, mapper } = three();
    const address = grantor.allocate(1);
    const there = mapped(mapper, grantor.domid, grant(grantor, mapper, address, true));
    assert.deepEqual([...mapper.memory.peek(there.address, 2)], [0, 0]);
    assert.throws(() => mapper.memory.poke(there.address, Uint8Array.of(1)), GuestFault);
  });

  it('cannot be taken back while it is mapped, and can after', () => {
    const { grantor, mapper } = three();
    const address = grantor.allocate(1);
    const reference = grant(grantor, mapper, address);
    const first = mapped(mapper, grantor.domid, reference);
    const second = mapped(mapper, grantor.domid, reference);
    assert.notEqual(first.address, second.address);
    assert.equal(grantor.grantTable.end(reference), false);
    unmap(mapper, ...first.handles);
    assert.equal(grantor.grantTable.end(reference), false);
    unmap(mapper, ...second.handles);
    assert.equal(grantor.grantTable.end(reference), true);
    assert.deepEqual(map(mapper, grantor.domid, reference), { status: GNTST_GENERAL_ERROR });
    assert.throws(() => mapper.memory.peek(first.address, 1), GuestFault);
  });

  it('several pages map side by side, and their addresses are used again', () => {
    const { grantor, mapper } = three();
    const address = grantor.allocate(3);
    const references = [0, 1, 2].map((i) => grant(grantor, mapper, address + i * PAGE_SIZE));
    const first = mapped(mapper, grantor.domid, ...references);
    unmap(mapper, first.handles[1] as number);
    assert.throws(() => mapper.memory.peek(first.address + PAGE_SIZE, 1), GuestFault);
    assert.equal(mapper.memory.peek(first.address + 2 * PAGE_SIZE, 1).length, 1);
    const meanwhile = mapped(mapper, grantor.domid, references[0] as number);
    assert.ok(meanwhile.address >= first.address + 3 * PAGE_SIZE, 'the place is not free yet');
    unmap(mapper, first.handles[0] as number, first.handles[2] as number);
    assert.equal(mapped(mapper, grantor.domid, ...references).address, first.address);
  });
});

describe('refusals of grant_table_op', () => {
  it('map: as map_grant_ref of Xen judges', () => {
    const { grantor, mapper, other } = three();
    const address = grantor.allocate(1);
    const reference = grant(grantor, mapper, address);
    assert.deepEqual(map(mapper, 77, reference), { status: GNTST_BAD_DOMAIN });
    assert.deepEqual(map(mapper, grantor.domid, reference + 1), { status: GNTST_GENERAL_ERROR });
    assert.deepEqual(map(mapper, grantor.domid, 0), { status: GNTST_GENERAL_ERROR });
    assert.deepEqual(map(mapper, grantor.domid, 512), { status: GNTST_BAD_GNTREF });
    assert.deepEqual(map(mapper, grantor.domid, -1), { status: GNTST_BAD_GNTREF });
    assert.deepEqual(map(other, grantor.domid, reference), { status: GNTST_GENERAL_ERROR });
    assert.deepEqual(
      map(mapper, grantor.domid, reference, 512),
      { status: GNTST_BAD_GNTREF },
      'all or none',
    );
    assert.equal(mapper.grantTable.mappedCount, 0);
    assert.equal(grantor.grantTable.end(reference), true);
  });

  it('unmap: a handle that is not one, or no more, is bad; the others go', () => {
    const { grantor, mapper } = three();
    const reference = grant(grantor, mapper, grantor.allocate(1));
    const { handles } = mapped(mapper, grantor.domid, reference);
    assert.equal(unmap(mapper, 99, ...handles), GNTST_BAD_HANDLE);
    assert.equal(unmap(mapper, ...handles), GNTST_BAD_HANDLE);
    assert.equal(mapper.grantTable.mappedCount, 0);
  });

  it('nobody can pass on what was granted to him', () => {
    const { grantor, mapper, other } = three();
    const reference = grant(grantor, mapper, grantor.allocate(1));
    const there = mapped(mapper, grantor.domid, reference);
    const passedOn = grant(mapper, other, there.address);
    assert.deepEqual(map(other, mapper.domid, passedOn), { status: GNTST_BAD_PAGE });
    const mine = other.allocate(1);
    assert.equal(copy(other, mapper.domid, passedOn, { address: mine }), GNTST_BAD_PAGE);
  });

  it('a grant of a page that the grantor has given back leads nowhere', () => {
    const { grantor, mapper, other } = three();
    const address = grantor.allocate(1);
    const reference = grant(grantor, mapper, address);
    grantor.free(address, 1);
    const taken = other.allocate(1);
    other.memory.poke(taken, Buffer.from('secret'));
    assert.deepEqual(map(mapper, grantor.domid, reference), { status: GNTST_BAD_PAGE });
  });

  it('grant: an address that the guest does not have is its own fault', () => {
    const { grantor, mapper } = three();
    assert.throws(() => grantor.grantTable.grant(0, mapper.domid), GuestFault);
  });
});

describe('GNTTABOP_copy', () => {
  it('moves bytes both ways, maps nothing and flushes nothing', () => {
    const { grantor, mapper, machine } = three();
    const theirs = grantor.allocate(1);
    const mine = mapper.allocate(1);
    const reference = grant(grantor, mapper, theirs);
    grantor.memory.poke(theirs + 100, Buffer.from('payload'));
    const first = { offset: 100, address: mine + 7, length: 7 };
    assert.equal(copy(mapper, grantor.domid, reference, first), GNTST_OKAY);
    assert.equal(Buffer.from(mapper.memory.peek(mine + 7, 7)).toString(), 'payload');
    mapper.memory.poke(mine, Buffer.from('answer'));
    const back = { offset: 4090, address: mine, length: 6, into: false };
    assert.equal(copy(mapper, grantor.domid, reference, back), GNTST_OKAY);
    assert.equal(Buffer.from(grantor.memory.peek(theirs + 4090, 6)).toString(), 'answer');
    assert.deepEqual(
      [machine.counters.grants.copied, machine.counters.grants.copiedBytes],
      [2, 13],
    );
    assert.equal(machine.counters.tlb.flushRequests, 0);
    assert.equal(mapper.grantTable.mappedCount, 0);
  });

  it('of several segments ends at the first that is refused', () => {
    const { grantor, mapper, machine } = three();
    const mine = mapper.allocate(1);
    const good = grant(grantor, mapper, grantor.allocate(1));
    const segment = { reference: good, offset: 0, address: mine, length: 8 };
    const segments = [segment, { ...segment, reference: 512 }, segment];
    assert.equal(
      perform(mapper.vcpu, () =>
        mapper.grantTable.copy(mapper.vcpu, grantor.domid, segments, true),
      ),
      GNTST_BAD_GNTREF,
    );
    assert.equal(machine.counters.grants.copied, 1);
  });

  it('refuses as gnttab_copy of Xen does', () => {
    const { grantor, mapper, other } = three();
    const mine = mapper.allocate(2);
    const reference = grant(grantor, mapper, grantor.allocate(1));
    const readOnly = grant(grantor, mapper, grantor.allocate(1), true);
    const of = (domid: number, ref: number, options = {}): number =>
      copy(mapper, domid, ref, { address: mine, ...options });
    assert.equal(of(77, reference), GNTST_BAD_DOMAIN);
    assert.equal(of(grantor.domid, 512), GNTST_BAD_GNTREF);
    assert.equal(of(grantor.domid, 99), GNTST_GENERAL_ERROR);
    assert.equal(of(grantor.domid, readOnly, { into: false }), GNTST_GENERAL_ERROR);
    assert.equal(of(grantor.domid, readOnly), GNTST_OKAY);
    assert.equal(of(grantor.domid, reference, { offset: 4090 }), GNTST_BAD_COPY_ARG);
    assert.equal(of(grantor.domid, reference, { address: mine + 4090 }), GNTST_BAD_COPY_ARG);
    assert.equal(of(grantor.domid, reference, { address: 0 }), GNTST_BAD_PAGE);
    assert.equal(of(grantor.domid, reference, { address: 0, into: false }), GNTST_BAD_PAGE);
    const address = other.allocate(1);
    assert.equal(copy(other, grantor.domid, reference, { address }), GNTST_GENERAL_ERROR);
    const there = mapped(mapper, grantor.domid, reference);
    assert.equal(of(grantor.domid, readOnly, { address: there.address }), GNTST_BAD_PAGE);
  });
});

describe('limits on grants', () => {
  it('grant frames: 512 entries each, of which eight are the toolstack’s', () => {
    const machine = sampleMachine({ pcpus: 1 });
    const domain = addDomain(machine, { limits: { ...DEFAULT_LIMITS, grantFrames: 2 } });
    const address = domain.allocate(1);
    for (let i = 8; i < 1024; i++) assert.equal(domain.grantTable.grant(address, 1), i);
    assert.equal(domain.grantTable.grant(address, 1), GNTST_NO_SPACE);
    assert.equal(domain.grantTable.end(500), true);
    assert.equal(domain.grantTable.grant(address, 1), 500);
    assert.equal(domain.grantTable.grantedCount, 1016);
  });

  it('maptrack frames: 256 mappings each', () => {
    const machine = sampleMachine({ pcpus: 2 });
    const grantor = addDomain(machine, { pcpus: [0] });
    const mapper = addDomain(machine, {
      pcpus: [1],
      limits: { ...DEFAULT_LIMITS, maptrackFrames: 1 },
    });
    const reference = grant(grantor, mapper, grantor.allocate(1));
    const most = mapped(mapper, grantor.domid, ...new Array<number>(256).fill(reference));
    assert.deepEqual(map(mapper, grantor.domid, reference), { status: GNTST_NO_SPACE });
    unmap(mapper, most.handles[7] as number);
    mapped(mapper, grantor.domid, reference);
  });

  it('sharing more pages than there are entries takes nothing', () => {
    const machine = sampleMachine({ pcpus: 1 });
    const domain = addDomain(machine, { limits: { ...DEFAULT_LIMITS, grantFrames: 1 } });
    assert.equal(
      perform(domain.vcpu, () => sharePages(domain.vcpu, 1, 505)),
      undefined,
    );
    assert.equal(domain.grantTable.grantedCount, 0);
    assert.equal(machine.memory.allocatedFrames, 0);
    assert.ok(perform(domain.vcpu, () => sharePages(domain.vcpu, 1, 504)) !== undefined);
  });
});

describe('a domain that dies', () => {
  it('stays a zombie while a peer maps its pages, which the peer still reads', () => {
    const { grantor, mapper, machine } = three();
    const address = grantor.allocate(4);
    grantor.memory.poke(address + 5, Buffer.from('still here'));
    const reference = grant(grantor, mapper, address);
    const there = mapped(mapper, grantor.domid, reference);
    grantor.destroy();
    assert.equal(grantor.state, 'dying');
    assert.equal(grantor.heldFrames, 1);
    assert.deepEqual([...machine.allZombies()], [grantor]);
    assert.equal(machine.domain(grantor.domid), grantor);
    assert.equal(Buffer.from(mapper.memory.peek(there.address + 5, 10)).toString(), 'still here');
    const frames = machine.memory.allocatedFrames;
    unmap(mapper, ...there.handles);
    assert.equal(grantor.state, 'dead');
    assert.equal(machine.memory.allocatedFrames, frames - 1);
    assert.deepEqual([...machine.allZombies()], []);
    assert.equal(machine.domain(grantor.domid), undefined);
    assert.deepEqual(map(mapper, grantor.domid, reference), { status: GNTST_BAD_DOMAIN });
  });

  it('dying: what is mapped can be mapped again but not copied, the rest is gone', () => {
    const { grantor, mapper } = three();
    const address = grantor.allocate(2);
    const held = grant(grantor, mapper, address);
    const gone = grant(grantor, mapper, address + PAGE_SIZE);
    const there = mapped(mapper, grantor.domid, held);
    grantor.destroy();
    assert.deepEqual(map(mapper, grantor.domid, gone), { status: GNTST_BAD_PAGE });
    const mine = mapper.allocate(1);
    assert.equal(copy(mapper, grantor.domid, held, { address: mine }), GNTST_BAD_DOMAIN);
    const again = mapped(mapper, grantor.domid, held);
    unmap(mapper, ...there.handles);
    assert.equal(grantor.state, 'dying');
    unmap(mapper, ...again.handles);
    assert.equal(grantor.state, 'dead');
  });

  it('lets go of what it had mapped of others', () => {
    const { grantor, mapper, machine } = three();
    const address = grantor.allocate(1);
    const reference = grant(grantor, mapper, address);
    mapped(mapper, grantor.domid, reference);
    assert.equal(grantor.grantTable.end(reference), false);
    mapper.destroy();
    assert.equal(mapper.state, 'dead');
    assert.equal(grantor.grantTable.end(reference), true);
    grantor.free(address, 1);
    assert.equal(machine.memory.allocatedFrames, 0);
  });

  it('crashed but not destroyed, keeps everything', () => {
    const { grantor, mapper } = three();
    const reference = grant(grantor, mapper, grantor.allocate(1));
    const there = mapped(mapper, grantor.domid, reference);
    mapper.crash('test');
    assert.equal(grantor.grantTable.end(reference), false);
    assert.equal(mapper.grantTable.mappedCount, there.handles.length);
    mapper.destroy();
    assert.equal(grantor.grantTable.end(reference), true);
  });

  it('two that map each other: the second to die frees both', () => {
    const { grantor: a, mapper: b, machine } = three();
    mapped(b, a.domid, grant(a, b, a.allocate(1)));
    mapped(a, b.domid, grant(b, a, b.allocate(1)));
    a.destroy();
    assert.equal(a.state, 'dying', 'b maps it');
    b.destroy();
    assert.deepEqual([a.state, b.state], ['dead', 'dead']);
    assert.equal(machine.memory.allocatedFrames, 0);
    assert.deepEqual([...machine.allZombies()], []);
  });

  it('one that maps its own pages goes at once', () => {
    const { grantor: a, machine } = three();
    mapped(a, a.domid, grant(a, a, a.allocate(2)));
    a.destroy();
    assert.equal(a.state, 'dead');
    assert.deepEqual([...machine.allZombies()], []);
    assert.equal(machine.memory.allocatedFrames, 0);
  });
});

describe('/dev/xen/gntdev and gntalloc', () => {
  it('share, map, unmap and unshare leave nothing behind', () => {
    for (const type of ['pv', 'pvh'] as const) {
      const machine = sampleMachine({ pcpus: 2 });
      const server = addDomain(machine, { pcpus: [0], type });
      const client = addDomain(machine, { pcpus: [1], type });
      const region = perform(server.vcpu, () => sharePages(server.vcpu, client.domid, 17));
      assert.ok(region !== undefined);
      const there = perform(client.vcpu, () =>
        mapPages(client.vcpu, server.domid, region.references),
      );
      assert.ok('address' in there);
      const stillMapped = perform(server.vcpu, () => unsharePages(server.vcpu, region));
      assert.equal(stillMapped, 17);
      assert.equal(machine.memory.allocatedFrames, 17);
      perform(client.vcpu, () => unmapPages(client.vcpu, there));
      assert.equal(machine.memory.allocatedFrames, 0, 'the kernel frees what the peer lets go');
      assert.equal(server.grantTable.grantedCount, 0);
      runToQuiet(machine);
    }
  });
});
