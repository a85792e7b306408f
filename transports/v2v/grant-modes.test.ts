import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProfile } from '../../src/profiles/index.js';
import { type Profile, priceTable } from '../../src/profiles/profile.js';
import { type GrantMode, PEER_GONE } from '../../src/transport/contract.js';
import type { GuestType } from '../../src/xen/domain.js';
import type { V2vEnd } from './end.js';
import { readAll, receive, send, TestMachine, writeAll } from './test-machine.js';

const profile = findProfile('qemu-svm') as Profile;
const hardware = { features: profile.features, prices: priceTable(profile) };

interface Counts {
  readonly map: number;
  readonly unmap: number;
  readonly copy: number;
  readonly flushes: number;
  readonly invlpg: number;
  readonly shootdowns: number;
}

const TRANSFERS = 100;

/** What 100 transfers of 4 KiB do, between page-aligned buffers. */
function countTransfers(grantMode: GrantMode, type: GuestType): Counts {
  const test = new TestMachine(hardware, { type });
  const read = (): Counts => {
    const { hypercalls, tlb } = test.machine.counters.snapshot() as Record<
      string,
      Record<string, number>
    >;
    return {
      map: hypercalls?.['gnttab_map'] ?? 0,
      unmap: hypercalls?.['gnttab_unmap'] ?? 0,
      copy: hypercalls?.['gnttab_copy'] ?? 0,
      flushes: tlb?.['flushRequests'] ?? 0,
      invlpg: tlb?.['invlpg'] ?? 0,
      shootdowns: tlb?.['shootdowns'] ?? 0,
    };
  };
  let before: Counts | undefined;
  let after: Counts | undefined;
  test.pair(
    test.endpoint({ grantMode }),
    function* (channel) {
      const guest = test.guest(0);
      const buffer = guest.domain.allocate(1);
      assert.equal(yield* receive(channel, buffer, 4096), 4096);
      before = read();
      for (let i = 0; i < TRANSFERS; i++) {
        assert.equal(yield* receive(channel, buffer, 4096), 4096);
        assert.deepEqual([...guest.memory.peek(buffer, 2)], [i, 255 - i]);
      }
      after = read();
    },
    function* (channel) {
      const guest = test.guest(1);
      const buffer = guest.domain.allocate(1);
      yield* send(channel, buffer, 4096);
      for (let i = 0; i < TRANSFERS; i++) {
        guest.memory.poke(buffer, Uint8Array.of(i, 255 - i));
        yield* send(channel, buffer, 4096);
      }
    },
  );
  test.machine.run();
  assert.deepEqual(test.stuck(), []);
  const [from, to] = [before as Counts, after as Counts];
  return Object.fromEntries(
    Object.keys(to).map((name) => [name, to[name as keyof Counts] - from[name as keyof Counts]]),
  ) as unknown as Counts;
}

