import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/base/errors.js';
import { messagesPerFill } from '../../src/ring/wrapped-offset-ring.js';
import { ORDER, type Process } from '../../src/sim/process.js';
import {
  AGAIN,
  type Channel,
  type Endpoint,
  type Listener,
  PEER_GONE,
  TOO_LARGE,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { Installation } from '../../src/transport/installation.js';
import { argoOf } from './argo.js';
import { v4v } from './index.js';
import { ArgoAgent, type SampleOptions, sampleGuests } from './sample-machine.js';

const RING = 4032;
const PORT = 1;

function endpoint(
  server: Guest,
  clients: readonly Guest[],
  more: Partial<Endpoint> = {},
): Endpoint {
  return {
    port: PORT,
    serverDomid: server.domid,
    clientDomids: clients.map((client) => client.domid),
    ringSizeBytes: RING,
    grantMode: 'persistent',
    options: {},
    ...more,
  };
}

function* listening(guest: Guest, at: Endpoint): Process<Listener> {
  const outcome = yield* v4v.listen(guest, at);
  assert.ok('listener' in outcome);
  return outcome.listener;
}

function* accepted(listener: Listener): Process<Channel> {
  const outcome = yield* listener.accept();
  assert.ok('channel' in outcome);
  return outcome.channel;
}

function* connected(guest: Guest, at: Endpoint): Process<Channel> {
  const outcome = yield* v4v.connect(guest, at);
  assert.ok('channel' in outcome);
  return outcome.channel;
}

/** Waits in whatever way until an operation is done. Returns its outcome: bytes, TOO_LARGE or PEER_GONE. */
function* done(operation: () => number, wait: () => Process<void>): Process<number> {
  for (;;) {
    const outcome = operation();
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* wait();
    else return outcome;
  }
}

const send = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.trySend(address, length),
    () => channel.waitUntilWritable(),
  );
const receive = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.tryReceive(address, length),
    () => channel.waitUntilReadable(),
  );
const write = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.write(address, length),
    () => channel.waitUntilWritable(),
  );
const read = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.read(address, length),
    () => channel.waitUntilReadable(),
  );
/** Once, without waiting for anything but the turn. */
function* once(operation: () => number): Process<number> {
  for (;;) {
    const outcome = operation();
    if (outcome !== AGAIN) return outcome;
    yield ORDER;
  }
}

interface Pair {
  readonly installation: Installation;
  readonly server: Guest;
  readonly client: Guest;
}

/** Connects a client to a server and lets both do something. Both must come to their ends. */
function pair(
  serve: (channel: Channel, pair: Pair) => Process<void>,
  ask: (channel: Channel, pair: Pair) => Process<void>,
  more: Partial<Endpoint> = {},
  options: SampleOptions & {
    types?: ['pv' | 'pvh', 'pv' | 'pvh'];
    placement?: 'own' | 'shared';
  } = {},
): Pair {
  const installation = sampleGuests(options.types ?? ['pvh', 'pvh'], options);
  const server = installation.guest(0);
  const client = installation.guest(1);
  const both = { installation, server, client };
  const at = endpoint(server, [client], more);
  let ends = 0;
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const listener = yield* listening(server, at);
      yield* serve(yield* accepted(listener), both);
      yield* listener.close();
      ends++;
    })(),
  );
  client.vcpu.spawn(
    'client',
    (function* (): Process<void> {
      yield* ask(yield* connected(client, at), both);
      ends++;
    })(),
  );
  installation.machine.run();
  assert.equal(ends, 2, installation.whoWaits().join('; '));
  installation.machine.settleAccounts();
  return both;
}

function operations({ installation }: Pair): { operations: number; virqs: number } {
  const { hypercalls, events } = installation.machine.counters.snapshot();
  return {
    operations: (hypercalls?.['argo_sendv'] ?? 0) + (hypercalls?.['argo_notify'] ?? 0),
    virqs: events?.['virqs'] ?? 0,
  };
}

function buffer(guest: Guest, pages = 4): number {
  return guest.domain.allocate(pages);
}

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

/** So many clients of one server, each with a process of its own. */
function many(
  clients: number,
  serve: (listener: Listener, channels: Channel[], server: Guest) => Process<void>,
  ask: (channel: Channel, client: Guest, index: number) => Process<void>,
  more: Partial<Endpoint> = {},
): Installation {
  const installation = sampleGuests(new Array(clients + 1).fill('pvh'));
  const server = installation.guest(0);
  const others = installation.guests.slice(1);
  const at = endpoint(server, others, more);
  let ends = 0;
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const listener = yield* listening(server, at);
      const channels: Channel[] = [];
      for (let i = 0; i < clients; i++) channels.push(yield* accepted(listener));
      yield* serve(listener, channels, server);
      yield* listener.close();
      ends++;
    })(),
  );
  others.forEach((client, index) => {
    client.vcpu.spawn(
      'client',
      (function* (): Process<void> {
        yield* ask(yield* connected(client, at), client, index);
        ends++;
      })(),
    );
  });
  installation.machine.run();
  assert.equal(ends, clients + 1, installation.whoWaits().join('; '));
  installation.machine.settleAccounts();
  assert.equal(argoOf(installation.machine).ringCount(server.domid), 0);
  return installation;
}

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

test('sizes: whole slots, from 48 bytes to 16 MiB less the header', () => {
  assert.deepEqual(v4v.ringSize(1), { bytes: 48 });
  assert.deepEqual(v4v.ringSize(65_472), { bytes: 65_472 });
  assert.deepEqual(v4v.ringSize(65_537), { bytes: 65_552 });
  assert.deepEqual(v4v.ringSize((1 << 24) - 64), { bytes: (1 << 24) - 64 });
  assert.ok('refused' in v4v.ringSize((1 << 24) - 63));
});

test('settings that it does not know are refused with those that it does', () => {
  v4v.checkOptions({ notifyPolicy: 'every-drain', coalesceBytes: 4096, macPermissive: false });
  for (const options of [
    { notify: 'always' },
    { notifyPolicy: 'always' },
    { coalesceBytes: -1 },
    { coalesceBytes: 'many' },
    { macPermissive: 'yes' },
    { connectTimeoutMs: 0.5 },
  ]) {
    assert.throws(() => v4v.checkOptions(options), UserError);
  }
});
