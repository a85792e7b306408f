import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import { GuestFault } from './address-space.js';
import { DEFAULT_LIMITS, type Domain } from './domain.js';
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

const DOMAINS = 3;
/** Pages of its own that each domain begins with. */
const PAGES = 3;
const MAPPED_AT_MOST = 256;

/** A page of memory, whoever sees it: its first byte is what it is known by. */
interface NaiveFrame {
  readonly owner: number;
  byte: number;
  mappings: number;
  freed: boolean;
}

interface NaiveGrant {
  readonly frame: NaiveFrame;
  readonly peer: number;
  readonly readOnly: boolean;
  uses: number;
  ended: boolean;
}

interface NaiveMapping {
  readonly grant: NaiveGrant;
  readonly address: number;
  readonly handle: number;
}

interface NaiveDomain {
  state: 'running' | 'crashed' | 'dying' | 'dead';
  readonly own: { address: number; frame: NaiveFrame }[];
  /** By reference. */
  readonly grants: Map<number, NaiveGrant>;
  readonly mappings: NaiveMapping[];
}

type Step = {
  readonly do: 'grant' | 'end' | 'map' | 'unmap' | 'copy' | 'write' | 'free' | 'crash' | 'destroy';
  readonly domid: number;
  readonly other: number;
  readonly pick: number;
  readonly flag: boolean;
};

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom('grant' as const, 'map' as const, 'write' as const) },
    { weight: 10, arbitrary: fc.constantFrom('unmap' as const, 'copy' as const, 'end' as const) },
    { weight: 2, arbitrary: fc.constant('free' as const) },
    { weight: 1, arbitrary: fc.constantFrom('crash' as const, 'destroy' as const) },
  ),
  domid: fc.nat({ max: DOMAINS - 1 }),
  other: fc.nat({ max: DOMAINS }),
  pick: fc.nat({ max: 11 }),
  flag: fc.boolean(),
});

/** Both the machine and a plain account of what must be true of it. */
class Comparison {
  readonly machine: Machine = sampleMachine({ pcpus: DOMAINS });
  readonly domains: Domain[] = [];
  readonly naive: NaiveDomain[] = [];
  private stamp = 1;

  constructor() {
    for (let id = 0; id < DOMAINS; id++) {
      const domain = addDomain(this.machine, {
        pcpus: [id],
        type: id === 0 ? 'pv' : 'pvh',
        limits: { ...DEFAULT_LIMITS, maptrackFrames: 1 },
      });
      const own = Array.from({ length: PAGES }, () => ({
        address: domain.allocate(1),
        frame: { owner: id, byte: 0, mappings: 0, freed: false },
      }));
      this.domains.push(domain);
      this.naive.push({ state: 'running', own, grants: new Map(), mappings: [] });
    }
  }

  carryOut(what: Step): void {
    const naive = this.naive[what.domid] as NaiveDomain;
    const domain = this.domains[what.domid] as Domain;
    const action = what.do;
    if (action === 'destroy') this.destroy(naive, domain);
    else if (naive.state !== 'running') return;
    else if (action === 'crash') {
      domain.crash('test');
      naive.state = 'crashed';
    } else perform(domain.vcpu, () => this[action](what, domain, naive));
  }

  grant(what: Step, domain: Domain, naive: NaiveDomain): void {
    const page = naive.own[what.pick % Math.max(1, naive.own.length)];
    // Now and then a page that is only mapped: the guest may write that into its table.
    const foreign = naive.mappings[what.pick];
    const chosen =
      what.pick > 8 && foreign !== undefined
        ? { address: foreign.address, frame: foreign.grant.frame }
        : page;
    if (chosen === undefined) return;
    const reference = domain.grantTable.grant(chosen.address, what.other, what.flag);
    assert.ok(reference >= 8 && !naive.grants.has(reference));
    naive.grants.set(reference, {
      frame: chosen.frame,
      peer: what.other,
      readOnly: what.flag,
      uses: 0,
      ended: false,
    });
  }

