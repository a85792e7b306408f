import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BLOCKED, ORDER, type Process } from '../sim/process.js';
import { GUEST_USER, IDLE } from '../xen/causes.js';
import { EVTCHN_CONTROL } from '../xen/counters.js';
import { Machine } from '../xen/machine.js';
import type { Vcpu } from '../xen/vcpu.js';
import {
  COMPOSITE_NAMES,
  type CompositeName,
  equationText,
  priceNs,
  recomposedNs,
} from './composites.js';
import { CONTRADICTIONS, PUBLISHED_COMPOSITES } from './data/published-composites.js';
import { findProfile, PROFILES } from './index.js';
import type { PriceName } from './price-list.js';
import { type Profile, priceTable } from './profile.js';

/** The price that takes what is left of a composite, and so carries its equation. */
const REST: Readonly<Record<CompositeName, PriceName>> = {
  nullHypercall: 'hypercall',
  eventRunning: 'ipi',
  eventBlocked: 'vcpuWake',
  vcpuSwitchOnOnePcpu: 'vcpuSwitch',
  grantMapUnmap: 'grantMap',
  grantCopyFixed: 'grantCopy',
};

function contradicts(profile: string, composite: CompositeName): boolean {
  return CONTRADICTIONS.some((one) => one.profile === profile && one.composite === composite);
}

describe('published composites', () => {
  for (const [name, figures] of Object.entries(PUBLISHED_COMPOSITES)) {
    const profile = findProfile(name) as Profile;
    for (const composite of COMPOSITE_NAMES) {
      const { value, unit } = figures[composite];
      const published = unit === 'cycles' ? (value * 1e9) / profile.clockHz : value;
      const differs = Math.abs(recomposedNs(profile, composite) / published - 1);
      const equation = equationText(profile, composite);

      if (contradicts(name, composite)) {
        it(`${name}: ${composite} gives way to better known figures`, () => {
          assert.ok(differs > 0.02, `no contradiction any more: ${equation}`);
          assert.equal(figures[composite].confidence, 'estimate');
        });
        continue;
      }
      it(`${name}: the prices of ${composite} add up to what was published`, () => {
        assert.ok(differs < 0.02, `${equation}, published ${published}`);
      });
      it(`${name}: the source of what is left of ${composite} shows the sum as it is`, () => {
        const mitigated = composite === 'nullHypercall' && name === 'skylake-2017-mitigated';
        const price = mitigated ? 'mitigationEntry' : REST[composite];
        const { source } = profile.prices[price];
        assert.ok(source.includes(equation), `${price}: "${source}" should say "${equation}"`);
      });
    }
  }

  it('belong to every profile of a hardware generation', () => {
    const generations = PROFILES.map(({ name }) => name).filter((name) => /-20(?!13)/.test(name));
    assert.deepEqual(Object.keys(PUBLISHED_COMPOSITES), generations);
  });
});

/** Sums of rounded prices, and a receiver that looks up once a nanosecond. */
const TOLERANCE_NS = 3;

function assertNear(actualNs: number, expectedNs: number): void {
  assert.ok(Math.abs(actualNs - expectedNs) <= TOLERANCE_NS, `${actualNs}, not ${expectedNs}`);
}

function* spin(vcpu: Vcpu, ns: number, until: () => boolean): Process {
  for (let i = 0; i < ns && !until(); i++) {
    vcpu.pcpu.charge(GUEST_USER, 1000);
    while (vcpu.isAhead()) yield ORDER;
  }
}

/** Guests without a timer, whose upcall wants no EOI: neither is part of a composite. */
function quietMachine(profile: Profile): Machine {
  return new Machine({
    features: { ...profile.features, guestTickHz: 0, upcallVector: false, lazyFpu: false },
    prices: priceTable(profile),
    pcpus: 2,
    seed: 1,
  });
}

/** All that two busy guests pay beside their own work, with and without one event between them. */
function overheadNs(profile: Profile, withEvent: boolean): number {
  const machine = quietMachine(profile);
  const sender = machine.createDomain({ name: 'sender', type: 'pvh', pcpus: [0] });
  const receiver = machine.createDomain({ name: 'receiver', type: 'pvh', pcpus: [1] });
  const [from, to] = sender.eventChannels.wireTo(receiver.eventChannels);
  let handled = false;
  to.handler = () => {
    handled = true;
  };
  receiver.vcpu.spawn(
    'busy',
    spin(receiver.vcpu, 100_000, () => false),
  );
  sender.vcpu.spawn('sends', send());
  machine.run();
  assert.equal(handled, withEvent);
  return machine.pcpus.reduce((sum, { clock, attribution }) => {
    const own = (attribution[GUEST_USER] as number) + (attribution[IDLE] as number);
    return sum + (clock - own) / 1000;
  }, 0);
  function* send(): Process {
    yield* spin(sender.vcpu, 20_000, () => false);
    if (withEvent) sender.eventChannels.send(sender.vcpu, from.number);
  }
}

