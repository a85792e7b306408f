import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProfile } from '../../profiles/index.js';
import { type Profile, priceTable } from '../../profiles/profile.js';
import { ORDER, type Process } from '../../sim/process.js';
import type { TransportDriver } from '../../transport/contract.js';
import type { Guest } from '../../transport/guest.js';
import { Installation } from '../../transport/installation.js';
import { FaultInjector } from './fault-injector.js';
import { atEveryStep, describeFault, type FaultPlan } from './fault-plan.js';
import { ZombieWatch } from './zombie-watch.js';

const profile = findProfile('skylake-2017') as Profile;
/** Nothing here connects. */
const noTransport = {} as TransportDriver;

function installed(plan: FaultPlan, driver = noTransport) {
  const installation = new Installation({
    hardware: { features: profile.features, prices: priceTable(profile) },
    guests: [
      { name: 'one', type: 'pvh' },
      { name: 'other', type: 'pvh' },
    ],
    placement: 'own',
    limits: 'default',
    seed: 1,
    onCrash: 'destroy',
  });
  const injector = new FaultInjector(installation, driver, plan);
  return { installation, injector, guest: installation.guest(0) };
}

/** Ten hypercalls, each counted when it has returned. */
function* tenHypercalls(guest: Guest, done: () => void): Process {
  for (let i = 0; i < 10; i++) {
    while (guest.isAhead()) yield ORDER;
    guest.domain.eventChannels.allocUnbound(guest.vcpu, 0);
    done();
  }
}

