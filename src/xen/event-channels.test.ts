import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IDLE } from './causes.js';
import { DEFAULT_LIMITS, type Domain } from './domain.js';
import { EEXIST, EINVAL, ENOSPC, ESRCH } from './errno.js';
import { DOMID_SELF, FIFO_PORTS, NR_VIRQS, TWO_LEVEL_PORTS } from './event-channels.js';
import type { Machine } from './machine.js';
import { addDomain, perform, runToQuiet, sampleMachine } from './sample-machine.js';

/** Two guests on a pCPU each. */
function pair(): { machine: Machine; a: Domain; b: Domain } {
  const machine = sampleMachine({ pcpus: 2 });
  const a = addDomain(machine, { pcpus: [0] });
  const b = addDomain(machine, { pcpus: [1] });
  return { machine, a, b };
}

function allocUnbound(domain: Domain, remoteDomid: number): number {
  return perform(domain.vcpu, () => domain.eventChannels.allocUnbound(domain.vcpu, remoteDomid));
}

function bind(domain: Domain, remoteDomid: number, port: number): number {
  return perform(domain.vcpu, () =>
    domain.eventChannels.bindInterdomain(domain.vcpu, remoteDomid, port),
  );
}

function bindVirq(domain: Domain, virq: number): number {
  return perform(domain.vcpu, () => domain.eventChannels.bindVirq(domain.vcpu, virq));
}

function send(domain: Domain, port: number): number {
  return perform(domain.vcpu, () => domain.eventChannels.send(domain.vcpu, port));
}

function close(domain: Domain, port: number): number {
  return perform(domain.vcpu, () => domain.eventChannels.close(domain.vcpu, port));
}

/** Counts the events of a port from now on. */
function counted(domain: Domain, port: number): { events: number } {
  const count = { events: 0 };
  perform(domain.vcpu, () => {
    domain.eventChannels.handle(port, () => {
      count.events++;
    });
  });
  return count;
}

/** A channel between the two, with the events of each side counted from after it was bound. */
function connect(a: Domain, b: Domain) {
  const portA = allocUnbound(a, b.domid);
  const portB = bind(b, a.domid, portA);
  assert.ok(portB > 0);
  const [atA, atB] = [counted(a, portA), counted(b, portB)];
  atB.events = 0;
  return { portA, portB, atA, atB };
}

