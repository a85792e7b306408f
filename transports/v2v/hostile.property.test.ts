import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PS_PER_MS, PS_PER_US } from '../../src/base/units.js';
import { findProfile } from '../../src/profiles/index.js';
import { type Profile, priceTable } from '../../src/profiles/profile.js';
import { ORDER, type Process } from '../../src/sim/process.js';
import { AGAIN, type GrantMode, PEER_GONE, WOULD_BLOCK } from '../../src/transport/contract.js';
import { runs } from '../../test/property-runs.js';
import type { V2vEnd } from './end.js';
import { receive, TestMachine } from './test-machine.js';
import { MESSAGE_ANSWER, MESSAGE_TRANSFER } from './transfer-message.js';

const profile = findProfile('skylake-2017') as Profile;
const hardware = { features: profile.features, prices: priceTable(profile) };

const GUARD_BYTES = 4096;
const guard = Uint8Array.from({ length: GUARD_BYTES }, (_, i) => (i * 11) & 0xff);

/** Something that a hostile peer does: writes a word where its page tables let it write, or sends what is sound. */
interface Act {
  readonly where: 'own fields' | 'peer fields' | 'ring' | 'nothing';
  readonly offset: number;
  readonly value: number;
  readonly send: number;
  readonly pauseUs: number;
}

