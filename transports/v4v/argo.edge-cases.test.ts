import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Process } from '../../src/sim/process.js';
import type { GuestType } from '../../src/xen/domain.js';
import {
  EAGAIN,
  ECONNREFUSED,
  EEXIST,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOENT,
  ENOSPC,
  EPERM,
  ESRCH,
  errnoName,
} from '../../src/xen/errno.js';
import {
  DOMID_ANY,
  REGISTER_FAIL_EXIST,
  RING_EMPTY,
  RING_EMSGSIZE,
  RING_EXISTS,
  RING_SHARED,
  RING_SUFFICIENT,
} from './argo-abi.js';
import { type AgentRing, ArgoAgent, sampleMachine } from './sample-machine.js';

/**
 * What Argo answered on real Xen 4.17.7 (a program in PV and PVH guests, both alike), row by row; then what else its code
 * says. One receiver and one sender, each on a pCPU of its own.
 */
const PORT = 5;

interface Pair {
  readonly receiver: ArgoAgent;
  readonly sender: ArgoAgent;
}

/** Runs a program that uses both guests by turns: their order is that of the program. */
function script(type: GuestType, body: (pair: Pair) => Generator<Step, void, unknown>): void {
  const machine = sampleMachine(2);
  const receiver = new ArgoAgent(
    machine.createDomain({ name: 'receiver', type, pcpus: [0] }),
    4100,
  );
  const sender = new ArgoAgent(machine.createDomain({ name: 'sender', type, pcpus: [1] }), 16);
  const steps = body({ receiver, sender });
  let answer: unknown;
  for (;;) {
    const step = steps.next(answer);
    if (step.done === true) break;
    const [agent, process] = step.value;
    answer = undefined;
    let isDone = false;
    agent.domain.vcpu.spawn(
      'step',
      (function* (): Process {
        answer = yield* process;
        isDone = true;
      })(),
    );
    machine.run();
    assert.ok(isDone, 'the step came to its end');
  }
  machine.settleAccounts();
}

type Step = readonly [agent: ArgoAgent, process: Process<unknown>];

function* by<T>(agent: ArgoAgent, process: Process<T>): Generator<Step, T, unknown> {
  return (yield [agent, process]) as T;
}

/** A registered ring that only the sender can send to. */
function* ringFor({ receiver, sender }: Pair, bytes: number): Generator<Step, AgentRing, unknown> {
  const ring = receiver.ring(PORT, sender.domain.domid, bytes);
  expect(yield* by(receiver, receiver.register(ring)), 0);
  return ring;
}

function expect(result: number, wanted: number): void {
  assert.equal(errnoName(result), errnoName(wanted));
}

