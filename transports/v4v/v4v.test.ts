import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PEER_GONE, TOO_LARGE, WOULD_BLOCK } from '../../src/transport/contract.js';
import { v4v } from './index.js';
import { buffer, once, pair, RING, read, receive, send, write } from './sample-conversation.js';

for (const types of [
  ['pvh', 'pvh'],
  ['pv', 'pv'],
  ['pv', 'pvh'],
] as const) {
  for (const placement of ['own', 'shared'] as const) {
    test(`messages arrive whole and in order (${types.join(' and ')}, ${placement})`, () => {
      const sizes = Array.from({ length: 300 }, (_, i) => (i * 37) % 1500);
      pair(
        function* (channel, { server }) {
          const into = buffer(server);
          for (const [i, size] of sizes.entries()) {
            assert.equal(yield* receive(channel, into, 4000), size);
            const bytes = server.memory.peek(into, size);
            assert.ok(bytes.every((byte, at) => byte === ((at + i) & 0xff)));
          }
          assert.equal(yield* receive(channel, into, 4000), PEER_GONE);
        },
        function* (channel, { client }) {
          const from = buffer(client);
          for (const [i, size] of sizes.entries()) {
            client.memory.poke(
              from,
              Uint8Array.from({ length: size }, (_, at) => at + i),
            );
            assert.equal(yield* send(channel, from, size), size);
          }
          yield* channel.close();
        },
        {},
        { types: [...types], placement },
      );
    });
  }
}

test('a message larger than any before is not forgotten behind a small one', () => {
  // The receiver sees a ring that is nearly empty, and has no reason of its own to notify.
  pair(
    function* (channel, { server }) {
      const at = buffer(server);
      yield* server.vcpu.kernel.sleepUntil(server.vcpu.pcpu.clock + 1_000_000_000);
      assert.equal(yield* receive(channel, at, 4000), 16);
      assert.equal(yield* receive(channel, at, 4000), 4000);
    },
    function* (channel, { client }) {
      const at = buffer(client);
      assert.equal(yield* send(channel, at, 16), 16);
      assert.equal(yield* once(() => channel.trySend(at, 4000)), WOULD_BLOCK);
      assert.equal(yield* send(channel, at, 4000), 4000);
    },
  );
});

test('a message that can never fit is too large, and the largest one fits', () => {
  pair(
    function* (channel, { server }) {
      assert.equal(yield* receive(channel, buffer(server), 4000), 4000);
    },
    function* (channel, { client }) {
      const at = buffer(client);
      assert.equal(v4v.largestMessage(RING), 4000);
      assert.equal(yield* send(channel, at, 4001), TOO_LARGE);
      assert.equal(yield* send(channel, at, 4000), 4000);
    },
  );
});

test('a stream: a write larger than the ring goes in parts, and is read as one likes', () => {
  const total = 100_000;
  pair(
    function* (channel, { server }) {
      const into = buffer(server, 25);
      let received = 0;
      while (received < total) {
        const taken = yield* read(channel, into + received, Math.min(777, total - received));
        assert.ok(taken > 0);
        received += taken;
      }
      const bytes = server.memory.peek(into, total);
      assert.ok(bytes.every((byte, at) => byte === ((at * 11) & 0xff)));
    },
    function* (channel, { client }) {
      const from = buffer(client, 25);
      client.memory.poke(
        from,
        Uint8Array.from({ length: total }, (_, at) => at * 11),
      );
      for (let sent = 0; sent < total; ) {
        sent += yield* write(channel, from + sent, total - sent);
      }
    },
  );
});

test('closing does not overtake what was sent, even where the ring is full', () => {
  let isClosed = false;
  pair(
    function* (channel, { server }) {
      const at = buffer(server);
      yield* server.vcpu.kernel.sleepUntil(server.vcpu.pcpu.clock + 1_000_000_000);
      assert.ok(isClosed);
      for (let i = 0; i < 125; i++) assert.equal(yield* receive(channel, at, 16), 16);
      assert.equal(yield* receive(channel, at, 16), PEER_GONE);
    },
    function* (channel, { client }) {
      const at = buffer(client);
      for (let i = 0; i < 125; i++) assert.equal(yield* send(channel, at, 16), 16);
      assert.equal(yield* once(() => channel.trySend(at, 16)), WOULD_BLOCK);
      yield* channel.close();
      isClosed = true;
    },
  );
});

test('a sender learns that the receiver has closed', () => {
  pair(
    function* (channel) {
      yield* channel.close();
    },
    function* (channel, { client }) {
      const at = buffer(client);
      let outcome = 0;
      for (let i = 0; i < 1000 && outcome >= 0; i++) outcome = yield* send(channel, at, 16);
      assert.equal(outcome, PEER_GONE);
      assert.equal(yield* receive(channel, at, 16), PEER_GONE);
    },
  );
});

test('gathering writes: fewer hypercalls, the same bytes, and the last ones are sent too', () => {
  const writes = 1000;
  const run = (coalesceBytes: number): number => {
    const both = pair(
      function* (channel, { server }) {
        const into = buffer(server, 16);
        let received = 0;
        while (received < 64 * writes) {
          received += yield* read(channel, into + received, 64 * writes - received);
        }
        const bytes = server.memory.peek(into, 64 * writes);
        assert.ok(bytes.every((byte, at) => byte === (Math.floor(at / 64) & 0xff)));
      },
      function* (channel, { client }) {
        const from = buffer(client);
        for (let i = 0; i < writes; i++) {
          client.memory.poke(from, new Uint8Array(64).fill(i));
          for (let sent = 0; sent < 64; ) sent += yield* write(channel, from + sent, 64 - sent);
        }
        // Not closed: the bytes must go by themselves.
        yield* client.vcpu.kernel.sleepUntil(client.vcpu.pcpu.clock + 10_000_000_000);
      },
      { options: { coalesceBytes } },
    );
    return both.installation.machine.counters.snapshot()['hypercalls']?.['argo_sendv'] ?? 0;
  };
  assert.ok(run(0) >= writes);
  assert.ok(run(1000) < writes / 10);
});

test('sizes: whole slots, from 48 bytes to 16 MiB less the header', () => {
  assert.deepEqual(v4v.ringSize(1), { bytes: 48 });
  assert.deepEqual(v4v.ringSize(65_472), { bytes: 65_472 });
  assert.deepEqual(v4v.ringSize(65_537), { bytes: 65_552 });
  assert.deepEqual(v4v.ringSize((1 << 24) - 64), { bytes: (1 << 24) - 64 });
  assert.ok('refused' in v4v.ringSize((1 << 24) - 63));
});
