import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../test/property-runs.js';
import type { Domain } from './domain.js';
import { EEXIST, EINVAL, ENOSPC, ESRCH } from './errno.js';
import type { Machine } from './machine.js';
import { addDomain, perform, sampleMachine } from './sample-machine.js';

const DOMAINS = 3;
const LIMIT = 5;
const VIRQS = 3;

interface NaivePort {
  state: 'unbound' | 'interdomain' | 'virq';
  remoteDomid: number;
  remotePort: number;
  virq: number;
  pending: boolean;
  masked: boolean;
  events: number;
}

/** What Xen's documents promise, on plain maps. */
class NaiveChannels {
  readonly ports = Array.from({ length: DOMAINS }, () => new Map<number, NaivePort>());
  readonly dead = new Set<number>();

  private free(domid: number): number {
    const ports = this.table(domid);
    if (ports.size >= LIMIT) return -ENOSPC;
    let number = 1;
    while (ports.has(number)) number++;
    return number;
  }

  private table(domid: number): Map<number, NaivePort> {
    return this.ports[domid] as Map<number, NaivePort>;
  }

  private add(domid: number, fields: Partial<NaivePort>): number {
    const number = this.free(domid);
    if (number < 0) return number;
    this.table(domid).set(number, {
      state: 'unbound',
      remoteDomid: -1,
      remotePort: -1,
      virq: -1,
      pending: false,
      masked: true,
      events: 0,
      ...fields,
    });
    return number;
  }

  private raise(port: NaivePort | undefined): void {
    if (port === undefined) return;
    if (port.masked) port.pending = true;
    else port.events++;
  }

  allocUnbound(domid: number, remoteDomid: number): number {
    return this.add(domid, { remoteDomid });
  }

  bindInterdomain(domid: number, remoteDomid: number, remotePort: number): number {
    if (remoteDomid >= DOMAINS || this.dead.has(remoteDomid)) return -ESRCH;
    if (this.free(domid) < 0) return -ENOSPC;
    const remote = this.table(remoteDomid).get(remotePort);
    if (remote?.state !== 'unbound' || remote.remoteDomid !== domid) return -EINVAL;
    const number = this.add(domid, {
      state: 'interdomain',
      remoteDomid,
      remotePort,
      pending: true,
    });
    remote.state = 'interdomain';
    remote.remotePort = number;
    return number;
  }

  bindVirq(domid: number, virq: number): number {
    for (const port of this.table(domid).values()) if (port.virq === virq) return -EEXIST;
    return this.add(domid, { state: 'virq', virq });
  }

  send(domid: number, number: number): number {
    const port = this.table(domid).get(number);
    if (port === undefined || port.state === 'virq') return -EINVAL;
    if (port.state === 'interdomain') {
      this.raise(this.table(port.remoteDomid).get(port.remotePort));
    }
    return 0;
  }

  raiseVirq(domid: number, virq: number): void {
    for (const port of this.table(domid).values()) if (port.virq === virq) this.raise(port);
  }

  mask(domid: number, number: number): void {
    const port = this.table(domid).get(number);
    if (port !== undefined) port.masked = true;
  }

  unmask(domid: number, number: number): number {
    const port = this.table(domid).get(number);
    if (port === undefined) return -EINVAL;
    port.masked = false;
    if (port.pending) port.events++;
    port.pending = false;
    return 0;
  }

  close(domid: number, number: number): number {
    const port = this.table(domid).get(number);
    if (port === undefined) return -EINVAL;
    if (port.state === 'interdomain') {
      const remote = this.table(port.remoteDomid).get(port.remotePort);
      if (remote !== undefined) {
        remote.state = 'unbound';
        remote.remotePort = -1;
      }
    }
    this.table(domid).delete(number);
    return 0;
  }

  destroy(domid: number): void {
    for (const number of [...this.table(domid).keys()]) this.close(domid, number);
    this.dead.add(domid);
  }
}

type Step = {
  readonly do:
    | 'alloc'
    | 'bind'
    | 'virq'
    | 'send'
    | 'raise'
    | 'mask'
    | 'unmask'
    | 'close'
    | 'destroy';
  readonly domid: number;
  readonly other: number;
  readonly port: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('alloc' as const, 'bind' as const) },
    { weight: 16, arbitrary: fc.constantFrom('send' as const, 'raise' as const) },
    { weight: 8, arbitrary: fc.constantFrom('mask' as const, 'unmask' as const) },
    { weight: 4, arbitrary: fc.constantFrom('virq' as const, 'close' as const) },
    { weight: 1, arbitrary: fc.constant('destroy' as const) },
  ),
  domid: fc.nat({ max: DOMAINS - 1 }),
  other: fc.nat({ max: DOMAINS }),
  port: fc.nat({ max: LIMIT + 1 }),
});