describe('a fault plan', () => {
  it('stops a guest in the middle of its n-th hypercall: no line of its code runs on', () => {
    const { installation, injector, guest } = installed([
      { action: { do: 'crash', guest: 0 }, when: { step: 'hypercall', of: 0, nth: 4 } },
    ]);
    let returned = 0;
    guest.vcpu.spawn(
      'program',
      tenHypercalls(guest, () => returned++),
    );
    installation.machine.run();
    assert.equal(returned, 3);
    assert.equal(injector.carriedOut.length, 1);
    assert.equal(installation.machine.trace.observer, undefined, 'nobody observes any more');
  });

  it('lets the step of another guest end before it acts', () => {
    const { installation, guest } = installed([
      { action: { do: 'crash', guest: 1 }, when: { step: 'hypercall', of: 0, nth: 4 } },
    ]);
    let returned = 0;
    guest.vcpu.spawn(
      'program',
      tenHypercalls(guest, () => returned++),
    );
    installation.machine.run();
    assert.equal(returned, 10);
    assert.equal(installation.guest(1).domain.isAlive, false);
  });

  it('acts at a virtual time, and after a mark', () => {
    const { installation, injector } = installed([
      { action: { do: 'hang', guest: 0 }, when: { atPs: 5000 } },
      { action: { do: 'crash', guest: 1 }, when: { mark: 'here', laterPs: 70 } },
      { action: { do: 'crash', guest: 0 }, when: { mark: 'elsewhere' } },
    ]);
    injector.mark('here', 9000);
    installation.machine.run();
    assert.deepEqual(
      injector.carriedOut.map(({ fault, atPs }) => [fault.action.do, atPs]),
      [
        ['hang', 5000],
        ['crash', 9070],
      ],
    );
    assert.equal(installation.guest(0).vcpu.isPaused, true);
  });

  it('leaves the machine unobserved where no fault waits for a step', () => {
    const { installation } = installed([
      { action: { do: 'crash', guest: 0 }, when: { atPs: 1 } },
      { action: { do: 'crash', guest: 0 }, when: { step: 'any', nth: 1, mark: 'never' } },
    ]);
    assert.equal(installation.machine.trace.observer, undefined);
  });

  it('kills and restarts what the transport has in dom0, and nothing where it has nothing', () => {
    const seen: string[] = [];
    const plan: FaultPlan = [
      { action: { do: 'kill', service: 'broker' }, when: { atPs: 1 } },
      { action: { do: 'restart', service: 'broker' }, when: { atPs: 2 } },
    ];
    const broker = { kill: () => seen.push('kill'), restart: () => seen.push('restart') };
    const driver = { broker: () => broker } as unknown as TransportDriver;
    installed(plan, driver).installation.machine.run();
    assert.deepEqual(seen, ['kill', 'restart']);
    assert.doesNotThrow(() => installed(plan).installation.machine.run());
  });

  it('xenstored answers nobody when it is dead', () => {
    const { installation, guest } = installed([
      { action: { do: 'kill', service: 'xenstored' }, when: { atPs: 1 } },
    ]);
    let answered = false;
    guest.vcpu.spawn(
      'program',
      (function* (): Process {
        yield* guest.vcpu.kernel.sleepUntil(1e9);
        yield* guest.xenstore.read('/local/domain/1/domid');
        answered = true;
      })(),
    );
    installation.machine.run();
    assert.equal(answered, false);
    assert.match(installation.whoWaits().join(), /an answer of xenstored/);
  });

  it('xenstored dies in the middle of an operation: it is done, and nobody is told', () => {
    const { installation, guest } = installed([
      { action: { do: 'kill', service: 'xenstored' }, when: { step: 'xenstore', nth: 1 } },
    ]);
    const path = '/local/domain/1/data/node';
    let answered = false;
    guest.vcpu.spawn(
      'program',
      (function* (): Process {
        yield* guest.xenstore.write(path, 'written');
        answered = true;
      })(),
    );
    installation.machine.run();
    const { store } = installation.xenstored;
    assert.deepEqual([store.read(0, path), answered], [{ ok: true, value: 'written' }, false]);
  });

  it('stops a guest behind a write into a word that its peer reads, before the next one', () => {
    const { installation, injector, guest } = installed([
      { action: { do: 'crash', guest: 0 }, when: { step: 'shared-write', of: 0, nth: 2 } },
    ]);
    const address = guest.domain.allocate(1);
    const fields = guest.memory.sharedFields(address);
    guest.vcpu.spawn(
      'program',
      (function* (): Process {
        while (guest.isAhead()) yield ORDER;
        for (let i = 0; i < 4; i++) fields.write32(4 * i, 7);
      })(),
    );
    installation.machine.run();
    assert.deepEqual([...guest.memory.peek(address, 16)].filter(Boolean), [7, 7]);
    assert.equal(injector.timeOf('crash') !== undefined, true);
  });

  it('is one plan a step where it is exhaustive', () => {
    const plans = [...atEveryStep({ do: 'crash', guest: 1 }, 5, 2)];
    assert.deepEqual(
      plans.map((plan) => describeFault(plan[0] as FaultPlan[number])),
      ['crash guest 1 at step 1', 'crash guest 1 at step 3', 'crash guest 1 at step 5'],
    );
  });
});

describe('the toolstack and the zombie watch', () => {
  it('destroys a crashed domain when it has noticed; its frames stay while a peer maps them', () => {
    const { installation, guest } = installed([
      { action: { do: 'crash', guest: 0 }, when: { atPs: 1000 } },
      { action: { do: 'destroy', guest: 1 }, when: { atPs: 1e12 } },
    ]);
    const { machine } = installation;
    const other = installation.guest(1);
    const watch = ZombieWatch.of(machine);
    const address = guest.domain.allocate(3);
    const reference = guest.domain.grantTable.grant(address, other.domid);
    other.domain.grantTable.map(other.vcpu, guest.domid, [reference]);
    machine.run();
    watch.stop();
    const [burial] = watch.burials;
    assert.equal(burial?.domid, guest.domid);
    assert.ok((burial?.destroyedPs ?? 0) >= 1000 + machine.prices.crashDetection);
    assert.equal(burial?.framesStuck, 1);
    // The peer holds it until the peer itself is destroyed.
    assert.ok((burial?.gonePs ?? 0) >= 1e12);
    assert.ok(watch.zombiePs(machine.now) > 0.9e12);
    assert.equal(watch.hasZombie, false);
  });
});
