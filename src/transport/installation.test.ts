import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation } from '../base/errors.js';
import { DEFAULT_LIMITS } from '../xen/domain.js';
import { testHardware } from './conformance/setting.js';
import { Gate } from './gate.js';
import { Installation, type InstallationOptions, RAISED_LIMITS } from './installation.js';

function install(options: Partial<InstallationOptions> = {}): Installation {
  return new Installation({
    hardware: testHardware('npt'),
    guests: [
      { name: 'server', type: 'pv' },
      { name: 'client', type: 'pvh' },
    ],
    placement: 'own',
    limits: 'default',
    seed: 1,
    ...options,
  });
}

describe('an installation', () => {
  it('has dom0 with xenstored, and guests that xenstored knows, before any time has passed', () => {
    const { machine, dom0, guests, xenstored } = install();
    assert.equal(machine.now, 0);
    assert.equal(dom0.domid, 0);
    assert.deepEqual(
      guests.map(({ domid, domain }) => [domid, domain.name, domain.type]),
      [
        [1, 'server', 'pv'],
        [2, 'client', 'pvh'],
      ],
    );
    assert.deepEqual(xenstored.store.read(2, 'domid'), { ok: true, value: '2' });
  });

  it('gives each vCPU a pCPU of its own, or all of them one', () => {
    const places = (installation: Installation): number[] =>
      [installation.dom0, ...installation.guests].map((guest) => guest.vcpu.pcpu.id);
    assert.deepEqual(places(install()), [0, 1, 2]);
    assert.deepEqual(places(install({ placement: 'shared' })), [0, 0, 0]);
  });

  it('gives guests the limits of xl and xenstored, or raised ones', () => {
    const ordinary = install();
    assert.deepEqual(ordinary.guest(0).domain.limits, DEFAULT_LIMITS);
    assert.equal(ordinary.xenstored.store.quotas.watchesPerDomain, 128);
    const raised = install({ limits: 'raised' });
    assert.deepEqual(raised.guest(0).domain.limits, RAISED_LIMITS);
    assert.equal(raised.xenstored.store.quotas.watchesPerDomain, 100_000);
  });

  it('has no guest that was not asked for', () => {
    assert.throws(() => install().guest(2), InvariantViolation);
  });

  it('keeps a crashed domain, unless the toolstack destroys it after it has learnt of the crash', () => {
    for (const onCrash of ['preserve', 'destroy'] as const) {
      const { machine, xenstored, guests, dom0 } = install({ onCrash });
      const [server] = guests;
      assert(server !== undefined);
      dom0.vcpu.spawn(
        'fault',
        (function* () {
          yield* dom0.vcpu.kernel.sleepUntil(1e9);
          server.domain.crash('the test wants it');
        })(),
      );
      assert.equal(machine.run(), 'quiet');
      const known = xenstored.store.read(0, '/local/domain/1/data').ok;
      if (onCrash === 'preserve') {
        assert.equal(server.domain.state, 'crashed');
        assert.ok(known);
      } else {
        assert.equal(server.domain.state, 'dead');
        assert.ok(!known);
        assert.ok(machine.now >= 1e9 + machine.prices.crashDetection);
      }
    }
  });

  it('says who waits for what, and leaves out what serves for ever in dom0', () => {
    const installation = install();
    const { machine, guests } = installation;
    const [server, client] = guests;
    assert(server !== undefined && client !== undefined);
    const gate = new Gate();
    server.vcpu.spawn('reader', gate.pass(server));
    client.vcpu.spawn(
      'faulty',
      (function* () {
        client.memory.peek(0, 1);
        yield* gate.pass(client);
      })(),
    );
    assert.equal(machine.run(), 'quiet');
    assert.deepEqual(installation.whoWaits(), [
      'server/reader waits for the start signal',
      'client is crashed: dom2: page fault reading 0x0',
    ]);
  });
});

describe('a gate', () => {
  it('holds those who come before it is opened, at the time of who opens it, and nobody after', () => {
    const { machine, guests } = install();
    const [opener, passer] = guests;
    assert(opener !== undefined && passer !== undefined);
    const gate = new Gate();
    const passedPs: number[] = [];
    passer.vcpu.spawn(
      'passer',
      (function* () {
        yield* gate.pass(passer);
        passedPs.push(passer.vcpu.pcpu.clock);
        yield* gate.pass(passer);
        passedPs.push(passer.vcpu.pcpu.clock);
      })(),
    );
    let openedPs = 0;
    opener.vcpu.spawn(
      'opener',
      (function* () {
        yield* opener.vcpu.kernel.sleepUntil(5e9);
        gate.open(opener);
        openedPs = opener.vcpu.pcpu.clock;
      })(),
    );
    assert.equal(machine.run(), 'quiet');
    assert.ok(openedPs >= 5e9);
    const [first, second] = passedPs;
    assert.ok(first !== undefined && first >= openedPs && first < openedPs + 1e6, String(first));
    assert.equal(second, first);
    assert.ok(gate.isOpen);
  });
});
