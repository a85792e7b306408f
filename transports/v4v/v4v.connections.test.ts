import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Process } from '../../src/sim/process.js';
import { type Endpoint, PEER_GONE } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { argoOf } from './argo.js';
import { v4v } from './index.js';
import {
  accepted,
  buffer,
  connected,
  done,
  endpoint,
  listening,
  many,
  PORT,
  receive,
  send,
} from './sample-conversation.js';
import { ArgoAgent, sampleGuests } from './sample-machine.js';

test('one wildcard ring receives from many, and says from whom', () => {
  const clients = 60;
  const each = 20;
  const counts = new Array(clients).fill(0);
  many(
    clients,
    function* (listener, _channels, server) {
      const at = buffer(server);
      for (let i = 0; i < clients * each; i++) {
        const outcome = yield* done(
          () => listener.tryReceive(at, 100),
          () => listener.waitUntilReadable(),
        );
        assert.equal(outcome, 100);
        const source = server.memory.peek(at, 1)[0];
        assert.equal(listener.lastSource, source);
        assert.equal(server.memory.peek(at + 1, 1)[0], counts[source as number]++);
      }
    },
    function* (channel, client, index) {
      const at = buffer(client);
      for (let i = 0; i < each; i++) {
        client.memory.poke(at, Uint8Array.from([index, i]));
        assert.equal(yield* send(channel, at, 100), 100);
      }
    },
  );
  assert.ok(counts.every((count) => count === each));
});

test('connections that share a ring can be read in any order, up to what is set aside', () => {
  const clients = 3;
  const each = 30;
  many(
    clients,
    function* (_listener, channels, server) {
      const at = buffer(server);
      yield* server.vcpu.kernel.sleepUntil(server.vcpu.pcpu.clock + 1_000_000_000);
      for (const [index, channel] of [...channels.entries()].reverse()) {
        for (let i = 0; i < each; i++) {
          assert.equal(yield* receive(channel, at, 100), 100);
          assert.deepEqual([...server.memory.peek(at, 2)], [index, i]);
        }
        assert.equal(yield* receive(channel, at, 100), PEER_GONE);
      }
    },
    function* (channel, client, index) {
      const at = buffer(client);
      for (let i = 0; i < each; i++) {
        client.memory.poke(at, Uint8Array.from([index, i]));
        assert.equal(yield* send(channel, at, 100), 100);
      }
      yield* channel.close();
    },
  );
});

test('without mac-permissive there is no wildcard ring, and one client needs none', () => {
  const options = { macPermissive: false };
  const { guests, machine } = sampleGuests(['pvh', 'pvh', 'pvh']);
  const [server, first, second] = guests as [Guest, Guest, Guest];
  const outcomes: unknown[] = [];
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      outcomes.push(yield* v4v.listen(server, endpoint(server, [first, second], { options })));
      outcomes.push(yield* v4v.listen(server, endpoint(server, [first], { options })));
    })(),
  );
  machine.run();
  assert.deepEqual(outcomes[0], {
    failed: 'wildcard rings are switched off',
    limit: 'mac-permissive',
  });
  assert.ok('listener' in (outcomes[1] as object));
});

test('a client finds a listener that comes later, and gives up on one that does not', () => {
  const { guests, machine } = sampleGuests(['pvh', 'pvh']);
  const [server, client] = guests as [Guest, Guest];
  const outcomes: string[] = [];
  const connect = function* (at: Endpoint): Process<void> {
    const outcome = yield* v4v.connect(client, at);
    outcomes.push('failed' in outcome ? outcome.failed : 'connected');
  };
  client.vcpu.spawn(
    'client',
    (function* (): Process<void> {
      yield* connect(endpoint(server, [client], { options: { connectTimeoutMs: 20 } }));
      yield* connect(endpoint(server, [client], { port: 2 }));
      yield* connect({ ...endpoint(server, [client]), serverDomid: 99 });
    })(),
  );
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      yield* server.vcpu.kernel.sleepUntil(60_000_000_000);
      const listener = yield* listening(server, endpoint(server, [client], { port: 2 }));
      yield* accepted(listener);
    })(),
  );
  machine.run();
  assert.deepEqual(outcomes, [
    'connection refused (-ECONNREFUSED)',
    'connected',
    'ring refused (-ESRCH)',
  ]);
});

test('limits are named: rings a domain, event channels', () => {
  const { guests, machine } = sampleGuests(['pvh', 'pvh']);
  const [server, client] = guests as [Guest, Guest];
  const outcomes: unknown[] = [];
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      for (let port = 0; port < 129; port++) {
        const outcome = yield* v4v.listen(server, endpoint(server, [client], { port }));
        if (!('listener' in outcome)) outcomes.push(outcome);
      }
    })(),
  );
  client.domain.eventChannels.limit = client.domain.eventChannels.count;
  client.vcpu.spawn(
    'client',
    (function* (): Process<void> {
      outcomes.push(yield* v4v.connect(client, endpoint(server, [client])));
    })(),
  );
  machine.run();
  assert.deepEqual(outcomes, [
    { failed: 'no event channel (-ENOSPC)', limit: 'event channels' },
    { failed: 'ring refused (-ENOSPC)', limit: 'rings a domain' },
  ]);
});