describe('V2V grant modes', () => {
  it('map and unmap once for each 4 KiB between PVH guests, with one flush and one INVLPG', () => {
    assert.deepEqual(countTransfers('per-transfer', 'pvh'), {
      map: TRANSFERS,
      unmap: TRANSFERS,
      copy: 0,
      flushes: TRANSFERS,
      invlpg: TRANSFERS,
      shootdowns: 0,
    });
  });

  it('copy by one operation for each 4 KiB, and flush nothing', () => {
    for (const type of ['pvh', 'pv'] as const) {
      const counts = countTransfers('copy', type);
      assert.deepEqual(counts, {
        map: 0,
        unmap: 0,
        copy: TRANSFERS,
        flushes: 0,
        invlpg: 0,
        shootdowns: 0,
      });
    }
  });

  it('do nothing of the kind while the rings stay mapped', () => {
    const counts = countTransfers('persistent', 'pvh');
    assert.deepEqual(Object.values(counts), [0, 0, 0, 0, 0, 0]);
  });

  it('carry a stream intact, in writes and reads of any length, and give all pages back', () => {
    for (const grantMode of ['per-transfer', 'copy'] as const) {
      for (const ringSizeBytes of [4096, 16384]) {
        const test = new TestMachine(hardware);
        const idle = test.resources();
        const bytes = 100_000;
        const sent = Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
        let received: Uint8Array | undefined;
        const leaks: V2vEnd['leak'][] = [];
        test.pair(
          test.endpoint({ grantMode, ringSizeBytes }),
          function* (channel) {
            const guest = test.guest(0);
            const buffer = guest.domain.allocate(25);
            for (let done = 0; done < bytes; done += 1000) {
              yield* readAll(channel, buffer + done, 1000);
            }
            received = guest.memory.peek(buffer, bytes);
            yield* channel.close();
            leaks.push(channel.leak);
          },
          function* (channel) {
            const guest = test.guest(1);
            const buffer = guest.domain.allocate(25);
            guest.memory.poke(buffer, sent);
            for (let done = 0; done < bytes; done += 12500) {
              yield* writeAll(channel, buffer + done, 12500);
            }
            // Not before the last page was answered.
            yield* channel.close();
            leaks.push(channel.leak);
          },
        );
        test.machine.run();
        assert.deepEqual(test.stuck(), []);
        assert.deepEqual(received, sent);
        assert.deepEqual(leaks, [undefined, undefined]);
        idle['frames'] = (idle['frames'] ?? 0) + 50;
        assert.deepEqual(test.resources(), idle);
      }
    }
  });

  it('carry messages both ways at once', () => {
    for (const grantMode of ['per-transfer', 'copy'] as const) {
      const test = new TestMachine(hardware);
      const rounds = 200;
      const arrived = [0, 0];
      const behave = (index: number) =>
        function* (channel: V2vEnd) {
          const { domain, memory } = test.guest(index);
          const [out, into] = [domain.allocate(2), domain.allocate(2)];
          for (let i = 0; i < rounds; i++) {
            memory.poke(out, Uint8Array.of(i, index));
            yield* send(channel, out, 3000 + i);
            assert.equal(yield* receive(channel, into, 8192), 3000 + i);
            assert.deepEqual([...memory.peek(into, 2)], [i, 1 - index]);
            arrived[index] = (arrived[index] as number) + 1;
          }
        };
      test.pair(test.endpoint({ grantMode, ringSizeBytes: 16384 }), behave(0), behave(1));
      test.machine.run();
      assert.deepEqual(test.stuck(), []);
      assert.deepEqual(arrived, [rounds, rounds]);
    }
  });

  it('never use a page again before the receiver has answered', () => {
    const test = new TestMachine(hardware);
    const exposed: number[] = [];
    test.pair(
      test.endpoint({ grantMode: 'per-transfer', ringSizeBytes: 16384 }),
      function* (channel) {
        const buffer = test.guest(0).domain.allocate(2);
        yield* test.guest(0).vcpu.kernel.sleepUntil(1e12);
        for (let i = 0; i < 9; i++) assert.equal(yield* receive(channel, buffer, 4096), 4096);
      },
      function* (channel) {
        const buffer = test.guest(1).domain.allocate(1);
        for (let i = 0; i < 9; i++) {
          yield* send(channel, buffer, 4096);
          exposed.push(channel.pagesExposedToPeer());
        }
      },
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.deepEqual(exposed.slice(0, 4), [1, 2, 3, 4]);
    assert.ok(exposed.every((pages) => pages <= 4));
  });

  it('keep what was sent readable when the sender closes at once', () => {
    for (const grantMode of ['per-transfer', 'copy'] as const) {
      for (const closer of [0, 1]) {
        const test = new TestMachine(hardware);
        const outcomes: number[] = [];
        const behave = (index: number) =>
          function* (channel: V2vEnd) {
            const { domain, vcpu } = test.guest(index);
            const buffer = domain.allocate(1);
            if (index === closer) {
              for (let i = 0; i < 5; i++) yield* send(channel, buffer, 4096);
            } else {
              yield* vcpu.kernel.sleepUntil(0.5e12);
              for (let i = 0; i < 6; i++) outcomes.push(yield* receive(channel, buffer, 4096));
            }
            yield* channel.close();
            assert.equal(channel.leak, undefined);
          };
        test.pair(test.endpoint({ grantMode }), behave(0), behave(1));
        test.machine.run();
        assert.deepEqual(test.stuck(), []);
        assert.deepEqual(outcomes, [4096, 4096, 4096, 4096, 4096, PEER_GONE]);
      }
    }
  });

  it('end the connection when the peer names a page that it has not granted', () => {
    for (const grantMode of ['per-transfer', 'copy'] as const) {
      const test = new TestMachine(hardware);
      let outcome = 0;
      test.pair(
        test.endpoint({ grantMode }),
        function* (channel) {
          const buffer = test.guest(0).domain.allocate(1);
          outcome = yield* receive(channel, buffer, 4096);
          yield* channel.close();
        },
        function* (channel) {
          const { domain } = test.guest(1);
          const buffer = domain.allocate(1);
          yield* send(channel, buffer, 4096);
          // Takes the grant back while the transfer is on its way, as no sound sender does.
          for (let reference = 0; reference < 64; reference++) domain.grantTable.end(reference);
          yield* test.guest(1).vcpu.kernel.sleepUntil(1e12);
          yield* channel.close();
        },
      );
      test.machine.run();
      assert.equal(outcome, PEER_GONE);
      assert.deepEqual(test.stuck(), []);
    }
  });
});
