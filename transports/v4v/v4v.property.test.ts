import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { largestPayload } from '../../src/ring/wrapped-offset-ring.js';
import { ORDER, type Process } from '../../src/sim/process.js';
import {
  AGAIN,
  type Channel,
  type Endpoint,
  PEER_GONE,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { runs } from '../../test/property-runs.js';
import { v4v } from './index.js';
import { sampleGuests } from './sample-machine.js';

/** Whatever is sent, however the two sides are timed: it arrives, in order, and nobody waits for ever. */

const slots = fc.integer({ min: 3, max: 300 });
const circumstances = fc.record({
  ringSizeBytes: slots.map((count) => count * 16),
  notifyPolicy: fc.constantFrom('when-full', 'every-drain'),
  placement: fc.constantFrom('own' as const, 'shared' as const),
  types: fc.constantFrom(
    ['pvh', 'pvh'] as const,
    ['pv', 'pv'] as const,
    ['pv', 'pvh'] as const,
    ['pvh', 'pv'] as const,
  ),
  seed: fc.nat(1000),
  /** Which side is slow decides how full the ring is. */
  vmexit: fc.constantFrom(1, 1000, 1_000_000),
  upcall: fc.constantFrom(1, 1000, 1_000_000),
  coalesceBytes: fc.constantFrom(0, 0, 100, 1000),
});
type Circumstances = typeof circumstances extends fc.Arbitrary<infer T> ? T : never;

/** Pauses of each side, in nanoseconds, used over and over. */
const pauses = fc.array(fc.constantFrom(0, 0, 0, 50, 5000, 200_000), {
  minLength: 1,
  maxLength: 7,
});

function* until(operation: () => number, wait: () => Process<void>): Process<number> {
  for (;;) {
    const outcome = operation();
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* wait();
    else return outcome;
  }
}

function* pause(guest: Guest, lengths: readonly number[], index: number): Process<void> {
  const ns = lengths[index % lengths.length] as number;
  if (ns > 0) yield* guest.vcpu.kernel.sleepUntil(guest.vcpu.pcpu.clock + ns * 1000);
}

function byteOf(index: number): number {
  return (index * 131 + (index >> 8) * 17) & 0xff;
}

function pattern(from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = byteOf(from + i);
  return bytes;
}

/** Connects two guests and lets each do its part with its end. Both must come to their ends. */
function between(
  given: Circumstances,
  server: (channel: Channel, guest: Guest) => Process<void>,
  client: (channel: Channel, guest: Guest) => Process<void>,
): void {
  const { ringSizeBytes, notifyPolicy, coalesceBytes, placement, types, seed } = given;
  const installation = sampleGuests([...types], {
    placement,
    seed,
    prices: { vmexit: given.vmexit, upcall: given.upcall },
    features: { schedulerRatelimitUs: 1, schedulerTimesliceUs: 5 },
  });
  const [first, second] = installation.guests as [Guest, Guest];
  const at: Endpoint = {
    port: 9,
    serverDomid: first.domid,
    clientDomids: [second.domid],
    ringSizeBytes,
    grantMode: 'persistent',
    options: { notifyPolicy, coalesceBytes },
  };
  let ends = 0;
  first.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const listening = yield* v4v.listen(first, at);
      assert.ok('listener' in listening);
      const accepted = yield* listening.listener.accept();
      assert.ok('channel' in accepted);
      yield* server(accepted.channel, first);
      yield* accepted.channel.close();
      ends++;
    })(),
  );
  second.vcpu.spawn(
    'client',
    (function* (): Process<void> {
      const connected = yield* v4v.connect(second, at);
      assert.ok('channel' in connected);
      yield* client(connected.channel, second);
      yield* connected.channel.close();
      ends++;
    })(),
  );
  const reason = installation.machine.run({ events: 3_000_000 });
  assert.equal(ends, 2, `${reason}: ${installation.whoWaits().join('; ')}`);
  installation.machine.settleAccounts();
}

test('property: whole messages of any sizes arrive, however the sides are timed', () => {
  fc.assert(
    fc.property(
      circumstances,
      fc.array(fc.nat(6000), { minLength: 1, maxLength: 60 }),
      pauses,
      pauses,
      (given, wanted, senderPauses, receiverPauses) => {
        const largest = largestPayload(given.ringSizeBytes);
        const sizes = wanted.map((size) => size % (largest + 1));
        between(
          given,
          function* (channel, guest) {
            const into = guest.domain.allocate(2);
            for (const [i, size] of sizes.entries()) {
              yield* pause(guest, receiverPauses, i);
              const outcome = yield* until(
                () => channel.tryReceive(into, 8192),
                () => channel.waitUntilReadable(),
              );
              assert.equal(outcome, size);
              assert.deepEqual(guest.memory.peek(into, size), pattern(i, size));
            }
            const last = yield* until(
              () => channel.tryReceive(into, 8192),
              () => channel.waitUntilReadable(),
            );
            assert.equal(last, PEER_GONE);
          },
          function* (channel, guest) {
            const from = guest.domain.allocate(2);
            for (const [i, size] of sizes.entries()) {
              yield* pause(guest, senderPauses, i);
              guest.memory.poke(from, pattern(i, size));
              const outcome = yield* until(
                () => channel.trySend(from, size),
                () => channel.waitUntilWritable(),
              );
              assert.equal(outcome, size);
            }
          },
        );
      },
    ),
    runs(30),
  );
});

