import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Process } from '../../src/sim/process.js';
import { EAGAIN, EBUSY, ECONNREFUSED, ESRCH, errnoName } from '../../src/xen/errno.js';
import type { Machine } from '../../src/xen/machine.js';
import { DOMID_ANY, MAX_PENDING_PER_RING } from './argo-abi.js';
import { ArgoAgent, sampleMachine } from './sample-machine.js';

const PORT = 5;

/** Agents in domains of their own, each on its own pCPU. */
function agents(count: number): { machine: Machine; agents: ArgoAgent[] } {
  const machine = sampleMachine(count);
  return {
    machine,
    agents: Array.from(
      { length: count },
      (_, id) =>
        new ArgoAgent(machine.createDomain({ name: `dom${id}`, type: 'pvh', pcpus: [id] })),
    ),
  };
}

/** Runs one agent's process to its end. */
function run<T>(agent: ArgoAgent, process: Process<T>): T {
  let result: T | undefined;
  agent.domain.vcpu.spawn(
    'step',
    (function* (): Process<void> {
      result = yield* process;
    })(),
  );
  agent.domain.machine.run();
  assert.notEqual(result, undefined, 'the step came to its end');
  return result as T;
}

function expect(result: number, wanted: number): void {
  assert.equal(errnoName(result), errnoName(wanted));
}

test('silent loss (Xen 480800c769): a full ring never answers success', () => {
  const { agents: both } = agents(2);
  const [receiver, sender] = both as [ArgoAgent, ArgoAgent];
  const ring = receiver.ring(PORT, sender.domain.domid, 256);
  expect(run(receiver, receiver.register(ring)), 0);
  let accepted = 0;
  for (let i = 0; i < 100; i++) {
    sender.write32(sender.buffer, i);
    const result = run(sender, sender.send(receiver.domain.domid, PORT, 40));
    if (result === 40) accepted++;
    else expect(result, -EAGAIN);
  }
  assert.equal(accepted, 3);
  for (let i = 0; i < accepted; i++) {
    const message = receiver.take(ring);
    assert.equal(message?.[0], i);
  }
  assert.equal(receiver.take(ring), undefined);
});

test('the only partner of a ring dies: Xen removes the ring and tells nobody', () => {
  const { agents: three } = agents(3);
  const [receiver, sender, other] = three as [ArgoAgent, ArgoAgent, ArgoAgent];
  const { domid } = receiver.domain;
  const ring = receiver.ring(PORT, sender.domain.domid, 4032);
  const shared = receiver.ring(PORT + 1, DOMID_ANY, 4032);
  receiver.bindVirq();
  expect(run(receiver, receiver.register(ring)), 0);
  expect(run(receiver, receiver.register(shared)), 0);
  expect(run(sender, sender.send(domid, PORT, 10)), 10);
  assert.equal(receiver.virqs, 1);
  sender.domain.destroy();
  assert.equal(receiver.virqs, 1);
  assert.equal(receiver.argo.ringCount(domid), 1);
  assert.deepEqual(
    receiver.argo.ringsOf(domid).map((left) => left.port),
    [PORT + 1],
  );
  // Its memory is its own again, and what was in it is still there.
  assert.equal(receiver.take(ring)?.length, 10);
  receiver.domain.free(ring.address, 1);
  expect(run(other, other.send(domid, PORT, 10)), -ECONNREFUSED);
  expect(run(other, other.send(domid, PORT + 1, 10)), 10);
});

test('the receiver dies: nothing of it is held, and senders are refused', () => {
  const { machine, agents: both } = agents(2);
  const [receiver, sender] = both as [ArgoAgent, ArgoAgent];
  const { domid } = receiver.domain;
  const ring = receiver.ring(PORT, sender.domain.domid, 4032);
  expect(run(receiver, receiver.register(ring)), 0);
  for (let i = 0; i < 4; i++) run(sender, sender.send(domid, PORT, 1000));
  receiver.domain.destroy();
  assert.equal(receiver.domain.state, 'dead');
  assert.equal([...machine.allZombies()].length, 0);
  expect(run(sender, sender.send(domid, PORT, 10)), -ESRCH);
});