describe('event channels between two domains', () => {
  it('an event sent at one end arrives at the other', () => {
    const { a, b, machine } = pair();
    const { portA, portB, atA, atB } = connect(a, b);
    assert.equal(send(a, portA), 0);
    assert.deepEqual([atA.events, atB.events], [0, 1]);
    assert.equal(send(b, portB), 0);
    assert.deepEqual([atA.events, atB.events], [1, 1]);
    assert.equal(machine.counters.events.sent, 2);
  });

  it('a port that is bound is pending at once, for an event may have been lost before', () => {
    const { a, b } = pair();
    const port = allocUnbound(a, b.domid);
    const bound = bind(b, a.domid, port);
    assert.equal(b.eventChannels.port(bound)?.pending, true);
    const count = counted(b, bound);
    assert.equal(count.events, 1);
    assert.equal(b.eventChannels.port(bound)?.pending, false);
    assert.equal(a.eventChannels.port(port)?.pending, false);
  });

  it('sending on an unbound port does nothing, and is no error', () => {
    const { a, b } = pair();
    const port = allocUnbound(a, b.domid);
    assert.equal(send(a, port), 0);
  });

  it('a masked port collects events to one, which comes when it is unmasked', () => {
    const { a, b, machine } = pair();
    const { portA, portB, atB } = connect(a, b);
    perform(b.vcpu, () => b.eventChannels.mask(portB));
    const idle = b.vcpu.pcpu.attribution[IDLE] as number;
    const slept = b.vcpu.pcpu.clock;
    for (let i = 0; i < 3; i++) send(a, portA);
    assert.equal(atB.events, 0);
    assert.equal(machine.counters.events.coalesced, 2);
    assert.equal(
      (b.vcpu.pcpu.attribution[IDLE] as number) - idle,
      b.vcpu.pcpu.clock - slept,
      'nobody wakes it',
    );
    perform(b.vcpu, () => assert.equal(b.eventChannels.unmask(b.vcpu, portB), 0));
    assert.equal(atB.events, 1);
    send(a, portA);
    assert.equal(atB.events, 2);
  });

  it('unmasking a port at which nothing waits takes no hypercall', () => {
    const { a, b, machine } = pair();
    const { portB } = connect(a, b);
    perform(b.vcpu, () => b.eventChannels.mask(portB));
    const before = machine.counters.entries[0];
    perform(b.vcpu, () => b.eventChannels.unmask(b.vcpu, portB));
    assert.equal(machine.counters.entries[0], before);
  });

  it('closing one end leaves the other unbound, to be bound again', () => {
    const { a, b } = pair();
    const { portA, portB, atA } = connect(a, b);
    assert.equal(close(b, portB), 0);
    assert.equal(a.eventChannels.port(portA)?.state, 'unbound');
    assert.equal(send(a, portA), 0);
    assert.equal(send(b, portB), -EINVAL);
    assert.equal(close(b, portB), -EINVAL);
    const again = bind(b, a.domid, portA);
    assert.equal(again, portB, 'the lowest free port');
    send(b, again);
    assert.equal(atA.events, 1);
  });

  it('a closed port forgets an event that was pending', () => {
    const { a, b } = pair();
    const { portA, portB } = connect(a, b);
    perform(b.vcpu, () => b.eventChannels.mask(portB));
    send(a, portA);
    close(b, portB);
    const fresh = allocUnbound(b, a.domid);
    assert.equal(fresh, portB);
    const count = counted(b, fresh);
    assert.equal(count.events, 0);
  });

  it('a domain can be connected to itself', () => {
    const machine = sampleMachine();
    const a = addDomain(machine);
    const one = allocUnbound(a, DOMID_SELF);
    const other = bind(a, DOMID_SELF, one);
    const [atOne, atOther] = [counted(a, one), counted(a, other)];
    atOther.events = 0;
    send(a, one);
    send(a, other);
    assert.deepEqual([atOne.events, atOther.events], [1, 1]);
    assert.equal(close(a, one), 0);
    assert.equal(a.eventChannels.port(other)?.state, 'unbound');
  });
});

describe('refusals of event_channel_op', () => {
  it('bind_interdomain: ESRCH, then ENOSPC, then EINVAL', () => {
    const machine = sampleMachine({ pcpus: 3 });
    const a = addDomain(machine, { pcpus: [0] });
    const b = addDomain(machine, { pcpus: [1] });
    const c = addDomain(machine, { pcpus: [2] });
    const port = allocUnbound(a, b.domid);
    assert.equal(bind(b, 77, port), -ESRCH);
    assert.equal(bind(b, a.domid, 9), -EINVAL, 'no such port');
    assert.equal(bind(c, a.domid, port), -EINVAL, 'kept for somebody else');
    assert.ok(bind(b, a.domid, port) > 0);
    assert.equal(bind(b, a.domid, port), -EINVAL, 'bound already');
    c.eventChannels.limit = 1;
    assert.equal(allocUnbound(c, a.domid), 1);
    assert.equal(
      bind(c, a.domid, 9),
      -ENOSPC,
      'the port is taken before the other side is looked at',
    );
    assert.equal(bind(c, 77, 9), -ESRCH);
  });

  it('alloc_unbound asks nobody whether the other domain exists', () => {
    const { a } = pair();
    assert.ok(allocUnbound(a, 77) > 0);
  });

  it('bind_virq: one binder a domain; numbers that exist', () => {
    const { a, b } = pair();
    const port = bindVirq(a, 11);
    assert.ok(port > 0);
    assert.equal(bindVirq(a, 11), -EEXIST);
    assert.ok(bindVirq(b, 11) > 0, 'another domain has its own');
    assert.equal(bindVirq(a, NR_VIRQS), -EINVAL);
    assert.equal(bindVirq(a, -1), -EINVAL);
    assert.equal(close(a, port), 0);
    assert.ok(bindVirq(a, 11) > 0);
  });

  it('send: a guest cannot raise a VIRQ, nor use a port that is not there', () => {
    const { a } = pair();
    const port = bindVirq(a, 11);
    for (const bad of [port, 0, -1, 5000, 1e9]) assert.equal(send(a, bad), -EINVAL, `${bad}`);
  });
});