const value = fc.oneof(
  fc.constantFrom(0, 1, 8, 4095, 4096, 65535, 65536, 65537, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat(0xffffffff),
  // Headers that could be: any type, any size.
  fc
    .tuple(fc.constantFrom(1, 2, 3, 255), fc.nat(0xffff))
    .map(([type, size]) => type + size * 65536),
);
const act: fc.Arbitrary<Act> = fc.record({
  where: fc.constantFrom('own fields', 'peer fields', 'ring', 'nothing'),
  offset: fc.nat(15).map((word) => word * 4),
  value,
  send: fc.nat(3000),
  pauseUs: fc.nat(60),
});

/** The connector attacks the listener. Returns how the listener fared. */
function attack(grantMode: GrantMode, acts: readonly Act[]): { alive: boolean; intact: boolean } {
  const test = new TestMachine(hardware);
  const [victim, attacker] = [test.guest(0), test.guest(1)];
  const before = victim.domain.allocate(1);
  let after = 0;
  test.pair(
    test.endpoint({ grantMode, ringSizeBytes: 8192, options: { closeTimeoutMs: 5 } }),
    function* (channel) {
      after = victim.domain.allocate(1);
      for (const address of [before, after]) victim.memory.poke(address, guard);
      yield* serve(test, channel);
    },
    function* (channel) {
      const { rings } = channel['side'];
      const { localFields, remoteFields, sendRing } = rings['shape'];
      const bases = {
        'own fields': localFields,
        'peer fields': remoteFields,
        ring: sendRing.address,
      };
      const buffer = attacker.domain.allocate(1);
      for (const { where, offset, value, send, pauseUs } of acts) {
        while (attacker.isAhead()) yield ORDER;
        if (where !== 'nothing') {
          attacker.memory.poke(bases[where] + offset, new Uint8Array(Uint32Array.of(value).buffer));
        }
        for (let tries = 0; tries < 4; tries++) {
          const outcome = channel.trySend(buffer, send);
          if (outcome !== AGAIN) break;
          yield ORDER;
        }
        for (const port of channel.ports) channel['side'].device.notify(port);
        const { vcpu } = attacker;
        yield* vcpu.kernel.sleepUntil(vcpu.pcpu.clock + pauseUs * PS_PER_US);
      }
      yield* channel.close();
    },
  );
  const stopped = test.machine.run({ timePs: 200 * PS_PER_MS, events: 200_000 });
  assert.notEqual(stopped, 'event-limit');
  test.machine.settleAccounts();
  const intact = [before, after].every(
    (address) => Buffer.compare(victim.memory.peek(address, GUARD_BYTES), guard) === 0,
  );
  return { alive: victim.domain.isAlive, intact };
}

/** Sends back what comes, until the peer has gone. */
function* serve(test: TestMachine, channel: V2vEnd): Process {
  const buffer = test.guest(0).domain.allocate(2);
  for (;;) {
    const received = channel.read(buffer, 8192);
    if (received === AGAIN) yield ORDER;
    else if (received === WOULD_BLOCK) yield* channel.waitUntilReadable();
    else if (received < 0) break;
    else {
      assert.ok(received <= 8192);
      for (;;) {
        const sent = channel.write(buffer, received);
        if (sent === AGAIN) yield ORDER;
        else break;
      }
    }
  }
  const last = channel.trySend(buffer, 1);
  assert.ok(last === PEER_GONE || last === AGAIN);
  yield* channel.close();
}

describe('V2V against a hostile connector', () => {
  for (const grantMode of ['persistent', 'per-transfer', 'copy'] as const) {
    it(`keeps its memory and goes on, whatever is written (${grantMode})`, () => {
      fc.assert(
        fc.property(fc.array(act, { minLength: 1, maxLength: 30 }), (acts) => {
          assert.deepEqual(attack(grantMode, acts), { alive: true, intact: true });
        }),
        runs(40),
      );
    });
  }

  it('cannot be reached through the ring by which it sends: the peer has that for reading only', () => {
    const test = new TestMachine(hardware);
    let wrote = false;
    test.pair(
      test.endpoint(),
      function* () {},
      function* (channel) {
        const { receiveRing } = channel['side'].rings['shape'];
        assert.equal(test.guest(1).memory.peek(receiveRing.address, 4).length, 4);
        test.guest(1).memory.poke(receiveRing.address, Uint8Array.of(1));
        wrote = true;
      },
    );
    test.machine.run();
    assert.equal(wrote, false);
    assert.equal(test.guest(1).domain.state, 'crashed');
    assert.equal(test.guest(0).domain.state, 'running');
  });

  it('ends the connection at a transfer or an answer that cannot be', () => {
    const messages: readonly [string, number, readonly (readonly number[])[]][] = [
      ['more bytes than its pages hold', MESSAGE_TRANSFER, [[1 << 16, 4097, 8]]],
      ['more pages than its bytes need', MESSAGE_TRANSFER, [[2 << 16, 4096, 8, 9]]],
      ['fewer references than pages', MESSAGE_TRANSFER, [[2 << 16, 8192, 8]]],
      ['more pages than there are', MESSAGE_TRANSFER, [[3 << 16, 12288, 8, 9, 10]]],
      ['more transfers than pages', MESSAGE_TRANSFER, [0, 1, 2].map((number) => [number, 0])],
      ['an answer to nothing', MESSAGE_ANSWER, [[0]]],
      ['a type that there is not', 77, [[0]]],
    ];
    for (const [what, type, bodies] of messages) {
      const test = new TestMachine(hardware);
      let outcome = 0;
      let noticedPs = 0;
      test.pair(
        test.endpoint({ grantMode: 'per-transfer', ringSizeBytes: 8192 }),
        function* (channel) {
          const buffer = test.guest(0).domain.allocate(2);
          // All of it is there when it looks.
          yield* test.guest(0).vcpu.kernel.sleepUntil(100 * PS_PER_MS);
          outcome = yield* receive(channel, buffer, 8192);
          noticedPs = test.guest(0).vcpu.pcpu.clock;
          yield* channel.close();
        },
        function* (channel) {
          const { rings, device, sendPort } = channel['side'];
          const { domain } = test.guest(1);
          // References 8 and up: what is named can be mapped.
          const pages = domain.allocate(4);
          for (let i = 0; i < 4; i++) domain.grantTable.grant(pages + i * 4096, 1);
          for (const words of bodies) {
            const bytes = new Uint8Array(Uint32Array.from(words).buffer);
            test.guest(1).memory.poke(rings.begin(type, bytes.length), bytes);
          }
          rings.publish();
          device.notify(sendPort);
          yield* test.guest(1).vcpu.kernel.sleepUntil(500 * PS_PER_MS);
          yield* channel.close();
        },
      );
      test.machine.run();
      assert.equal(outcome, PEER_GONE, what);
      // At once, and not when the peer has closed.
      assert.ok(noticedPs < 200 * PS_PER_MS, what);
      assert.deepEqual(test.stuck(), [], what);
    }
  });
});