test('a receiver that is still held by something else refuses connections', () => {
  const { agents: both } = agents(2);
  const [receiver, sender] = both as [ArgoAgent, ArgoAgent];
  const { domid } = receiver.domain;
  expect(run(receiver, receiver.register(receiver.ring(PORT, sender.domain.domid, 4032))), 0);
  const reference = receiver.domain.grantTable.grant(receiver.buffer, sender.domain.domid);
  sender.domain.grantTable.map(sender.domain.vcpu, domid, [reference]);
  receiver.domain.destroy();
  assert.equal(receiver.domain.state, 'dying');
  expect(run(sender, sender.send(domid, PORT, 10)), -ECONNREFUSED);
  const back = sender.ring(PORT, domid, 4032);
  expect(run(sender, sender.register(back)), -ECONNREFUSED);
});

test('a frame of a ring that its guest gives back stays until Xen lets go of the ring', () => {
  const { machine, agents: both } = agents(2);
  const [receiver, sender] = both as [ArgoAgent, ArgoAgent];
  const { domid } = receiver.domain;
  const ring = receiver.ring(PORT, sender.domain.domid, 4032);
  expect(run(receiver, receiver.register(ring)), 0);
  const before = receiver.domain.heldFrames;
  receiver.domain.free(ring.address, 1);
  assert.equal(receiver.domain.space.reaches(ring.address, 4096, false), false);
  // Xen goes on writing into it, where nobody reads, and not into a page that somebody else has got meanwhile.
  assert.equal(receiver.domain.heldFrames, before);
  const other = sender.domain.allocate(1);
  expect(run(sender, sender.send(domid, PORT, 100)), 100);
  assert.ok(sender.domain.memory.peek(other, 4096).every((byte) => byte === 0));
  const allocated = machine.memory.allocatedFrames;
  expect(run(receiver, receiver.unregister(ring)), 0);
  assert.equal(receiver.domain.heldFrames, before - 1);
  assert.equal(machine.memory.allocatedFrames, allocated - 1);
});

test('at most 32 domains wait for one ring; the next is told that it is busy', () => {
  const { agents: all } = agents(MAX_PENDING_PER_RING + 2);
  const [receiver, ...senders] = all as [ArgoAgent, ...ArgoAgent[]];
  const ring = receiver.ring(PORT, DOMID_ANY, 4032);
  const to = receiver.domain.domid;
  expect(run(receiver, receiver.register(ring)), 0);
  for (const sender of senders) sender.bindVirq();
  run(receiver, receiver.send(to, PORT, 4000));
  senders.forEach((sender, index) => {
    const wanted = index < MAX_PENDING_PER_RING ? -EAGAIN : -EBUSY;
    expect(run(sender, sender.send(to, PORT, 100)), wanted);
  });
  // Trying again takes no second place, and none from those who have one.
  for (const sender of senders.slice(0, 3)) {
    expect(run(sender, sender.send(to, PORT, 100)), -EAGAIN);
  }
  const pending = receiver.argo.ringsOf(to)[0]?.pending;
  assert.equal(pending?.count, MAX_PENDING_PER_RING);
  // One of them dies, and its place is free.
  (senders[4] as ArgoAgent).domain.destroy();
  assert.equal(pending?.count, MAX_PENDING_PER_RING - 1);
  const last = senders[MAX_PENDING_PER_RING] as ArgoAgent;
  expect(run(last, last.send(to, PORT, 100)), -EAGAIN);
  receiver.drain(ring);
  run(receiver, receiver.notify());
  assert.equal(pending?.count, 0);
  senders.forEach((sender, index) => {
    assert.equal(sender.virqs, index === 4 ? 0 : 1);
  });
});

test('a domain waits for the largest that it could not send', () => {
  const { agents: both } = agents(2);
  const [receiver, sender] = both as [ArgoAgent, ArgoAgent];
  const ring = receiver.ring(PORT, sender.domain.domid, 4032);
  const to = receiver.domain.domid;
  expect(run(receiver, receiver.register(ring)), 0);
  sender.bindVirq();
  for (let i = 0; i < 3; i++) run(sender, sender.send(to, PORT, 1000));
  expect(run(sender, sender.send(to, PORT, 1000)), -EAGAIN);
  expect(run(sender, sender.send(to, PORT, 3000)), -EAGAIN);
  const pending = receiver.argo.ringsOf(to)[0]?.pending;
  assert.equal(pending?.wantedBy(sender.domain.domid), 3000);
  receiver.take(ring);
  run(receiver, receiver.notify());
  assert.equal(sender.virqs, 0);
  receiver.drain(ring);
  run(receiver, receiver.notify());
  assert.equal(sender.virqs, 1);
});