  end(what: Step, domain: Domain, naive: NaiveDomain): void {
    const reference = 8 + what.pick;
    const grant = naive.grants.get(reference);
    const possible = grant === undefined || grant.uses === 0;
    assert.equal(domain.grantTable.end(reference), possible);
    if (possible) naive.grants.delete(reference);
  }

  map(what: Step, domain: Domain, naive: NaiveDomain): void {
    const references = what.flag ? [8 + what.pick] : [8 + what.pick, 8 + (what.pick >> 1)];
    const result = domain.grantTable.map(domain.vcpu, what.other, references);
    assert.equal(result.status, this.mapStatus(what.domid, what.other, references, naive));
    if (!('address' in result)) return;
    references.forEach((reference, index) => {
      const grant = this.naive[what.other]?.grants.get(reference) as NaiveGrant;
      grant.uses++;
      grant.frame.mappings++;
      const handle = result.handles[index] as number;
      naive.mappings.push({ grant, address: result.address + index * PAGE_SIZE, handle });
    });
  }

  private mapStatus(
    domid: number,
    other: number,
    references: readonly number[],
    naive: NaiveDomain,
  ): number {
    const grantor = this.naive[other];
    if (grantor === undefined || grantor.state === 'dead') return GNTST_BAD_DOMAIN;
    if (naive.mappings.length + references.length > MAPPED_AT_MOST) return GNTST_NO_SPACE;
    for (const reference of references) {
      const status = grantStatus(grantor, other, reference, domid);
      if (status !== GNTST_OKAY) return status;
    }
    return GNTST_OKAY;
  }

  unmap(what: Step, domain: Domain, naive: NaiveDomain): void {
    const mapping = naive.mappings[what.pick];
    const handle = mapping?.handle ?? 999;
    const status = domain.grantTable.unmap(domain.vcpu, [handle]);
    assert.equal(status, mapping === undefined ? GNTST_BAD_HANDLE : GNTST_OKAY);
    if (mapping === undefined) return;
    naive.mappings.splice(what.pick, 1);
    this.letGo(mapping);
    assert.throws(() => domain.memory.peek(mapping.address, 1), GuestFault);
  }

  private letGo({ grant }: NaiveMapping): void {
    grant.uses--;
    grant.frame.mappings--;
    const owner = this.naive[grant.frame.owner] as NaiveDomain;
    if (owner.state === 'dying') this.relinquish(owner);
  }

  copy(what: Step, domain: Domain, naive: NaiveDomain): void {
    const page = naive.own[what.pick % Math.max(1, naive.own.length)];
    if (page === undefined) return;
    const reference = 8 + what.pick;
    const length = what.pick === 7 ? PAGE_SIZE + 1 : 16;
    const segment = { reference, offset: 0, address: page.address, length };
    const status = domain.grantTable.copy(domain.vcpu, what.other, [segment], what.flag);
    assert.equal(status, this.copyStatus(what, reference, length));
    if (status !== GNTST_OKAY) return;
    const { frame } = (this.naive[what.other] as NaiveDomain).grants.get(reference) as NaiveGrant;
    if (what.flag) page.frame.byte = frame.byte;
    else frame.byte = page.frame.byte;
  }

  private copyStatus(what: Step, reference: number, length: number): number {
    const grantor = this.naive[what.other];
    if (grantor === undefined || grantor.state === 'dead') return GNTST_BAD_DOMAIN;
    const status = grantStatus(grantor, what.other, reference, what.domid);
    if (status !== GNTST_OKAY) return status;
    const grant = grantor.grants.get(reference) as NaiveGrant;
    if (!what.flag && grant.readOnly) return GNTST_GENERAL_ERROR;
    // Xen trusts no count of uses of a domain that dies; an entry that nobody uses is looked up anew.
    if (grantor.state === 'dying' && grant.uses > 0) return GNTST_BAD_DOMAIN;
    return length > PAGE_SIZE ? GNTST_BAD_COPY_ARG : GNTST_OKAY;
  }

