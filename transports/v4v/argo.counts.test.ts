import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesPerFill } from '../../src/ring/wrapped-offset-ring.js';
import type { Process } from '../../src/sim/process.js';
import { EAGAIN } from '../../src/xen/errno.js';
import type { Machine } from '../../src/xen/machine.js';
import { ArgoAgent, sampleMachine } from './sample-machine.js';

/** The counts of real Xen: a program in one domain that sends to itself, equal in PV and PVH. */
const PORT = 5;
const RING = 4032;

interface Counts {
  readonly operations: number;
  readonly virqs: number;
  readonly walks: number;
  readonly flushes: number;
}

function counts(machine: Machine): Counts {
  const { hypercalls, events, work, tlb } = machine.counters.snapshot() as Record<
    string,
    Record<string, number>
  >;
  return {
    operations: (hypercalls?.['argo_sendv'] ?? 0) + (hypercalls?.['argo_notify'] ?? 0),
    virqs: events?.['virqs'] ?? 0,
    walks: work?.['pageWalks'] ?? 0,
    flushes: (tlb?.['flushRequests'] ?? 0) + (tlb?.['asidFlushes'] ?? 0),
  };
}

function loopback(
  type: 'pv' | 'pvh',
  body: (agent: ArgoAgent, receive: () => void) => Process<void>,
): Counts {
  const machine = sampleMachine(1);
  const domain = machine.createDomain({ name: 'loop', type, pcpus: [0] });
  const agent = new ArgoAgent(domain);
  const ring = agent.ring(PORT, domain.domid, RING);
  let before: Counts | undefined;
  let isDone = false;
  domain.vcpu.spawn(
    'agent',
    (function* (): Process<void> {
      assert.ok(agent.bindVirq() > 0);
      assert.equal(yield* agent.register(ring), 0);
      before = counts(machine);
      yield* body(agent, () => assert.notEqual(agent.take(ring), undefined));
      isDone = true;
    })(),
  );
  machine.run();
  assert.ok(isDone);
  machine.settleAccounts();
  const after = counts(machine);
  assert.ok(before !== undefined);
  return {
    operations: after.operations - before.operations,
    virqs: after.virqs - before.virqs,
    walks: after.walks - before.walks,
    flushes: after.flushes - before.flushes,
  };
}

for (const type of ['pv', 'pvh'] as const) {
  test(`${type}: one message in flight is one operation and one VIRQ, at any size`, () => {
    for (const size of [1, 16, 64, 1024, 4000]) {
      const messages = 200;
      const found = loopback(type, function* (agent, receive) {
        for (let i = 0; i < messages; i++) {
          assert.equal(yield* agent.send(agent.domain.domid, PORT, size), size);
          receive();
        }
      });
      assert.equal(found.operations, messages);
      assert.equal(found.virqs, messages);
      assert.equal(found.flushes, 0);
    }
  });

  test(`${type}: filling, draining and notifying is 1 + 2/M operations and 1 + 1/M VIRQs`, () => {
    for (const size of [16, 256, 1000, 1024, 4000]) {
      const inAFill = messagesPerFill(size, RING);
      const fills = 7;
      const found = loopback(type, function* (agent, receive) {
        const { domid } = agent.domain;
        for (let fill = 0; fill < fills; fill++) {
          for (let i = 0; i < inAFill; i++) {
            assert.equal(yield* agent.send(domid, PORT, size), size);
          }
          assert.equal(yield* agent.send(domid, PORT, size), -EAGAIN);
          for (let i = 0; i < inAFill; i++) receive();
          assert.equal((yield* agent.notify()).status, 0);
        }
      });
      const messages = fills * inAFill;
      assert.equal(found.operations, messages + 2 * fills);
      assert.equal(found.virqs, messages + fills);
      assert.equal(found.flushes, 0);
    }
  });
}

test('1 + 2/M for the sizes that were counted on real Xen', () => {
  const perMessage = (size: number): number => 1 + 2 / messagesPerFill(size, RING);
  // 500 messages end in the middle of a fill, so what was counted is a little lower.
  assert.ok(Math.abs(perMessage(16) - 1.014) < 0.003);
  assert.ok(Math.abs(perMessage(256) - 1.142) < 0.002);
  assert.ok(Math.abs(perMessage(1024) - 1.666) < 0.002);
});

test('pages reached by address: address struct, iovs, and each page of the payload', () => {
  const walksOf = (type: 'pv' | 'pvh', length: number, offset = 0): number =>
    loopback(type, function* (agent, receive) {
      const { domid } = agent.domain;
      assert.equal(yield* agent.sendFrom(domid, PORT, [[agent.buffer + offset, length]]), length);
      receive();
    }).walks;
  assert.equal(walksOf('pvh', 64), 3);
  assert.equal(walksOf('pvh', 0), 2);
  assert.equal(walksOf('pvh', 64, 4090), 4);
  assert.equal(walksOf('pvh', 4000, 100), 4);
  // The tables of a PV guest are in use while Xen runs: it reads straight through them.
  assert.equal(walksOf('pv', 64), 0);
});

test('a send that finds no room walks to its arguments only, and a notify to nothing', () => {
  const { walks } = loopback('pvh', function* (agent, receive) {
    const { domid } = agent.domain;
    for (let i = 0; i < 3; i++) yield* agent.send(domid, PORT, 1000);
    assert.equal(yield* agent.send(domid, PORT, 1000), -EAGAIN);
    for (let i = 0; i < 3; i++) receive();
    yield* agent.notify();
  });
  assert.equal(walks, 3 * 3 + 2);
});

test('a page of the ring in the middle of a source page is one walk more', () => {
  const machine = sampleMachine(2);
  const receiver = new ArgoAgent(machine.createDomain({ name: 'r', type: 'pvh', pcpus: [0] }));
  const sender = new ArgoAgent(machine.createDomain({ name: 's', type: 'pvh', pcpus: [1] }));
  const ring = receiver.ring(PORT, sender.domain.domid, 8000);
  receiver.domain.vcpu.spawn('r', receiver.register(ring));
  machine.run();
  const walk = (length: number, offset: number): number => {
    const before = machine.counters.work.pageWalks;
    sender.domain.vcpu.spawn(
      's',
      (function* (): Process<void> {
        const iov: readonly [number, number] = [sender.buffer + offset, length];
        assert.equal(yield* sender.sendFrom(receiver.domain.domid, PORT, [iov]), length);
      })(),
    );
    machine.run();
    return machine.counters.work.pageWalks - before;
  };
  // The payload begins at byte 80 of the ring's first page.
  assert.equal(walk(4000, 0), 3);
  receiver.drain(ring);
  receiver.domain.vcpu.spawn('again', receiver.unregister(ring));
  machine.run();
  receiver.write32(ring.address, 0, 0);
  ring.rx = 0;
  receiver.domain.vcpu.spawn('again', receiver.register(ring));
  machine.run();
  assert.equal(walk(4090, 0), 4);
  assert.equal(receiver.argo.ringsOf(receiver.domain.domid)[0]?.mappedPages, 2);
});