test('connecting and closing again and again leaks neither rings nor frames nor ports', () => {
  const { guests, machine } = sampleGuests(['pvh', 'pv']);
  const [server, client] = guests as [Guest, Guest];
  const frames: number[] = [];
  let ends = 0;
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const at = buffer(server);
      for (let port = 1; port <= 20; port++) {
        const listener = yield* listening(server, endpoint(server, [client], { port }));
        const channel = yield* accepted(listener);
        assert.equal(yield* receive(channel, at, 16), 16);
        assert.equal(yield* receive(channel, at, 16), PEER_GONE);
        yield* channel.close();
        yield* listener.close();
      }
      ends++;
    })(),
  );
  client.vcpu.spawn(
    'client',
    (function* (): Process<void> {
      const at = buffer(client);
      for (let port = 1; port <= 20; port++) {
        const channel = yield* connected(client, endpoint(server, [client], { port }));
        yield* send(channel, at, 16);
        yield* channel.close();
        const { kernel, pcpu } = client.vcpu;
        yield* kernel.sleepUntil(pcpu.clock + 1_000_000_000);
        frames.push(machine.memory.allocatedFrames);
      }
      ends++;
    })(),
  );
  machine.run();
  assert.equal(ends, 2);
  // The last one has no next listener beside it.
  assert.equal(new Set(frames.slice(0, -1)).size, 1, frames.join(' '));
  for (const guest of guests) {
    assert.equal(argoOf(machine).ringCount(guest.domid), 0);
    // VIRQ_ARGO, once a domain, beside the port of xenstore.
    assert.equal(guest.domain.eventChannels.count, 2);
  }
});

test('the peer dies: who sends is told, who only waits is not', () => {
  const { guests, machine } = sampleGuests(['pvh', 'pvh']);
  const [server, client] = guests as [Guest, Guest];
  const at = endpoint(server, [client]);
  const outcomes: number[] = [];
  client.vcpu.spawn('client', connected(client, at));
  const reader = server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const channel = yield* accepted(yield* listening(server, at));
      const buf = buffer(server);
      server.vcpu.spawn(
        'writer',
        (function* (): Process<void> {
          yield* server.vcpu.kernel.sleepUntil(server.vcpu.pcpu.clock + 2_000_000_000);
          outcomes.push(yield* send(channel, buf, 16));
        })(),
      );
      yield* receive(channel, buf, 16);
    })(),
  );
  machine.run({ timePs: 1_000_000_000 });
  client.domain.destroy();
  machine.run();
  assert.deepEqual(outcomes, [PEER_GONE]);
  assert.equal(reader.state, 'blocked');
  assert.equal(reader.waitingFor, 'v4v: data in the ring');
  assert.equal(client.domain.state, 'dead');
});

test('a hostile client’s messages hurt only its own connection', () => {
  const received: number[] = [];
  const { guests, machine } = sampleGuests(['pvh', 'pvh', 'pvh']);
  const [server, honest, hostile] = guests as [Guest, Guest, Guest];
  const at = endpoint(server, [honest, hostile]);
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const listener = yield* listening(server, at);
      const first = yield* accepted(listener);
      yield* accepted(listener);
      const buf = buffer(server);
      for (let i = 0; i < 200; i++) {
        received.push(yield* receive(first, buf, 100));
        assert.ok(server.memory.peek(buf, 100).every((byte) => byte === i));
      }
    })(),
  );
  honest.vcpu.spawn(
    'honest',
    (function* (): Process<void> {
      const channel = yield* connected(honest, at);
      const buf = buffer(honest);
      for (let i = 0; i < 200; i++) {
        honest.memory.poke(buf, new Uint8Array(100).fill(i));
        yield* send(channel, buf, 100);
        yield* honest.vcpu.kernel.sleepUntil(honest.vcpu.pcpu.clock + 1_000_000);
      }
    })(),
  );
  hostile.vcpu.spawn(
    'hostile',
    (function* (): Process<void> {
      yield* connected(hostile, at);
      const agent = new ArgoAgent(hostile.domain);
      const ports = [PORT, ...agent.argo.ringsOf(server.domid).map((ring) => ring.port)];
      for (let i = 0; i < 600; i++) {
        // Every kind, for its own connection, the other's, and none; every length.
        const type = ((i % 5) * 256 + (i % 9)) >>> 0;
        yield* agent.send(server.domid, ports[i % ports.length] as number, (i * 13) % 300, type);
        if (i % 50 === 0) yield* agent.send(server.domid, PORT, 16, 0xffffff06);
        yield* hostile.vcpu.kernel.sleepUntil(hostile.vcpu.pcpu.clock + 300_000);
      }
    })(),
  );
  machine.run();
  assert.equal(server.domain.state, 'running');
  assert.equal(received.length, 200, machine.now.toString());
  assert.ok(received.every((length) => length === 100));
});
