import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_S } from '../../src/base/units.js';
import {
  PAIR_RING_BYTES,
  type Part,
  receive,
  runTicklessPair,
  send,
} from '../../src/transport/ideal/tickless-pair.js';
import { CAUSES, GUEST_USER, IDLE } from '../../src/xen/causes.js';
import { nullTransport } from './index.js';

const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

describe('the null transport', () => {
  it('moves bytes between the memories of two guests, and charges nobody for it', () => {
    const length = 10_000;
    let arrived: Uint8Array | undefined;
    let before: Readonly<Record<string, number>> = {};
    let tookPs = -1;
    const { machine } = runTicklessPair(
      nullTransport,
      {},
      function* (guest, channel) {
        const into = guest.domain.allocate(4) + 100;
        yield* receive(channel, into, length);
        arrived = guest.memory.peek(into, length);
      },
      function* (guest, channel) {
        const from = guest.domain.allocate(4) + 300;
        guest.memory.poke(from, pattern(length));
        before = { ...guest.machine.counters.copies };
        const startPs = guest.vcpu.pcpu.clock;
        yield* send(channel, from, length);
        tookPs = guest.vcpu.pcpu.clock - startPs;
      },
    );
    assert.deepEqual(arrived, pattern(length));
    assert.deepEqual(machine.counters.copies, before);
    assert.equal(tookPs, 0);
  });

  it('polls a nanosecond a look while it waits, and never sleeps', () => {
    let waitedPs = 0;
    const attribution: number[] = [];
    const waits: Part = function* (guest, channel) {
      const into = guest.domain.allocate(1);
      yield* receive(channel, into, 1);
      const { pcpu } = guest.vcpu;
      const startPs = pcpu.clock;
      const spent = [...pcpu.attribution];
      yield* receive(channel, into, 1);
      waitedPs = pcpu.clock - startPs;
      attribution.push(...pcpu.attribution.map((ps, cause) => ps - (spent[cause] as number)));
    };
    runTicklessPair(nullTransport, {}, waits, function* (guest, channel) {
      const from = guest.domain.allocate(1);
      yield* send(channel, from, 1);
      yield* guest.vcpu.kernel.sleepUntil(guest.vcpu.pcpu.clock + 5_000_500);
      yield* send(channel, from, 1);
    });
    assert.ok(waitedPs >= 5_000_500 && waitedPs < 6_000_000, String(waitedPs));
    assert.equal(waitedPs % 1000, 0);
    assert.equal(attribution[GUEST_USER], waitedPs, 'all of the time went into looking');
    assert.equal(attribution.length, CAUSES.length);
  });

  it('blocks after a second in vain, and is woken by what comes then', () => {
    let waitedPs = 0;
    let idlePs = 0;
    runTicklessPair(
      nullTransport,
      {},
      function* (guest, channel) {
        const { pcpu } = guest.vcpu;
        const startPs = pcpu.clock;
        yield* receive(channel, guest.domain.allocate(1), 1);
        waitedPs = pcpu.clock - startPs;
        idlePs = pcpu.attribution[IDLE] as number;
      },
      function* (guest, channel) {
        yield* guest.vcpu.kernel.sleepUntil(guest.vcpu.pcpu.clock + 3 * PS_PER_S);
        yield* send(channel, guest.domain.allocate(1), 1);
      },
    );
    assert.ok(waitedPs > 2.99 * PS_PER_S && waitedPs < 3.01 * PS_PER_S, String(waitedPs));
    assert.ok(idlePs > 1.9 * PS_PER_S, 'it slept for the rest');
  });

  it('queues as many bytes as the ring size that was asked for', () => {
    assert.deepEqual(nullTransport.ringSize(65_472), { bytes: 65_472 });
    assert.ok('refused' in nullTransport.ringSize(65 * PAIR_RING_BYTES));
    assert.equal(nullTransport.capabilities.comparable, false);
  });
});
