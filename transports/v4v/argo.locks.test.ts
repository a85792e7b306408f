import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Process } from '../../src/sim/process.js';
import { CAUSES } from '../../src/xen/causes.js';
import { DOMID_ANY } from './argo-abi.js';
import { ArgoAgent, sampleMachine } from './sample-machine.js';

const PORT = 5;
const LARGE = 1_000_000;
/** One byte costs 0.1 ns to copy (sample machine): the copy of a large message in picoseconds, at least. */
const COPY_PS = LARGE * 100;

function lockPs(agent: ArgoAgent): number {
  return agent.domain.vcpu.pcpu.attribution[CAUSES.indexOf('lock')] as number;
}

function spawn(agent: ArgoAgent, process: Process<unknown>): void {
  agent.domain.vcpu.spawn('agent', process);
}

test('two senders to one ring go one after the other, and the second spins', () => {
  const machine = sampleMachine(3);
  const [receiver, first, second] = [0, 1, 2].map(
    (id) =>
      new ArgoAgent(machine.createDomain({ name: `dom${id}`, type: 'pvh', pcpus: [id] }), 256),
  ) as [ArgoAgent, ArgoAgent, ArgoAgent];
  const ring = receiver.ring(PORT, DOMID_ANY, 4 * LARGE);
  spawn(receiver, receiver.register(ring));
  machine.run();
  first.domain.memory.poke(first.buffer, new Uint8Array(LARGE).fill(1));
  second.domain.memory.poke(second.buffer, new Uint8Array(LARGE).fill(2));
  for (const sender of [first, second]) {
    spawn(
      sender,
      (function* (): Process<void> {
        assert.equal(yield* sender.send(receiver.domain.domid, PORT, LARGE), LARGE);
      })(),
    );
  }
  machine.run();
  machine.settleAccounts();
  const messages = [receiver.take(ring), receiver.take(ring)];
  for (const message of messages) {
    assert.equal(message?.length, LARGE);
    assert.ok(message?.every((byte) => byte === message[0]));
  }
  assert.ok(Math.min(lockPs(first), lockPs(second)) < COPY_PS / 10);
  const waited = Math.max(lockPs(first), lockPs(second));
  assert.ok(waited > COPY_PS / 2, `${waited} ps`);
});

test('many senders to one ring stand in line: each waits about once, and first come is first served', () => {
  const senders = 40;
  const machine = sampleMachine(senders + 1);
  const [receiver, ...others] = Array.from(
    { length: senders + 1 },
    (_, id) => new ArgoAgent(machine.createDomain({ name: `dom${id}`, type: 'pvh', pcpus: [id] })),
  ) as [ArgoAgent, ...ArgoAgent[]];
  const ring = receiver.ring(PORT, DOMID_ANY, 4 * LARGE);
  spawn(receiver, receiver.register(ring));
  machine.run();
  const before = machine.counters.work.lockWaits;
  others.forEach((sender, index) => {
    spawn(
      sender,
      (function* (): Process<void> {
        // They come one nanosecond after the other, and each copies for much longer.
        const { kernel } = sender.domain.vcpu;
        yield* kernel.sleepUntil(machine.now + 10_000_000 + 1000 * index);
        assert.equal(yield* sender.send(receiver.domain.domid, PORT, 30_000, index), 30_000);
      })(),
    );
  });
  machine.run();
  machine.settleAccounts();
  assert.ok(machine.counters.work.lockWaits - before <= 2 * senders);
  const order = others.map(() => {
    const type = receiver.ringWord(ring, 3);
    assert.equal(receiver.take(ring)?.length, 30_000);
    return type;
  });
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test('notify waits for a message that is on its way into the ring', () => {
  const machine = sampleMachine(2);
  const [receiver, sender] = [0, 1].map(
    (id) =>
      new ArgoAgent(machine.createDomain({ name: `dom${id}`, type: 'pvh', pcpus: [id] }), 256),
  ) as [ArgoAgent, ArgoAgent];
  const ring = receiver.ring(PORT, sender.domain.domid, 4 * LARGE);
  spawn(receiver, receiver.register(ring));
  machine.run();
  spawn(sender, sender.send(receiver.domain.domid, PORT, LARGE));
  spawn(
    receiver,
    (function* (): Process<void> {
      yield* receiver.domain.vcpu.kernel.sleepUntil(machine.now + COPY_PS / 4);
      yield* receiver.notify();
      assert.notEqual(receiver.take(ring), undefined);
    })(),
  );
  machine.run();
  assert.ok(lockPs(receiver) > COPY_PS / 2);
});

test('destroying a domain takes the global lock: all traffic waits', () => {
  const machine = sampleMachine(3, { prices: { argoRegister: 1_000_000 } });
  const [receiver, sender, victim] = [0, 1, 2].map(
    (id) => new ArgoAgent(machine.createDomain({ name: `dom${id}`, type: 'pvh', pcpus: [id] })),
  ) as [ArgoAgent, ArgoAgent, ArgoAgent];
  spawn(receiver, receiver.register(receiver.ring(PORT, sender.domain.domid, 4032)));
  spawn(victim, victim.register(victim.ring(PORT, DOMID_ANY, 1_000_000)));
  machine.run();
  const pages = victim.argo.ringsOf(victim.domain.domid)[0]?.pages as number;
  victim.domain.destroy();
  spawn(
    sender,
    (function* (): Process<void> {
      assert.equal(yield* sender.send(receiver.domain.domid, PORT, 10), 10);
    })(),
  );
  const from = sender.domain.vcpu.pcpu.clock;
  machine.run();
  assert.ok(machine.counters.work.lockWaits >= 1);
  assert.ok(sender.domain.vcpu.pcpu.clock - from > (pages - 10) * 1_000_000);
});

test('a sendv is not preempted, however long it copies', () => {
  const machine = sampleMachine(1, {
    features: { schedulerRatelimitUs: 1, schedulerTimesliceUs: 10 },
  });
  const receiver = new ArgoAgent(
    machine.createDomain({ name: 'receiver', type: 'pvh', pcpus: [0] }),
  );
  const sender = new ArgoAgent(
    machine.createDomain({ name: 'sender', type: 'pvh', pcpus: [0] }),
    256,
  );
  const ring = receiver.ring(PORT, sender.domain.domid, 4 * LARGE);
  spawn(receiver, receiver.register(ring));
  machine.run();
  let sentAt = 0;
  let wokeAt = 0;
  const { pcpu } = sender.domain.vcpu;
  spawn(
    sender,
    (function* (): Process<void> {
      assert.equal(yield* sender.send(receiver.domain.domid, PORT, LARGE), LARGE);
      sentAt = pcpu.clock;
    })(),
  );
  // Its neighbour wants the pCPU in the middle of the copy.
  spawn(
    receiver,
    (function* (): Process<void> {
      yield* receiver.domain.vcpu.kernel.sleepUntil(machine.now + COPY_PS / 2);
      wokeAt = pcpu.clock;
    })(),
  );
  machine.run();
  machine.settleAccounts();
  assert.ok(sentAt > 0 && wokeAt >= sentAt - COPY_PS / 100, `${wokeAt} and ${sentAt}`);
  assert.equal(machine.counters.work.lockWaits, 0);
});