test('property: a stream of any writes is read in any pieces', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(
      circumstances,
      lengths,
      lengths,
      pauses,
      pauses,
      (given, writes, reads, writerPauses, readerPauses) => {
        const total = writes.reduce((sum, length) => sum + length, 0);
        between(
          given,
          function* (channel, guest) {
            const into = guest.domain.allocate(3);
            for (let received = 0, i = 0; received < total; i++) {
              yield* pause(guest, readerPauses, i);
              const most = Math.min(reads[i % reads.length] as number, total - received);
              const outcome = yield* until(
                () => channel.read(into, most),
                () => channel.waitUntilReadable(),
              );
              assert.ok(outcome > 0 && outcome <= most);
              assert.deepEqual(guest.memory.peek(into, outcome), pattern(received, outcome));
              received += outcome;
            }
          },
          function* (channel, guest) {
            const from = guest.domain.allocate(3);
            let sent = 0;
            for (const [i, length] of writes.entries()) {
              yield* pause(guest, writerPauses, i);
              guest.memory.poke(from, pattern(sent, length));
              let done = 0;
              while (done < length) {
                const outcome = yield* until(
                  () => channel.write(from + done, length - done),
                  () => channel.waitUntilWritable(),
                );
                assert.ok(outcome > 0);
                done += outcome;
              }
              sent += length;
            }
          },
        );
      },
    ),
    runs(30),
  );
});

test('property: both directions at once in one task each, through rings that fill', () => {
  fc.assert(
    fc.property(
      circumstances,
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 0, max: 4000 }),
      pauses,
      pauses,
      (given, each, wanted, serverPauses, clientPauses) => {
        const size = wanted % (largestPayload(given.ringSizeBytes) + 1);
        const exchange = (lengths: readonly number[]) =>
          function* (channel: Channel, guest: Guest): Process<void> {
            const from = guest.domain.allocate(1);
            const into = guest.domain.allocate(1);
            let sent = 0;
            let received = 0;
            while (sent < each || received < each) {
              yield* pause(guest, lengths, sent + received);
              let isBlocked = true;
              if (sent < each) {
                guest.memory.poke(from, pattern(sent, size));
                const outcome = yield* now(() => channel.trySend(from, size));
                if (outcome === size) {
                  sent++;
                  isBlocked = false;
                } else assert.equal(outcome, WOULD_BLOCK);
              }
              if (received < each) {
                const outcome = yield* now(() => channel.tryReceive(into, 4096));
                if (outcome === size) {
                  assert.deepEqual(guest.memory.peek(into, size), pattern(received, size));
                  received++;
                  isBlocked = false;
                } else assert.equal(outcome, WOULD_BLOCK);
              }
              if (isBlocked) yield* channel.waitUntilReady();
            }
          };
        between(given, exchange(serverPauses), exchange(clientPauses));
      },
    ),
    runs(30),
  );
});

/** An operation's outcome without waiting for anything but the turn. */
function* now(operation: () => number): Process<number> {
  for (;;) {
    const outcome = operation();
    if (outcome !== AGAIN) return outcome;
    yield ORDER;
  }
}

test('property: a sender that dies at any moment leaves a prefix, and a ring that works', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 400_000 }),
      fc.integer({ min: 3, max: 100 }).map((count) => count * 16),
      fc.nat(2000),
      fc.boolean(),
      (afterNs, ringSizeBytes, wanted, isDestroyed) => {
        const size = Math.max(1, wanted % (largestPayload(ringSizeBytes) + 1));
        const installation = sampleGuests(['pvh', 'pvh', 'pvh']);
        const { machine } = installation;
        const [server, victim, other] = installation.guests as [Guest, Guest, Guest];
        const at: Endpoint = {
          port: 9,
          serverDomid: server.domid,
          clientDomids: [other.domid, victim.domid],
          ringSizeBytes,
          grantMode: 'persistent',
          options: {},
        };
        const counts = [0, 0];
        server.vcpu.spawn(
          'server',
          (function* (): Process<void> {
            const listening = yield* v4v.listen(server, at);
            assert.ok('listener' in listening);
            const { listener } = listening;
            for (let i = 0; i < 2; i++) assert.ok('channel' in (yield* listener.accept()));
            const into = server.domain.allocate(1);
            for (;;) {
              const outcome = yield* until(
                () => listener.tryReceive(into, 4096),
                () => listener.waitUntilReadable(),
              );
              if (outcome < 0) return;
              const source = listener.lastSource;
              assert.equal(outcome, size);
              const index = counts[source] as number;
              assert.deepEqual(server.memory.peek(into, size), pattern(index, size));
              counts[source] = index + 1;
            }
          })(),
        );
        for (const [guest, messages] of [
          [victim, 1_000_000],
          [other, 200],
        ] as const) {
          guest.vcpu.spawn(
            'client',
            (function* (): Process<void> {
              const connected = yield* v4v.connect(guest, at);
              assert.ok('channel' in connected);
              const from = guest.domain.allocate(1);
              for (let i = 0; i < messages; i++) {
                guest.memory.poke(from, pattern(i, size));
                yield* until(
                  () => connected.channel.trySend(from, size),
                  () => connected.channel.waitUntilWritable(),
                );
              }
            })(),
          );
        }
        machine.run({ timePs: 50_000_000 + afterNs * 1000 });
        victim.domain.crash('test');
        if (isDestroyed) victim.domain.destroy();
        machine.run({ events: 3_000_000 });
        machine.settleAccounts();
        const [others] = counts;
        assert.ok(
          others === 200 || others === 0,
          `${others} ${installation.whoWaits().join('; ')}`,
        );
      },
    ),
    runs(15),
  );
});