/** Carries one step out on the machine, in the guest that asks. A new port gets a handler that counts. */
function carryOut(
  machine: Machine,
  domains: readonly Domain[],
  counts: Counts,
  what: Step,
): number {
  const domain = domains[what.domid] as Domain;
  const { vcpu, eventChannels } = domain;
  if (what.do === 'destroy') {
    domain.destroy();
    return 0;
  }
  return perform(vcpu, () => {
    const fresh = (port: number): number => {
      if (port > 0) {
        counts.set(`${what.domid}/${port}`, 0);
        (eventChannels.port(port) as { handler: unknown }).handler = () => {
          const key = `${what.domid}/${port}`;
          counts.set(key, (counts.get(key) as number) + 1);
        };
      }
      return port;
    };
    switch (what.do) {
      case 'alloc':
        return fresh(eventChannels.allocUnbound(vcpu, what.other));
      case 'bind':
        return fresh(eventChannels.bindInterdomain(vcpu, what.other, what.port));
      case 'virq':
        return fresh(eventChannels.bindVirq(vcpu, what.port % VIRQS));
      case 'send':
        return eventChannels.send(vcpu, what.port);
      case 'raise':
        machine.domain(what.other)?.eventChannels.raiseVirq(what.port % VIRQS, vcpu.pcpu);
        return 0;
      case 'mask':
        eventChannels.mask(what.port);
        return 0;
      case 'unmask':
        return eventChannels.unmask(vcpu, what.port);
      default:
        return eventChannels.close(vcpu, what.port);
    }
  });
}

type Counts = Map<string, number>;

function carryOutNaively(naive: NaiveChannels, what: Step): number {
  switch (what.do) {
    case 'alloc':
      return naive.allocUnbound(what.domid, what.other);
    case 'bind':
      return naive.bindInterdomain(what.domid, what.other, what.port);
    case 'virq':
      return naive.bindVirq(what.domid, what.port % VIRQS);
    case 'send':
      return naive.send(what.domid, what.port);
    case 'raise':
      if (what.other < DOMAINS) naive.raiseVirq(what.other, what.port % VIRQS);
      return 0;
    case 'mask':
      naive.mask(what.domid, what.port);
      return 0;
    case 'unmask':
      return naive.unmask(what.domid, what.port);
    case 'close':
      return naive.close(what.domid, what.port);
    case 'destroy':
      naive.destroy(what.domid);
      return 0;
  }
}

function seen(domains: readonly Domain[], counts: Counts): unknown {
  return domains.map((domain, domid) =>
    [...domain.eventChannels.all()].map((port) => ({
      number: port.number,
      state: port.state,
      remote: port.state === 'interdomain' ? [port.remoteDomid, port.remotePort] : [],
      pending: port.pending,
      events: counts.get(`${domid}/${port.number}`),
    })),
  );
}

function expected(naive: NaiveChannels): unknown {
  return naive.ports.map((ports) =>
    [...ports.entries()]
      .sort(([a], [b]) => a - b)
      .map(([number, port]) => ({
        number,
        state: port.state,
        remote: port.state === 'interdomain' ? [port.remoteDomid, port.remotePort] : [],
        pending: port.pending,
        events: port.events,
      })),
  );
}

for (const placement of ['a pCPU each', 'one pCPU'] as const) {
  test(`any sequence of operations does what a naive model does: guests on ${placement}`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const own = placement === 'a pCPU each';
        const machine = sampleMachine({ pcpus: own ? DOMAINS : 1 });
        const domains = Array.from({ length: DOMAINS }, (_, id) =>
          addDomain(machine, { pcpus: [own ? id : 0], type: id === 0 ? 'pv' : 'pvh' }),
        );
        for (const domain of domains) domain.eventChannels.limit = LIMIT;
        const naive = new NaiveChannels();
        const counts: Counts = new Map();
        steps.forEach((what, index) => {
          if (naive.dead.has(what.domid)) return;
          const where = `step ${index}: ${JSON.stringify(what)}`;
          assert.equal(
            carryOut(machine, domains, counts, what),
            carryOutNaively(naive, what),
            where,
          );
          assert.deepEqual(seen(domains, counts), expected(naive), where);
        });
      }),
      runs(150),
    );
  });
}