describe('VIRQs', () => {
  it('come on the port that is bound, collect while masked, and are lost where none is', () => {
    const { a, b, machine } = pair();
    const raise = (): void => perform(b.vcpu, () => a.eventChannels.raiseVirq(11, b.vcpu.pcpu));
    raise();
    const port = bindVirq(a, 11);
    const count = counted(a, port);
    assert.equal(count.events, 0);
    raise();
    assert.equal(count.events, 1);
    perform(a.vcpu, () => a.eventChannels.mask(port));
    raise();
    raise();
    perform(a.vcpu, () => a.eventChannels.unmask(a.vcpu, port));
    assert.equal(count.events, 2);
    assert.equal(machine.counters.events.virqs, 3);
  });
});

describe('limits on event channels', () => {
  it('gives the lowest free port each time, and port 0 never', () => {
    const { a, b } = pair();
    assert.deepEqual(
      [1, 2, 3, 4].map(() => allocUnbound(a, b.domid)),
      [1, 2, 3, 4],
    );
    close(a, 3);
    close(a, 1);
    assert.deepEqual(
      [1, 2, 3].map(() => allocUnbound(a, b.domid)),
      [1, 3, 5],
    );
  });

  for (const [name, limits, most] of [
    ["xl's default", DEFAULT_LIMITS, 1023],
    [
      '2-level',
      { ...DEFAULT_LIMITS, eventAbi: '2-level', eventChannels: 1e6 },
      TWO_LEVEL_PORTS - 1,
    ],
    ['FIFO', { ...DEFAULT_LIMITS, eventChannels: 1e6 }, FIFO_PORTS - 1],
  ] as const) {
    it(`${name}: ${most} ports`, () => {
      const machine = sampleMachine();
      const a = addDomain(machine, { limits });
      const { eventChannels, vcpu } = a;
      perform(vcpu, () => {
        for (let i = 1; i <= most; i++) assert.equal(eventChannels.allocUnbound(vcpu, 0), i);
        assert.equal(eventChannels.allocUnbound(vcpu, 0), -ENOSPC);
        assert.equal(eventChannels.bindVirq(vcpu, 3), -ENOSPC);
        assert.equal(eventChannels.count, most);
        eventChannels.close(vcpu, most - 1);
        assert.equal(eventChannels.allocUnbound(vcpu, 0), most - 1);
      });
    });
  }
});

describe('a domain that dies', () => {
  it('closes its ports: the peer is not told, and finds its own unbound', () => {
    const { a, b, machine } = pair();
    const { portA, atA } = connect(a, b);
    b.destroy();
    runToQuiet(machine);
    assert.equal(atA.events, 0);
    assert.equal(a.eventChannels.port(portA)?.state, 'unbound');
    assert.equal(send(a, portA), 0);
    assert.equal(bind(a, b.domid, 1), -ESRCH);
  });

  it('crashed but not destroyed: events stay pending there, and hold nobody up', () => {
    const { a, b } = pair();
    const { portA, portB, atB } = connect(a, b);
    b.crash('test');
    assert.equal(send(a, portA), 0);
    assert.equal(send(a, portA), 0);
    assert.equal(atB.events, 0);
    assert.equal(b.eventChannels.port(portB)?.pending, true);
  });
});

describe('a port of a domain with several vCPUs', () => {
  it('fires on the vCPU to which it is bound, wherever it is unmasked', () => {
    const machine = sampleMachine({ pcpus: 3 });
    const a = addDomain(machine, { pcpus: [0] });
    const b = addDomain(machine, { pcpus: [1, 2] });
    const [first, second] = b.vcpus as [(typeof b.vcpus)[0], (typeof b.vcpus)[0]];
    const port = perform(second, () => b.eventChannels.allocUnbound(second, a.domid));
    const sender = bind(a, b.domid, port);
    const ran: number[] = [];
    perform(second, () => {
      b.eventChannels.handle(port, () => {
        ran.push(machine.executing?.id ?? -1);
      });
    });
    send(a, sender);
    perform(first, () => b.eventChannels.mask(port));
    send(a, sender);
    perform(first, () => b.eventChannels.unmask(first, port));
    assert.deepEqual(ran, [second.id, second.id]);
  });
});