  /** The guest writes to a page, its own or mapped. */
  write(what: Step, domain: Domain, naive: NaiveDomain): void {
    const byte = this.stamp++ & 0xff;
    const mapping = naive.mappings[what.pick];
    if (what.flag && mapping !== undefined) {
      if (mapping.grant.readOnly) {
        const write = (): void => domain.memory.poke(mapping.address, Uint8Array.of(byte));
        assert.throws(write, GuestFault);
        naive.state = 'crashed';
        return;
      }
      domain.memory.poke(mapping.address, Uint8Array.of(byte));
      mapping.grant.frame.byte = byte;
      return;
    }
    const page = naive.own[what.pick % Math.max(1, naive.own.length)];
    if (page === undefined) return;
    domain.memory.poke(page.address, Uint8Array.of(byte));
    page.frame.byte = byte;
  }

  /** A page that nobody maps goes back to Xen; its grants, if any, stay in the table. */
  free(what: Step, domain: Domain, naive: NaiveDomain): void {
    const at = naive.own.findIndex(({ frame }) => frame.mappings === 0);
    if (at < 0 || what.flag) return;
    const [{ address, frame }] = naive.own.splice(at, 1) as [(typeof naive.own)[0]];
    domain.free(address, 1);
    frame.freed = true;
  }

  private destroy(naive: NaiveDomain, domain: Domain): void {
    domain.destroy();
    runToQuiet(this.machine);
    if (naive.state === 'dying' || naive.state === 'dead') return;
    naive.state = 'dying';
    for (const mapping of naive.mappings.splice(0)) this.letGo(mapping);
    this.relinquish(naive);
  }

  private relinquish(naive: NaiveDomain): void {
    for (const { frame } of naive.own) if (frame.mappings === 0) frame.freed = true;
    if (naive.own.every(({ frame }) => frame.freed)) naive.state = 'dead';
  }

  check(): void {
    let frames = 0;
    this.naive.forEach((naive, id) => {
      const domain = this.domains[id] as Domain;
      assert.equal(domain.state, naive.state);
      assert.equal(this.machine.domain(id), naive.state === 'dead' ? undefined : domain);
      const held = naive.own.filter(({ frame }) => !frame.freed).length;
      assert.equal(domain.heldFrames, held);
      frames += held;
      if (naive.state !== 'running') return;
      assert.equal(domain.grantTable.mappedCount, naive.mappings.length);
      assert.equal(domain.grantTable.grantedCount, naive.grants.size);
      for (const { address, frame } of naive.own) {
        assert.equal(domain.memory.peek(address, 1)[0], frame.byte, 'its own page');
      }
      for (const { address, grant } of naive.mappings) {
        assert.equal(domain.memory.peek(address, 1)[0], grant.frame.byte, 'a mapped page');
      }
    });
    assert.equal(this.machine.memory.allocatedFrames, frames);
  }
}

/** The status that a grant has for somebody who wants to map it. */
function grantStatus(grantor: NaiveDomain, domid: number, reference: number, peer: number): number {
  const grant = grantor.grants.get(reference);
  // The references here are far below the 512 of the first frame.
  if (grant === undefined) return reference < 512 ? GNTST_GENERAL_ERROR : GNTST_BAD_GNTREF;
  if (grant.peer !== peer) return GNTST_GENERAL_ERROR;
  return grant.frame.owner !== domid || grant.frame.freed ? GNTST_BAD_PAGE : GNTST_OKAY;
}

test('any sequence of grants, mappings, copies, crashes and destructions does what a naive account says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const comparison = new Comparison();
      steps.forEach((what, index) => {
        try {
          comparison.carryOut(what);
          comparison.check();
        } catch (error) {
          throw new Error(`step ${index}: ${JSON.stringify(what)}`, { cause: error });
        }
      });
    }),
    runs(200),
  );
});
