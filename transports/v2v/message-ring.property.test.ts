import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findProfile } from '../../src/profiles/index.js';
import { type Profile, priceTable } from '../../src/profiles/profile.js';
import { runs } from '../../test/property-runs.js';
import { largestPayload, MESSAGE_DATA, SUPPLICANT_FIELDS, TEMPLE_FIELDS } from './layout.js';
import { BROKEN, EMPTY } from './message-ring.js';
import { ringPair } from './test-machine.js';

const profile = findProfile('skylake-2017') as Profile;
const hardware = { features: profile.features, prices: priceTable(profile) };

function payloadOf(number: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (number * 31 + i * 7) & 0xff);
}

describe('V2V message rings', () => {
  it('deliver any sequence of messages in order and intact, whatever is read when', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.nat(largestPayload(4096)).map((length) => ({ length })) },
        { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }).map((reads) => ({ reads })) },
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const { guest, sender, receiver } = ringPair(hardware, 4096);
        const onTheWay: Uint8Array[] = [];
        let number = 0;
        let asleep = true;
        const receiveOne = (): void => {
          const expected = onTheWay.shift();
          const length = receiver.next();
          if (expected === undefined) {
            assert.equal(length, EMPTY);
            asleep = true;
            return;
          }
          assert.equal(length, expected.length);
          assert.deepEqual(guest.memory.peek(receiver.payloadAddress, length), expected);
          receiver.consume();
          receiver.release();
          asleep = false;
        };
        for (const step of sequence) {
          if ('reads' in step) {
            for (let i = 0; i < step.reads; i++) receiveOne();
          } else if (sender.hasRoomFor(step.length)) {
            const payload = payloadOf(number++, step.length);
            guest.memory.poke(sender.begin(MESSAGE_DATA, step.length), payload);
            onTheWay.push(payload);
            const event = sender.publish();
            // Who has found the ring empty is told, and who has not is left in peace.
            assert.equal(event, asleep);
            asleep = false;
          } else {
            // There is room in an empty ring for each message that the ring promises to take.
            assert.ok(onTheWay.length > 0);
          }
        }
        while (onTheWay.length > 0) receiveOne();
        receiveOne();
      }),
      runs(300),
    );
  });

  it('carry a stream in pieces that need no PAD but the last 8 bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 40 }), (writes) => {
        const { guest, sender, receiver } = ringPair(hardware, 4096);
        for (const length of writes) {
          let left = length;
          while (left > 0) {
            const room = sender.streamRoom();
            if (room === 0) {
              const found = receiver.next();
              assert.ok(found > 0, 'no room in an empty ring');
              receiver.consume();
              // The sender has found no room, so it is told of the first that comes.
              assert.equal(receiver.release(), true);
              continue;
            }
            const piece = Math.min(left, room);
            guest.memory.poke(sender.begin(MESSAGE_DATA, piece), payloadOf(left, piece));
            sender.publish();
            left -= piece;
          }
        }
      }),
      runs(200),
    );
  });

  it('never read or write outside the ring, and always end, whatever the peer writes', () => {
    const word = fc.oneof(
      fc.constantFrom(0, 1, 7, 8, 4088, 4095, 4096, 4097, 0x7fffffff, 0x80000000, 0xffffffff),
      fc.nat(0xffffffff),
    );
    const endpoint = fc.array(word, { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(
        endpoint,
        fc.array(word, { maxLength: 64 }),
        fc.nat(5000),
        (fields, junk, length) => {
          const { guest, sender, receiver, control, ring } = ringPair(hardware, 4096);
          guest.memory.poke(ring, new Uint8Array(Uint32Array.from(junk).buffer));
          // As seen by the receiver, the hostile side is the sender, and the other way round.
          for (const base of [TEMPLE_FIELDS, SUPPLICANT_FIELDS]) {
            guest.memory.poke(control + base, new Uint8Array(Uint32Array.from(fields).buffer));
          }
          let found = 0;
          for (let i = 0; i < 3000 && found !== EMPTY && found !== BROKEN; i++) {
            found = receiver.next();
            if (found < 0) continue;
            const end = receiver.payloadAddress + found;
            assert.ok(receiver.payloadAddress >= ring && end <= ring + 4096);
            receiver.consume();
            receiver.release();
          }
          assert.ok(found === EMPTY || found === BROKEN, `went on with ${found}`);
          if (length <= largestPayload(4096) && sender.hasRoomFor(length)) {
            const address = sender.begin(MESSAGE_DATA, length);
            assert.ok(address >= ring && address + length <= ring + 4096);
          }
          const room = sender.streamRoom();
          if (room > 0) {
            const address = sender.begin(MESSAGE_DATA, room);
            assert.ok(address >= ring && address + room <= ring + 4096);
          }
        },
      ),
      runs(500),
    );
  });
});
