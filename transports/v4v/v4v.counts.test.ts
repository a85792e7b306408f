import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesPerFill } from '../../src/ring/wrapped-offset-ring.js';
import { PEER_GONE, WOULD_BLOCK } from '../../src/transport/contract.js';
import { buffer, once, operations, pair, RING, receive, send } from './sample-conversation.js';

test('one message in flight: one operation and one VIRQ a message', () => {
  const rounds = 100;
  const counted: { operations: number; virqs: number }[] = [];
  pair(
    function* (channel, { server }) {
      const at = buffer(server);
      for (let i = 0; i < rounds; i++) {
        yield* receive(channel, at, 64);
        yield* send(channel, at, 64);
      }
      assert.equal(yield* receive(channel, at, 64), PEER_GONE);
    },
    function* (channel, both) {
      const at = buffer(both.client);
      counted.push(operations(both));
      for (let i = 0; i < rounds; i++) {
        yield* send(channel, at, 64);
        yield* receive(channel, at, 64);
      }
      counted.push(operations(both));
      yield* channel.close();
    },
  );
  const [before, after] = counted as [(typeof counted)[0], (typeof counted)[0]];
  assert.equal(after.operations - before.operations, 2 * rounds);
  assert.equal(after.virqs - before.virqs, 2 * rounds);
});

/** The sender fills the ring, the receiver drains it, and so on, strictly by turns. */
function fillAndDrain(
  size: number,
  fills: number,
  policy: string,
): { operations: number; virqs: number } {
  const inAFill = messagesPerFill(size, RING);
  const counted: { operations: number; virqs: number }[] = [];
  const turnPs = 1_000_000_000;
  pair(
    function* (channel, { server }) {
      const at = buffer(server);
      const { kernel, pcpu } = server.vcpu;
      for (let fill = 0; fill <= fills; fill++) {
        yield* kernel.sleepUntil(pcpu.clock + turnPs);
        // The last turn only keeps it from closing before all is counted.
        if (fill === fills) return;
        for (let i = 0; i < inAFill; i++) yield* receive(channel, at, size);
      }
    },
    function* (channel, both) {
      const at = buffer(both.client);
      counted.push(operations(both));
      for (let i = 0; i < fills * inAFill; i++) {
        assert.equal(yield* send(channel, at, size), size);
        if ((i + 1) % inAFill !== 0) continue;
        // The next one finds no room, and tries again when it is told.
        assert.equal(yield* once(() => channel.trySend(at, size)), WOULD_BLOCK);
        yield* channel.waitUntilWritable();
      }
      counted.push(operations(both));
    },
    { options: { notifyPolicy: policy } },
  );
  const [before, after] = counted as [(typeof counted)[0], (typeof counted)[0]];
  return {
    operations: after.operations - before.operations,
    virqs: after.virqs - before.virqs,
  };
}

test('filling and draining by turns: 1 + 2/M operations, 1 + 1/M VIRQs, under either policy', () => {
  for (const size of [16, 256, 1024]) {
    const fills = 6;
    const messages = fills * messagesPerFill(size, RING);
    for (const policy of ['when-full', 'every-drain']) {
      assert.deepEqual(fillAndDrain(size, fills, policy), {
        operations: messages + 2 * fills,
        virqs: messages + fills,
      });
    }
  }
});

test('notifying after every drain: two operations a message where each is drained at once', () => {
  const rounds = 50;
  const both = pair(
    function* (channel, { server }) {
      const at = buffer(server);
      for (let i = 0; i < rounds; i++) yield* receive(channel, at, 64);
    },
    function* (channel, { client }) {
      const at = buffer(client);
      for (let i = 0; i < rounds; i++) {
        yield* send(channel, at, 64);
        yield* client.vcpu.kernel.sleepUntil(client.vcpu.pcpu.clock + 100_000_000);
      }
    },
    { options: { notifyPolicy: 'every-drain' } },
  );
  const { hypercalls } = both.installation.machine.counters.snapshot();
  assert.ok((hypercalls?.['argo_notify'] ?? 0) >= rounds);
});