describe('the simulated machine charges composites as they are written down', () => {
  for (const name of ['skylake-2017', 'skylake-2017-mitigated', 'zen4-2023']) {
    const profile = findProfile(name) as Profile;

    it(`${name}: a null hypercall`, () => {
      const { vcpu } = quietMachine(profile).createDomain({ name: 'a', type: 'pvh', pcpus: [0] });
      const before = vcpu.pcpu.clock;
      vcpu.enter(EVTCHN_CONTROL);
      assertNear((vcpu.pcpu.clock - before) / 1000, recomposedNs(profile, 'nullHypercall'));
    });

    it(`${name}: an event to a running vCPU: what both sides pay, and the interrupt between`, () => {
      const paid = overheadNs(profile, true) - overheadNs(profile, false);
      assertNear(paid + priceNs(profile, 'ipi'), recomposedNs(profile, 'eventRunning'));
    });

    it(`${name}: an event to a blocked vCPU, until its task runs`, () => {
      const machine = quietMachine(profile);
      const sender = machine.createDomain({ name: 'sender', type: 'pvh', pcpus: [0] });
      const receiver = machine.createDomain({ name: 'receiver', type: 'pvh', pcpus: [1] });
      const [from, to] = sender.eventChannels.wireTo(receiver.eventChannels);
      let sentAt = 0;
      let runsAt = 0;
      const task = receiver.vcpu.spawn('waits', wait());
      to.handler = () => task.wake();
      sender.vcpu.spawn('sends', send());
      machine.run();
      function* wait(): Process {
        task.block('the event');
        yield BLOCKED;
        runsAt = receiver.vcpu.pcpu.clock;
      }
      function* send(): Process {
        yield* spin(sender.vcpu, 50_000, () => false);
        sentAt = sender.vcpu.pcpu.clock;
        sender.eventChannels.send(sender.vcpu, from.number);
      }
      assertNear((runsAt - sentAt) / 1000, recomposedNs(profile, 'eventBlocked'));
    });

    it(`${name}: a vCPU switch on one pCPU, from one task to the other`, () => {
      const machine = quietMachine(profile);
      const first = machine.createDomain({ name: 'first', type: 'pvh', pcpus: [0] });
      const second = machine.createDomain({ name: 'second', type: 'pvh', pcpus: [0] });
      let blocksAt = 0;
      let runsAt = 0;
      const task = first.vcpu.spawn('blocks', block());
      second.vcpu.spawn('runs', run());
      machine.run();
      function* block(): Process {
        yield* spin(first.vcpu, 1000, () => false);
        blocksAt = first.vcpu.pcpu.clock;
        task.block('nothing');
        yield BLOCKED;
      }
      function* run(): Process {
        runsAt = second.vcpu.pcpu.clock;
        yield* spin(second.vcpu, 1, () => false);
      }
      const guestTaskSwitches = 2 * priceNs(profile, 'taskSwitch');
      const switched = (runsAt - blocksAt) / 1000 - guestTaskSwitches;
      assertNear(switched, recomposedNs(profile, 'vcpuSwitchOnOnePcpu'));
    });

    it(`${name}: grants mapped and unmapped in a batch, and one grant copy`, () => {
      const pages = 32;
      const machine = quietMachine(profile);
      const owner = machine.createDomain({ name: 'owner', type: 'pv', pcpus: [0] });
      const mapper = machine.createDomain({ name: 'mapper', type: 'pv', pcpus: [0, 1] });
      const [vcpu, other] = mapper.vcpus as [Vcpu, Vcpu];
      const address = owner.allocate(pages);
      const own = mapper.allocate(1);
      const references = Array.from({ length: pages }, (_, page) =>
        owner.grantTable.grant(address + page * 4096, mapper.domid),
      );
      let mappingNs = 0;
      let copyNs = 0;
      let done = false;
      other.spawn(
        'busy',
        spin(other, 1_000_000, () => done),
      );
      vcpu.spawn('maps', work());
      machine.run();
      function* work(): Process {
        yield* spin(vcpu, 10_000, () => false);
        let before = vcpu.pcpu.clock;
        const mapped = mapper.grantTable.map(vcpu, owner.domid, references);
        assert.ok('handles' in mapped);
        mapper.grantTable.unmap(vcpu, mapped.handles);
        mappingNs = (vcpu.pcpu.clock - before) / 1000;
        before = vcpu.pcpu.clock;
        const segment = { reference: references[0] as number, offset: 0, address: own, length: 0 };
        mapper.grantTable.copy(vcpu, owner.domid, [segment], true);
        copyNs = (vcpu.pcpu.clock - before) / 1000;
        done = true;
      }
      assertNear(mappingNs / pages, recomposedNs(profile, 'grantMapUnmap'));
      // The machine makes a hypercall of each copy; the figures were taken in batches.
      const entry =
        priceNs(profile, 'pvEntry') +
        priceNs(profile, 'mitigationEntry') +
        priceNs(profile, 'hypercall');
      assertNear(copyNs, recomposedNs(profile, 'grantCopyFixed') + (entry * 31) / 32);
    });
  }
});
