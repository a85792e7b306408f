import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_MS } from '../../src/base/units.js';
import { findProfile } from '../../src/profiles/index.js';
import { type Profile, priceTable } from '../../src/profiles/profile.js';
import type { Process } from '../../src/sim/process.js';
import { PEER_GONE, TOO_LARGE, WOULD_BLOCK } from '../../src/transport/contract.js';
import type { V2vEnd } from './end.js';
import { v2v } from './index.js';
import { readAll, receive, send, TestMachine, until, writeAll } from './test-machine.js';

const profile = findProfile('skylake-2017') as Profile;
const hardware = { features: profile.features, prices: priceTable(profile) };

function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed + i * 13 + (i >> 8)) & 0xff);
}

describe('V2V connection', () => {
  it('comes about through the broker, carries messages both ways, and leaves nothing behind', () => {
    const test = new TestMachine(hardware);
    const idle = test.resources();
    const [a, b] = [test.guest(0), test.guest(1)];
    const seen: Record<string, unknown> = {};
    test.pair(
      test.endpoint(),
      function* (channel) {
        seen['ports'] = [a, b].map((guest) => guest.domain.eventChannels.count);
        seen['exposed'] = channel.pagesExposedToPeer();
        seen['nodes'] = test.xenstored.store.usage(a.domid)?.nodes;
        const buffer = a.domain.allocate(1);
        assert.equal(yield* receive(channel, buffer, 100), 100);
        seen['arrived'] = a.memory.peek(buffer, 100);
        a.memory.poke(buffer, pattern(1000, 5));
        yield* send(channel, buffer, 1000);
        assert.equal(yield* receive(channel, buffer, 4096), PEER_GONE);
        yield* channel.close();
        seen['after'] = channel.pagesExposedToPeer();
        seen['leak'] = channel.leak;
      },
      function* (channel) {
        const buffer = b.domain.allocate(1);
        b.memory.poke(buffer, pattern(100));
        yield* send(channel, buffer, 100);
        assert.equal(yield* receive(channel, buffer, 4096), 1000);
        seen['answered'] = b.memory.peek(buffer, 1000);
        yield* channel.close();
      },
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.deepEqual(seen['arrived'], pattern(100));
    assert.deepEqual(seen['answered'], pattern(1000, 5));
    // Two event channels a connection, beside the one of xenstore.
    assert.deepEqual(seen['ports'], [3, 3]);
    assert.equal(seen['exposed'], 33);
    assert.equal(seen['after'], 0);
    assert.equal(seen['leak'], undefined);
    // The two pages that the test has taken.
    idle['frames'] = (idle['frames'] ?? 0) + 2;
    assert.deepEqual(test.resources(), idle);
    test.machine.settleAccounts();
  });

  it('writes the nodes of the published sources, each side readable by the other alone', () => {
    const test = new TestMachine(hardware, { guests: 3 });
    const { store } = test.xenstored;
    const endpoint = test.endpoint({ ringSizeBytes: 8192, clientDomids: [2] });
    let checked = false;
    test.pair(
      endpoint,
      function* () {
        const listener = store.directory(0, '/v2v/1-7-2/listener');
        const connector = store.directory(0, '/v2v/1-7-2/connector');
        assert.ok(listener.ok && connector.ok);
        assert.deepEqual([...listener.value].sort(), [
          'backend',
          'cons-evtchn',
          'cons-gref-0',
          'cons-gref-1',
          'cons-order',
          'control-gref',
          'peer-domid',
          'prod-evtchn',
          'prod-gref-0',
          'prod-gref-1',
          'prod-order',
          'state',
        ]);
        assert.deepEqual([...connector.value].sort(), ['backend', 'peer-domid', 'state']);
        const read = (domid: number, path: string): unknown => {
          const result = store.read(domid, path);
          return result.ok ? result.value : result.error;
        };
        assert.equal(read(2, '/v2v/1-7-2/listener/state'), 'connected');
        assert.equal(read(1, '/v2v/1-7-2/connector/state'), 'connected');
        assert.equal(read(2, '/v2v/1-7-2/listener/prod-order'), '1');
        assert.equal(read(3, '/v2v/1-7-2/listener/state'), 'EACCES');
        const written = store.write(2, '/v2v/1-7-2/listener/state', 'crashed');
        assert.ok(!written.ok && written.error === 'EACCES');
        checked = true;
      } as () => Process,
      function* () {} as () => Process,
    );
    test.machine.run();
    assert.ok(checked);
  });

  it('carries a stream larger than the ring, intact, in parts of any length', () => {
    const test = new TestMachine(hardware);
    const bytes = 300_000;
    let result: Uint8Array | undefined;
    test.pair(
      test.endpoint({ ringSizeBytes: 8192 }),
      function* (channel) {
        const guest = test.guest(0);
        const buffer = guest.domain.allocate(Math.ceil(bytes / 4096));
        yield* readAll(channel, buffer, bytes);
        result = guest.memory.peek(buffer, bytes);
      },
      function* (channel) {
        const guest = test.guest(1);
        const buffer = guest.domain.allocate(Math.ceil(bytes / 4096));
        guest.memory.poke(buffer, pattern(bytes));
        yield* writeAll(channel, buffer, bytes);
      },
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.deepEqual(result, pattern(bytes));
  });

  it('says what does not fit, what is full, and that the peer has gone', () => {
    const test = new TestMachine(hardware);
    const outcomes: number[] = [];
    test.pair(
      test.endpoint({ ringSizeBytes: 4096 }),
      function* (channel) {
        const buffer = test.guest(0).domain.allocate(1);
        const now = (): never => assert.fail('waited');
        outcomes.push(yield* until(() => channel.trySend(buffer, 2045), now));
        outcomes.push(yield* until(() => channel.trySend(buffer, 2044), now));
        outcomes.push(yield* until(() => channel.trySend(buffer, 2032), now));
        outcomes.push(yield* until(() => channel.trySend(buffer, 100), now, true));
        yield* channel.close();
        outcomes.push(yield* until(() => channel.trySend(buffer, 1), now));
        outcomes.push(yield* until(() => channel.read(buffer, 1), now));
      },
      function* (channel) {
        const buffer = test.guest(1).domain.allocate(1);
        // The listener waits for this side, so what it has sent is not lost.
        for (let i = 0; i < 3; i++) outcomes.push(yield* receive(channel, buffer, 4096));
        yield* channel.close();
      },
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.deepEqual(
      outcomes.sort((x, y) => x - y),
      [PEER_GONE, PEER_GONE, PEER_GONE, TOO_LARGE, WOULD_BLOCK, 2032, 2032, 2044, 2044].sort(
        (x, y) => x - y,
      ),
    );
  });

  it('can be made again after it was closed', () => {
    const test = new TestMachine(hardware);
    const endpoint = test.endpoint({ ringSizeBytes: 4096 });
    const [a, b] = [test.guest(0), test.guest(1)];
    const rounds = 3;
    let received = 0;
    test.spawn(
      a,
      'server',
      (function* () {
        const buffer = a.domain.allocate(1);
        for (let i = 0; i < rounds; i++) {
          const listening = yield* v2v.listen(a, endpoint);
          assert.ok('listener' in listening);
          const accepted = yield* listening.listener.accept();
          if (!('channel' in accepted)) assert.fail(accepted.failed);
          received += yield* receive(accepted.channel, buffer, 10);
          yield* accepted.channel.close();
        }
      })(),
    );
    test.spawn(
      b,
      'client',
      (function* () {
        const buffer = b.domain.allocate(1);
        for (let i = 0; i < rounds; i++) {
          const connected = yield* v2v.connect(b, endpoint);
          if (!('channel' in connected)) assert.fail(connected.failed);
          yield* send(connected.channel, buffer, 10);
          yield* connected.channel.close();
        }
      })(),
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.equal(received, rounds * 10);
    assert.deepEqual(test.connections(), []);
  });

  it('waits for a connector that has not let go, for a bounded time, and then says what leaks', () => {
    const test = new TestMachine(hardware);
    let leak: V2vEnd['leak'];
    let waitedPs = 0;
    let exposed = -1;
    test.pair(
      test.endpoint({ options: { closeTimeoutMs: 50 } }),
      function* (channel) {
        const { pcpu } = test.guest(0).vcpu;
        const before = pcpu.clock;
        yield* channel.close();
        waitedPs = pcpu.clock - before;
        leak = channel.leak;
        exposed = channel.pagesExposedToPeer();
      },
      function* () {
        yield* test.guest(1).vcpu.kernel.sleepUntil(500 * PS_PER_MS);
      },
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.equal(leak?.reason, 'dom2 has not disconnected within 50 ms');
    assert.equal(leak?.pages, 33);
    assert.equal(exposed, 33);
    assert.ok(waitedPs >= 50 * PS_PER_MS && waitedPs < 60 * PS_PER_MS);
  });

  it('closes when it is asked again and the connector has let go meanwhile', () => {
    const test = new TestMachine(hardware);
    const leaks: V2vEnd['leak'][] = [];
    test.pair(
      test.endpoint({ options: { closeTimeoutMs: 50 } }),
      function* (channel) {
        yield* channel.close();
        leaks.push(channel.leak);
        yield* test.guest(0).vcpu.kernel.sleepUntil(1000 * PS_PER_MS);
        yield* channel.close();
        leaks.push(channel.leak);
      },
      function* (channel) {
        yield* test.guest(1).vcpu.kernel.sleepUntil(500 * PS_PER_MS);
        yield* channel.close();
      },
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.equal(leaks[0]?.mayRetry, true);
    assert.equal(leaks[1], undefined);
    assert.equal(test.guest(0).domain.grantTable.grantedCount, 0);
    assert.deepEqual(test.connections(), []);
  });

  it('is over for the survivor when the peer is destroyed, either way round', () => {
    for (const victim of [0, 1]) {
      const test = new TestMachine(hardware);
      const survivor = test.guest(1 - victim);
      const outcomes: number[] = [];
      const behave = (index: number) =>
        function* (channel: V2vEnd): Process {
          if (index === victim) {
            yield* test.guest(victim).vcpu.kernel.sleepUntil(1000 * PS_PER_MS);
            return;
          }
          const buffer = survivor.domain.allocate(1);
          outcomes.push(yield* receive(channel, buffer, 100));
          yield* channel.close();
        };
      test.pair(test.endpoint(), behave(0), behave(1));
      test.machine.run({ timePs: 100 * PS_PER_MS });
      const { domain } = test.guest(victim);
      test.spawn(
        test.dom0,
        'toolstack',
        (function* () {
          domain.destroy();
          // The grantor's frames stay as long as the connector maps them: a zombie until it learns of it.
          assert.equal(domain.state, victim === 0 ? 'dying' : 'dead');
          test.xenstored.release(domain.domid);
        })(),
      );
      test.machine.run();
      assert.deepEqual(outcomes, [PEER_GONE]);
      assert.equal(domain.state, 'dead');
      assert.equal(survivor.domain.grantTable.grantedCount, 0);
      assert.equal(survivor.domain.grantTable.mappedCount, 0);
      assert.deepEqual(test.connections(), []);
    }
  });

  it('names the limit that stops it', () => {
    const cases = [
      // Linux has six for itself: one is left.
      { limits: { eventChannels: 7 }, limit: 'event channels' },
      { limits: { grantFrames: 0 }, limit: 'grant frames' },
      { limits: { maptrackFrames: 0 }, limit: 'maptrack frames' },
      { quotas: { nodesPerDomain: 20 }, limit: 'xenstore nodes' },
      { quotas: { watchesPerDomain: -1 }, limit: 'xenstore watches' },
    ];
    for (const { limit, ...options } of cases) {
      const test = new TestMachine(hardware, options);
      const idle = test.resources();
      const endpoint = test.endpoint();
      const failures: unknown[] = [];
      test.spawn(
        test.guest(0),
        'server',
        (function* () {
          const listening = yield* v2v.listen(test.guest(0), endpoint);
          assert.ok('listener' in listening);
          const outcome = yield* listening.listener.accept();
          if ('failed' in outcome) failures.push(outcome.limit);
        })(),
      );
      test.spawn(
        test.guest(1),
        'client',
        (function* () {
          const outcome = yield* v2v.connect(test.guest(1), endpoint);
          if ('failed' in outcome) failures.push(outcome.limit);
        })(),
      );
      test.machine.run();
      assert.ok(failures.includes(limit), `${limit}: ${JSON.stringify(failures)}`);
      const left = test.resources();
      // The one that failed has given all back. The other may wait for it for ever.
      const ended = test.guests.filter(({ vcpu }) =>
        vcpu.tasks.every(({ state }) => state === 'done'),
      );
      assert.ok(ended.length > 0);
      for (const { domid } of ended) {
        for (const kind of ['ports', 'grants', 'mappings', 'watches', 'transactions']) {
          const name = `dom${domid} ${kind}`;
          assert.equal(left[name], idle[name], `${limit}: ${name}`);
        }
      }
    }
  });

  it('serves many connectors from one listener, and tells them apart', () => {
    const clients = 5;
    const test = new TestMachine(hardware, { guests: 1 + clients });
    const endpoint = test.endpoint({ ringSizeBytes: 4096 });
    const server = test.guest(0);
    const counts = new Map<number, number>();
    const each = 20;
    let last = 0;
    test.spawn(
      server,
      'server',
      (function* () {
        const listening = yield* v2v.listen(server, endpoint);
        assert.ok('listener' in listening);
        const { listener } = listening;
        for (let i = 0; i < clients; i++) {
          const accepted = yield* listener.accept();
          if (!('channel' in accepted)) assert.fail(accepted.failed);
        }
        const buffer = server.domain.allocate(1);
        for (;;) {
          const outcome = yield* until(
            () => listener.tryReceive(buffer, 4096),
            () => listener.waitUntilReadable(),
          );
          if (outcome < 0) {
            last = outcome;
            break;
          }
          const [source] = server.memory.peek(buffer, 1) as unknown as [number];
          assert.equal(source, listener.lastSource);
          counts.set(source, (counts.get(source) ?? 0) + 1);
        }
        yield* listener.close();
      })(),
    );
    for (let i = 0; i < clients; i++) {
      const guest = test.guest(i + 1);
      test.spawn(
        guest,
        `client${i}`,
        (function* () {
          const connected = yield* v2v.connect(guest, endpoint);
          if (!('channel' in connected)) assert.fail(connected.failed);
          const buffer = guest.domain.allocate(1);
          guest.memory.poke(buffer, Uint8Array.of(i));
          for (let n = 0; n < each; n++) yield* send(connected.channel, buffer, 200 + i);
          yield* connected.channel.close();
        })(),
      );
    }
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.equal(last, PEER_GONE);
    assert.deepEqual(
      [...counts].sort(([x], [y]) => x - y),
      Array.from({ length: clients }, (_, i) => [i, each]),
    );
    assert.equal(server.domain.grantTable.grantedCount, 0);
    assert.deepEqual(test.connections(), []);
  });

  it('wakes a reader of a stream twice where that reader asks for fast receive', () => {
    const sendsPerWrite = (fastReceive: boolean): number => {
      const test = new TestMachine(hardware);
      const writes = 20;
      const count = (): number =>
        test.machine.counters.snapshot()['hypercalls']?.['evtchn_send'] ?? 0;
      let sends = 0;
      test.pair(
        test.endpoint({ options: { fastReceive } }),
        function* (channel) {
          const buffer = test.guest(0).domain.allocate(1);
          for (let i = 0; i < writes; i++) yield* readAll(channel, buffer, 64);
        },
        function* (channel) {
          const { domain, vcpu } = test.guest(1);
          const buffer = domain.allocate(1);
          for (let i = 0; i < writes; i++) {
            // The reader sleeps by then.
            yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + PS_PER_MS);
            const before = count();
            yield* writeAll(channel, buffer, 64);
            sends += count() - before;
          }
        },
      );
      test.machine.run();
      assert.deepEqual(test.stuck(), []);
      return sends / writes;
    };
    assert.equal(sendsPerWrite(true), 2);
    assert.equal(sendsPerWrite(false), 1);
  });

  it('gives the same trace for the same seed', () => {
    const digest = (): string => {
      const test = new TestMachine(hardware, { seed: 3 });
      test.pair(
        test.endpoint({ ringSizeBytes: 4096 }),
        function* (channel) {
          const buffer = test.guest(0).domain.allocate(4);
          yield* readAll(channel, buffer, 16384);
          yield* channel.close();
        },
        function* (channel) {
          const buffer = test.guest(1).domain.allocate(4);
          yield* writeAll(channel, buffer, 16384);
          yield* channel.close();
        },
      );
      test.machine.run();
      return test.machine.trace.digest();
    };
    assert.equal(digest(), digest());
  });
});