for (const type of ['pv', 'pvh'] as const) {
  const row = (name: string, body: (pair: Pair) => Generator<Step, void, unknown>): void => {
    test(`${type}: ${name}`, () => script(type, body));
  };

  row('a ring of 32 bytes is too small, one of 48 bytes is not', function* ({ receiver, sender }) {
    const { domid } = sender.domain;
    expect(yield* by(receiver, receiver.register(receiver.ring(PORT, domid, 32))), -EINVAL);
    expect(yield* by(receiver, receiver.register(receiver.ring(PORT, domid, 48))), 0);
  });

  row('the header needs room too, and lengths are whole slots', function* ({ receiver, sender }) {
    const { domid } = sender.domain;
    expect(yield* by(receiver, receiver.register(receiver.ring(1, domid, 4032, 1))), 0);
    expect(yield* by(receiver, receiver.register(receiver.ring(2, domid, 4096, 2))), 0);
    expect(yield* by(receiver, receiver.register(receiver.ring(3, domid, 4096, 1))), -EINVAL);
    expect(yield* by(receiver, receiver.register(receiver.ring(4, domid, 4090, 2))), -EINVAL);
  });

  row('16 MiB less the header can be had, 16 MiB cannot', function* ({ receiver, sender }) {
    const { domid } = sender.domain;
    const largest = (1 << 24) - 64;
    expect(yield* by(receiver, receiver.register(receiver.ring(1, domid, largest))), 0);
    expect(yield* by(receiver, receiver.register(receiver.ring(2, domid, 1 << 24))), -EINVAL);
    expect(yield* by(receiver, receiver.register(receiver.ring(3, domid, 1 << 24, 4096))), -EINVAL);
  });

  row('a wildcard ring needs mac-permissive', function* ({ receiver }) {
    expect(yield* by(receiver, receiver.register(receiver.ring(1, DOMID_ANY, 4032))), 0);
    receiver.argo.macPermissive = false;
    expect(yield* by(receiver, receiver.register(receiver.ring(2, DOMID_ANY, 4032))), -EPERM);
  });

  row('registering the same ring again leaks a count', function* (pair) {
    const { receiver } = pair;
    const ring = yield* ringFor(pair, 4032);
    for (let i = 0; i < 127; i++) expect(yield* by(receiver, receiver.register(ring)), 0);
    expect(yield* by(receiver, receiver.register(ring)), -ENOSPC);
    assert.equal(receiver.argo.ringsOf(receiver.domain.domid).length, 1);
    expect(yield* by(receiver, receiver.unregister(ring)), 0);
    expect(yield* by(receiver, receiver.register(ring)), 0);
    expect(yield* by(receiver, receiver.register(ring)), -ENOSPC);
  });

  row('a domain has 128 rings at most', function* ({ receiver, sender }) {
    for (let port = 0; port < 128; port++) {
      const ring = receiver.ring(port, sender.domain.domid, 48);
      expect(yield* by(receiver, receiver.register(ring)), 0);
    }
    const more = receiver.ring(128, sender.domain.domid, 48);
    expect(yield* by(receiver, receiver.register(more)), -ENOSPC);
  });

  row('ring 4032: 3980 bytes go, 4001 never can', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    const to = receiver.domain.domid;
    expect(yield* by(sender, sender.send(to, PORT, 3980)), 3980);
    assert.equal(receiver.drain(ring), 1);
    expect(yield* by(sender, sender.send(to, PORT, 4001)), -EMSGSIZE);
    expect(yield* by(sender, sender.send(to, PORT, 4000)), 4000);
  });

  row('no bytes are a message too', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    expect(yield* by(sender, sender.send(receiver.domain.domid, PORT, 0)), 0);
    assert.equal(receiver.take(ring)?.length, 0);
    assert.equal(ring.rx, 16);
  });

  row('no such port, no such domain, a spoofed source', function* (pair) {
    const { receiver, sender } = pair;
    yield* ringFor(pair, 4032);
    const to = receiver.domain.domid;
    const one: readonly [number, number][] = [[sender.buffer, 10]];
    expect(yield* by(sender, sender.send(to, PORT + 1, 10)), -ECONNREFUSED);
    expect(yield* by(sender, sender.send(77, PORT, 10)), -ESRCH);
    expect(yield* by(sender, sender.sendFrom(to, PORT, one, 0, to)), -EPERM);
    expect(yield* by(sender, sender.sendFrom(to, PORT, one, 0, sender.domain.domid)), 10);
  });

  row('memory that the guest does not have', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    const to = receiver.domain.domid;
    const neverTouched = 0x40000000;
    const kernelAddress = 0xffff880000000000;
    for (const address of [0, neverTouched, kernelAddress]) {
      expect(yield* by(sender, sender.sendFrom(to, PORT, [[address, 10]])), -EFAULT);
    }
    const lastPage = sender.buffer + 15 * 4096;
    expect(yield* by(sender, sender.sendFrom(to, PORT, [[lastPage + 4090, 10]])), -EFAULT);
    assert.equal(receiver.take(ring), undefined);
  });

  row('8 iovs go, 9 do not', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    const iovs = Array.from({ length: 9 }, (_, i) => [sender.buffer + 10 * i, 10] as const);
    const to = receiver.domain.domid;
    expect(yield* by(sender, sender.sendFrom(to, PORT, iovs.slice(0, 8))), 80);
    expect(yield* by(sender, sender.sendFrom(to, PORT, iovs)), -EINVAL);
    assert.equal(receiver.take(ring)?.length, 80);
  });

  row('ring 4032 takes three messages of 1000 bytes', function* (pair) {
    const { receiver, sender } = pair;
    yield* ringFor(pair, 4032);
    const to = receiver.domain.domid;
    for (let i = 0; i < 3; i++) expect(yield* by(sender, sender.send(to, PORT, 1000)), 1000);
    expect(yield* by(sender, sender.send(to, PORT, 1000)), -EAGAIN);
  });

  row('asking about a full ring answers, and sends no event', function* (pair) {
    const { receiver, sender } = pair;
    yield* ringFor(pair, 4032);
    sender.bindVirq();
    const domid = receiver.domain.domid;
    for (let i = 0; i < 4; i++) yield* by(sender, sender.send(domid, PORT, 1000));
    const answer = yield* by(sender, sender.notify({ domid, port: PORT, space: 1000 }));
    assert.deepEqual(answer, { status: 0, flags: RING_EXISTS, largest: 4000 });
    assert.equal(sender.virqs, 0);
  });

  row('draining wakes nobody; notify after it does, once', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    sender.bindVirq();
    const domid = receiver.domain.domid;
    for (let i = 0; i < 4; i++) yield* by(sender, sender.send(domid, PORT, 1000));
    assert.equal(receiver.drain(ring), 3);
    assert.equal(sender.virqs, 0);
    assert.equal((yield* by(receiver, receiver.notify())).status, 0);
    assert.equal(sender.virqs, 1);
    yield* by(receiver, receiver.notify());
    assert.equal(sender.virqs, 1);
  });

  row('asking about an empty ring', function* (pair) {
    const { receiver, sender } = pair;
    yield* ringFor(pair, 4032);
    const domid = receiver.domain.domid;
    const ask = (space: number) => by(sender, sender.notify({ domid, port: PORT, space }));
    assert.equal((yield* ask(0)).flags, RING_EXISTS | RING_EMPTY | RING_SUFFICIENT);
    assert.equal((yield* ask(4000)).flags, RING_EXISTS | RING_EMPTY | RING_SUFFICIENT);
    assert.equal((yield* ask(100_000)).flags, RING_EXISTS | RING_EMPTY | RING_EMSGSIZE);
  });

  row('VIRQ_ARGO has one binder a domain', function* ({ sender }) {
    assert.ok(sender.bindVirq() > 0);
    expect(sender.bindVirq(), -EEXIST);
  });

  row(
    'a bogus rx_ptr or tx_ptr hurts nobody, and Xen goes on from its own tx_ptr',
    function* (pair) {
      const { receiver, sender } = pair;
      const ring = yield* ringFor(pair, 4032);
      const to = receiver.domain.domid;
      let tx = 0;
      for (const bogus of [
        0xdeadbeef, 4031, 4032, 4048, 1, 15, 0x7fffffff, 0x80000000, 0xffffffff,
      ]) {
        receiver.write32(ring.address, bogus, bogus);
        expect(yield* by(sender, sender.send(to, PORT, 40)), 40);
        tx = (tx + 64) % 4032;
        assert.equal(receiver.read32(ring.address + 4), tx);
      }
    },
  );

  row('an rx_ptr that says the ring is full stops nobody but its owner', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    const to = receiver.domain.domid;
    receiver.write32(ring.address, 16);
    expect(yield* by(sender, sender.send(to, PORT, 40)), -EAGAIN);
    assert.equal(receiver.read32(ring.address + 4), 0);
    receiver.write32(ring.address, 0);
    expect(yield* by(sender, sender.send(to, PORT, 40)), 40);
  });

  row('unregistering twice', function* (pair) {
    const { receiver } = pair;
    const ring = yield* ringFor(pair, 4032);
    expect(yield* by(receiver, receiver.unregister(ring)), 0);
    expect(yield* by(receiver, receiver.unregister(ring)), -ENOENT);
  });

  row('a ring can be made to fail where it exists, and cannot change its size', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    expect(yield* by(receiver, receiver.register(ring, REGISTER_FAIL_EXIST)), -EEXIST);
    expect(yield* by(receiver, receiver.register(ring, 2)), -EINVAL);
    const larger = receiver.ring(PORT, sender.domain.domid, 8000);
    expect(yield* by(receiver, receiver.register(larger)), -EEXIST);
  });

  row('a partner that does not exist', function* ({ receiver }) {
    expect(yield* by(receiver, receiver.register(receiver.ring(PORT, 77, 4032))), -ESRCH);
  });

  row('a page that is not the guest’s own cannot be a ring', function* (pair) {
    const { receiver, sender } = pair;
    const ring = { ...receiver.ring(PORT, sender.domain.domid, 4032) };
    const foreign = sender.domain.allocate(1);
    const reference = sender.domain.grantTable.grant(foreign, receiver.domain.domid);
    const mapped = receiver.domain.grantTable.map(receiver.domain.vcpu, sender.domain.domid, [
      reference,
    ]);
    assert.ok('address' in mapped);
    const stolen = { ...ring, address: mapped.address };
    expect(yield* by(receiver, receiver.register(stolen)), -EINVAL);
    const hole = { ...ring, address: 0x3ffff000 };
    expect(yield* by(receiver, receiver.register(hole)), -EINVAL);
  });

  row('a message for one partner goes to its own ring, others to the wildcard', function* (pair) {
    const { receiver, sender } = pair;
    const to = receiver.domain.domid;
    const anybody = receiver.ring(PORT, DOMID_ANY, 4032);
    expect(yield* by(receiver, receiver.register(anybody)), 0);
    expect(yield* by(sender, sender.send(to, PORT, 10)), 10);
    assert.equal(receiver.take(anybody)?.length, 10);
    const own = yield* ringFor(pair, 4032);
    expect(yield* by(sender, sender.send(to, PORT, 20)), 20);
    assert.equal(receiver.take(anybody), undefined);
    assert.equal(receiver.take(own)?.length, 20);
    // The receiver sends to itself: it is nobody's partner here.
    expect(yield* by(receiver, receiver.send(to, PORT, 30)), 30);
    assert.equal(receiver.take(anybody)?.length, 30);
    const answer = yield* by(receiver, receiver.notify({ domid: to, port: PORT, space: 1 }));
    assert.ok((answer.flags & RING_SHARED) !== 0);
  });

  row('the message in the ring is laid out as argo.h says', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    sender.domain.memory.poke(sender.buffer, Uint8Array.from([1, 2, 3, 4, 5]));
    yield* by(sender, sender.send(receiver.domain.domid, PORT, 5, 0xabcd1234));
    const header = [0, 1, 2, 3].map((index) => receiver.ringWord(ring, index));
    assert.deepEqual(header, [21, 7, sender.domain.domid, 0xabcd1234]);
    assert.deepEqual(receiver.take(ring), Uint8Array.from([1, 2, 3, 4, 5]));
    assert.equal(receiver.read32(ring.address + 4), 32);
  });

  row('a ring registered again keeps its messages', function* (pair) {
    const { receiver, sender } = pair;
    const ring = yield* ringFor(pair, 4032);
    const to = receiver.domain.domid;
    yield* by(sender, sender.send(to, PORT, 50));
    expect(yield* by(receiver, receiver.register(ring)), 0);
    yield* by(sender, sender.send(to, PORT, 60));
    assert.equal(receiver.take(ring)?.length, 50);
    assert.equal(receiver.take(ring)?.length, 60);
    assert.equal(receiver.take(ring), undefined);
  });
}