test('asking for space that is there ends the wait', () => {
  const { agents: both } = agents(2);
  const [receiver, sender] = both as [ArgoAgent, ArgoAgent];
  const ring = receiver.ring(PORT, sender.domain.domid, 4032);
  const domid = receiver.domain.domid;
  expect(run(receiver, receiver.register(ring)), 0);
  sender.bindVirq();
  for (let i = 0; i < 4; i++) run(sender, sender.send(domid, PORT, 1000));
  receiver.drain(ring);
  run(sender, sender.notify({ domid, port: PORT, space: 1000 }));
  run(receiver, receiver.notify());
  assert.equal(sender.virqs, 0);
});

test('a guest that dies in the middle of a sendv: Xen ends what it has begun', () => {
  const { machine, agents: three } = agents(3);
  const [receiver, sender, other] = three as [ArgoAgent, ArgoAgent, ArgoAgent];
  const ring = receiver.ring(PORT, DOMID_ANY, 4032);
  const to = receiver.domain.domid;
  receiver.bindVirq();
  expect(run(receiver, receiver.register(ring)), 0);
  let steps = 0;
  let isDone = false;
  // Stop it in front of each step in turn, until it gets through.
  for (let crashAt = 1; !isDone; crashAt++) {
    const victim = new ArgoAgent(machine.createDomain({ name: 'victim', type: 'pvh', pcpus: [1] }));
    steps = 0;
    victim.domain.vcpu.spawn(
      'victim',
      (function* (): Process<void> {
        const send = victim.send(to, PORT, 100);
        for (;;) {
          // Something is always earlier than this clock, so that every step is one of its own.
          machine.queue.push(victim.domain.vcpu.pcpu.clock, { fire: () => {} });
          const step = send.next();
          steps++;
          if (step.done === true) break;
          if (steps === crashAt) victim.domain.crash('test');
          yield step.value;
        }
        isDone = true;
      })(),
    );
    machine.run();
    if (crashAt % 2 === 0) victim.domain.destroy();
    // Whatever became of it, the ring is not locked, and it is whole.
    expect(run(other, other.send(to, PORT, 50)), 50);
    const lengths: number[] = [];
    for (let message = receiver.take(ring); message !== undefined; message = receiver.take(ring)) {
      lengths.push(message.length);
    }
    assert.equal(lengths.pop(), 50);
    assert.ok(lengths.length === 0 || (lengths.length === 1 && lengths[0] === 100));
    victim.domain.destroy();
    assert.ok(crashAt < 20);
  }
  assert.ok(sender.domain.isAlive);
});

for (const what of ['crash', 'destroy', 'pause'] as const) {
  test(`a sender that somebody stops (${what}) while Xen copies: the message is announced when it is whole`, () => {
    const length = 30_000;
    const { machine, agents: both } = agents(2);
    const [receiver, sender] = both as [ArgoAgent, ArgoAgent];
    const ring = receiver.ring(PORT, DOMID_ANY, 65_472);
    const to = receiver.domain.domid;
    receiver.bindVirq();
    expect(run(receiver, receiver.register(ring)), 0);
    const fromPs = machine.now;
    let result = 0;
    sender.domain.vcpu.spawn(
      'sender',
      (function* (): Process<void> {
        result = yield* sender.send(to, PORT, length);
      })(),
    );
    // Something must be pending, or the sender would be done before it can be stopped.
    machine.queue.push(fromPs + 2_000_000, { fire: () => {} });
    machine.run({ timePs: fromPs + 1_000_000 });
    assert.equal(receiver.argo.ringsOf(to)[0]?.inFlight?.length, length);
    assert.equal(receiver.take(ring), undefined);
    if (what === 'crash') sender.domain.crash('test');
    else if (what === 'pause') sender.domain.pause();
    else sender.domain.destroy();
    machine.run();
    assert.equal(receiver.virqs, 1);
    assert.equal(receiver.take(ring)?.length, length);
    assert.equal(result, 0);
    if (what === 'pause') {
      sender.domain.unpause();
      machine.run();
      assert.equal(result, length);
      assert.equal(receiver.virqs, 1);
    }
    machine.settleAccounts();
  });
}
