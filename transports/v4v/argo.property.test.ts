import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fits, footprint } from '../../src/ring/wrapped-offset-ring.js';
import type { Process } from '../../src/sim/process.js';
import { EAGAIN, EMSGSIZE } from '../../src/xen/errno.js';
import { runs } from '../../test/property-runs.js';
import { type AgentRing, ArgoAgent, sampleMachine } from './sample-machine.js';

const PORT = 5;
const BUFFER_PAGES = 8;

interface Pair {
  readonly receiver: ArgoAgent;
  readonly sender: ArgoAgent;
  readonly ring: AgentRing;
}

function connected(ringBytes: number): Pair {
  const machine = sampleMachine(2);
  const [receiver, sender] = [0, 1].map(
    (id) =>
      new ArgoAgent(
        machine.createDomain({ name: `dom${id}`, type: id === 0 ? 'pvh' : 'pv', pcpus: [id] }),
        BUFFER_PAGES,
      ),
  ) as [ArgoAgent, ArgoAgent];
  const ring = receiver.ring(PORT, sender.domain.domid, ringBytes);
  assert.equal(run(receiver, receiver.register(ring)), 0);
  sender.bindVirq();
  return { receiver, sender, ring };
}

function run<T>(agent: ArgoAgent, process: Process<T>): T {
  let result: { value: T } | undefined;
  agent.domain.vcpu.spawn(
    'step',
    (function* (): Process<void> {
      result = { value: yield* process };
    })(),
  );
  agent.domain.machine.run();
  assert.ok(result !== undefined);
  return result.value;
}

const ringLengths = fc.integer({ min: 3, max: 600 }).map((slots) => slots * 16);

test('property: Argo agrees with a naive queue of messages', () => {
  const iov = fc.record({ offset: fc.nat(4200), length: fc.nat(1500) });
  const action = fc.oneof(
    fc.record({ kind: fc.constant('send' as const), iovs: fc.array(iov, { maxLength: 4 }) }),
    fc.record({ kind: fc.constant('take' as const) }),
    fc.record({ kind: fc.constant('notify' as const) }),
  );
  fc.assert(
    fc.property(ringLengths, fc.array(action, { maxLength: 40 }), (bytes, actions) => {
      const { receiver, sender, ring } = connected(bytes);
      const queue: Uint8Array[] = [];
      const pattern = new Uint8Array(BUFFER_PAGES * 4096);
      let counter = 0;
      let wanted = -1;
      let virqs = 0;
      for (const step of actions) {
        const used = queue.reduce((sum, message) => sum + footprint(message.length), 0);
        if (step.kind === 'send') {
          counter = (counter + 1) & 0xff;
          pattern.forEach((_, at) => {
            pattern[at] = (at * 7 + counter * 31) & 0xff;
          });
          sender.domain.memory.poke(sender.buffer, pattern);
          const parts = step.iovs.map(({ offset, length }) =>
            pattern.slice(offset, offset + length),
          );
          const message = Uint8Array.from(parts.flatMap((part) => [...part]));
          const result = run(
            sender,
            sender.sendFrom(
              receiver.domain.domid,
              PORT,
              step.iovs.map(({ offset, length }) => [sender.buffer + offset, length] as const),
            ),
          );
          if (footprint(message.length) >= bytes) {
            assert.equal(result, -EMSGSIZE);
          } else if (fits(message.length, bytes - used)) {
            assert.equal(result, message.length);
            queue.push(message);
          } else {
            assert.equal(result, -EAGAIN);
            wanted = Math.max(wanted, message.length);
          }
        } else if (step.kind === 'take') {
          assert.deepEqual(receiver.take(ring), queue.shift());
        } else {
          run(receiver, receiver.notify());
          // As in Xen, a ring in which not a slot of payload is free is not looked at further.
          const space = bytes - used - 32;
          if (wanted >= 0 && space > 0 && space >= wanted) {
            wanted = -1;
            virqs++;
          }
        }
        assert.equal(sender.virqs, virqs);
      }
      for (const message of queue) assert.deepEqual(receiver.take(ring), message);
      assert.equal(receiver.take(ring), undefined);
    }),
    runs(60),
  );
});

test('property: whatever a guest writes into its ring page, Xen stays inside the ring', () => {
  const step = fc.record({
    rx: fc.oneof(fc.nat(0xffffffff), fc.nat(10_000)),
    tx: fc.nat(0xffffffff),
    length: fc.nat(2000),
  });
  fc.assert(
    fc.property(ringLengths, fc.array(step, { maxLength: 25 }), (bytes, steps) => {
      const { receiver, sender, ring } = connected(bytes);
      const { memory } = receiver.domain;
      const pages = Math.ceil((bytes + 64) / 4096);
      // What lies around the ring: the header's reserved bytes, the rest of its last page, and the page after it.
      const after = receiver.domain.allocate(1);
      const tail = pages * 4096 - 64 - bytes;
      memory.poke(ring.address + 8, new Uint8Array(56).fill(0xaa));
      memory.poke(ring.address + 64 + bytes, new Uint8Array(tail).fill(0xbb));
      memory.poke(after, new Uint8Array(4096).fill(0xcc));
      for (const { rx, tx, length } of steps) {
        receiver.write32(ring.address, rx, tx);
        const result = run(sender, sender.send(receiver.domain.domid, PORT, length));
        if (result >= 0) assert.equal(result, length);
        else assert.ok(result === -EAGAIN || result === -EMSGSIZE);
        const known = receiver.argo.ringsOf(receiver.domain.domid)[0];
        assert.ok(known !== undefined && known.txPtr < bytes && known.txPtr % 16 === 0);
      }
      assert.ok(memory.peek(ring.address + 8, 56).every((byte) => byte === 0xaa));
      assert.ok(memory.peek(ring.address + 64 + bytes, tail).every((byte) => byte === 0xbb));
      assert.ok(memory.peek(after, 4096).every((byte) => byte === 0xcc));
    }),
    runs(60),
  );
});

test('property: a ring with nonsense in its page can be registered, and works', () => {
  fc.assert(
    fc.property(ringLengths, fc.nat(0xffffffff), fc.nat(0xffffffff), (bytes, rx, tx) => {
      const { receiver, sender, ring } = connected(bytes);
      assert.equal(run(receiver, receiver.unregister(ring)), 0);
      receiver.write32(ring.address, rx, tx);
      assert.equal(run(receiver, receiver.register(ring)), 0);
      const known = receiver.argo.ringsOf(receiver.domain.domid)[0];
      assert.ok(known !== undefined && known.txPtr < bytes && known.txPtr % 16 === 0);
      const start = known.txPtr;
      ring.rx = start;
      receiver.write32(ring.address, start);
      assert.equal(run(sender, sender.send(receiver.domain.domid, PORT, 16)), 16);
      assert.equal(receiver.take(ring)?.length, 16);
    }),
    runs(60),
  );
});
