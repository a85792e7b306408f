import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProfile } from '../../src/profiles/index.js';
import { type Profile, priceTable } from '../../src/profiles/profile.js';
import {
  CONS,
  HEADER_BYTES,
  headerWord,
  MESSAGE_DATA,
  MESSAGE_PAD,
  messageBytes,
  PROD,
  SPIN_LIMIT,
  SUPPLICANT_FIELDS,
  TEMPLE_FIELDS,
} from './layout.js';
import { BROKEN, EMPTY, SPIN } from './message-ring.js';
import { ringPair } from './test-machine.js';

const profile = findProfile('skylake-2017') as Profile;
const hardware = { features: profile.features, prices: priceTable(profile) };

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

describe('V2V message rings', () => {
  it('take a message that would touch the end to the start, behind a PAD', () => {
    const { guest, sender, receiver, ring } = ringPair(hardware, 4096);
    for (const length of [2000, 1500]) {
      assert.ok(sender.hasRoomFor(length));
      sender.begin(MESSAGE_DATA, length);
      sender.publish();
      assert.equal(receiver.next(), length);
      receiver.consume();
      receiver.release();
    }
    const before = messageBytes(2000) + messageBytes(1500);
    assert.ok(sender.hasRoomFor(1000));
    assert.equal(sender.begin(MESSAGE_DATA, 1000), ring + HEADER_BYTES);
    const pad = guest.memory.peek(ring + before, 4);
    assert.deepEqual([...pad], [MESSAGE_PAD, 0, (4096 - before) & 0xff, (4096 - before) >> 8]);
    sender.publish();
    assert.equal(receiver.next(), 1000);
    assert.equal(receiver.payloadAddress, ring + HEADER_BYTES);
  });

  it('read indexes that cannot be as nothing there and no room', () => {
    const { guest, sender, receiver, control } = ringPair(hardware, 4096);
    const nonsense = new Uint8Array(Uint32Array.of(5000).buffer);
    guest.memory.poke(control + TEMPLE_FIELDS + PROD, nonsense);
    assert.equal(receiver.next(), EMPTY);
    guest.memory.poke(control + SUPPLICANT_FIELDS + CONS, nonsense);
    assert.equal(sender.streamRoom(), 0);
    assert.equal(sender.hasRoomFor(8), false);
  });

  it('take no event where the receiver is awake, and one where it has gone to sleep', () => {
    const { sender, receiver } = ringPair(hardware, 4096);
    const sendOne = (): boolean => {
      sender.begin(MESSAGE_DATA, 8);
      return sender.publish();
    };
    assert.equal(sendOne(), true);
    assert.equal(sendOne(), false);
    assert.equal(receiver.next(), 8);
    receiver.consume();
    assert.equal(sendOne(), false);
    for (let i = 0; i < 2; i++) {
      assert.equal(receiver.next(), 8);
      receiver.consume();
    }
    // It has not looked again: no event yet.
    assert.equal(sendOne(), false);
    assert.equal(receiver.next(), 8);
    receiver.consume();
    assert.equal(receiver.next(), EMPTY);
    assert.equal(sendOne(), true);
  });

  it('let a receiver that was woken early poll, and spare it the second event', () => {
    const { sender, receiver } = ringPair(hardware, 4096);
    assert.equal(receiver.next(), EMPTY);
    receiver.setWaiting(true);
    assert.equal(sender.peerIsWaiting(), true);
    sender.begin(MESSAGE_DATA, 100);
    assert.equal(sender.announce(), true);
    // Said once, and enough.
    assert.equal(sender.announce(), false);
    assert.equal(receiver.next(), SPIN);
    assert.equal(sender.publish(), false);
    assert.equal(receiver.next(), 100);
    receiver.consume();
    receiver.release();
    assert.equal(receiver.next(), EMPTY);
    sender.begin(MESSAGE_DATA, 100);
    assert.equal(sender.announce(), true);
    // This time it is still asleep when the message is there.
    assert.equal(sender.publish(), true);
  });

  it('stop polling for a producer that never comes', () => {
    const { guest, sender, receiver } = ringPair(hardware, 4096);
    sender.begin(MESSAGE_DATA, 100);
    assert.equal(sender.announce(), true);
    const before = guest.vcpu.pcpu.clock;
    let found = receiver.next();
    while (found === SPIN) found = receiver.next();
    assert.equal(found, EMPTY);
    const polledPs = guest.vcpu.pcpu.clock - before;
    assert.ok(polledPs >= SPIN_LIMIT * 1000 && polledPs < SPIN_LIMIT * 1000 + 1e6);
  });

  it('give up a ring whose headers cannot be', () => {
    const hostile: readonly [string, number][] = [
      ['smaller than a header', 0],
      ['beyond what was produced', headerWord(MESSAGE_DATA, 100)],
      ['beyond the end of the ring', headerWord(MESSAGE_DATA, 60_000)],
    ];
    for (const [what, header] of hostile) {
      const { guest, receiver, control, ring } = ringPair(hardware, 4096);
      guest.memory.poke(ring, words(header));
      guest.memory.poke(control + TEMPLE_FIELDS + PROD, words(16));
      assert.equal(receiver.next(), BROKEN, what);
    }
  });
});
