import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_NS } from '../../src/base/units.js';
import type { Endpoint } from '../../src/transport/contract.js';
import { receive, runTicklessPair, send } from '../../src/transport/ideal/tickless-pair.js';
import { CAUSES } from '../../src/xen/causes.js';
import { analytic } from './index.js';

/** Round-trip times of so many bytes, in picoseconds. */
function roundTrips(options: Endpoint['options'], length: number): number[] {
  const took: number[] = [];
  runTicklessPair(
    analytic,
    options,
    function* (guest, channel) {
      const buffer = guest.domain.allocate(4);
      for (let i = 0; i < 20; i++) {
        yield* receive(channel, buffer, length);
        yield* send(channel, buffer, length);
      }
    },
    function* (guest, channel) {
      const buffer = guest.domain.allocate(4);
      for (let i = 0; i < 20; i++) {
        const startPs = guest.vcpu.pcpu.clock;
        yield* send(channel, buffer, length);
        yield* receive(channel, buffer, length);
        took.push(guest.vcpu.pcpu.clock - startPs);
      }
    },
  );
  return took;
}

describe('the analytic transport', () => {
  it('takes exactly 2 (latency + n * time a byte) for a round trip', () => {
    for (const [latencyNs, nsPerByte] of [
      [1000, 0.1],
      [0, 1],
      [1, 0],
      [12_345, 0.125],
      [1e6, 3],
    ] as const) {
      for (const length of [1, 64, 4096, 10_000]) {
        const expected = 2 * (latencyNs * PS_PER_NS + Math.round(length * nsPerByte * PS_PER_NS));
        const took = roundTrips({ latencyNs, nsPerByte }, length);
        assert.deepEqual(took, new Array(20).fill(expected), `${latencyNs} ${nsPerByte} ${length}`);
      }
    }
  });

  it('streams at exactly one byte in the time of a byte', () => {
    const arrivedPs: number[] = [];
    const length = 4000;
    const installation = runTicklessPair(
      analytic,
      { latencyNs: 5000, nsPerByte: 0.25 },
      function* (guest, channel) {
        const buffer = guest.domain.allocate(1);
        for (let i = 0; i < 2000; i++) {
          yield* receive(channel, buffer, length);
          arrivedPs.push(guest.vcpu.pcpu.clock);
        }
      },
      function* (guest, channel) {
        const buffer = guest.domain.allocate(1);
        for (let i = 0; i < 2000; i++) yield* send(channel, buffer, length);
      },
    );
    const elapsedPs = (arrivedPs.at(-1) as number) - (arrivedPs[0] as number);
    assert.equal(elapsedPs, 1999 * length * 0.25 * PS_PER_NS);
    // The receiver did nothing but wait meanwhile.
    const receiver = installation.guest(0).vcpu.pcpu;
    const idlePs = receiver.attribution[CAUSES.indexOf('idle')] as number;
    assert.ok(idlePs > elapsedPs);
    assert.equal(receiver.attribution[CAUSES.indexOf('guest-user')], 0);
  });

  it('lets a small ring bound what is on its way', () => {
    // 1 us there, and the room is back at once: a ring that holds one message carries one a microsecond.
    const arrivedPs: number[] = [];
    const length = 1 << 20;
    runTicklessPair(
      analytic,
      { latencyNs: 1000, nsPerByte: 0 },
      function* (guest, channel) {
        const buffer = guest.domain.allocate(256);
        for (let i = 0; i < 10; i++) {
          yield* receive(channel, buffer, length);
          arrivedPs.push(guest.vcpu.pcpu.clock);
        }
      },
      function* (guest, channel) {
        const buffer = guest.domain.allocate(256);
        for (let i = 0; i < 10; i++) yield* send(channel, buffer, length);
      },
    );
    const gaps = arrivedPs.slice(1).map((ps, i) => ps - (arrivedPs[i] as number));
    // The sender sees the room at its next look, a picosecond later.
    for (const gap of gaps) assert.ok(gap >= 1_000_000 && gap <= 1_000_001, String(gap));
  });
});
