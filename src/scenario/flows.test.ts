import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BLOCKED, ORDER, type Process } from '../sim/process.js';
import { AGAIN, type Channel, PEER_GONE, WOULD_BLOCK } from '../transport/contract.js';
import { Guest } from '../transport/guest.js';
import { addDomain, sampleMachine } from '../xen/sample-machine.js';
import type { XenstoreConnection } from '../xen/xenstore/xenstored.js';
import { writeStream } from './flows.js';
import { Payload } from './payload.js';
import type { World } from './world.js';

const MESSAGE = 64;

/** Writes so many bytes through a channel that answers each write as told, then takes all. What happened, in words. */
function written(totalBytes: number, outcomes: number[], messagesInBuffer = 1) {
  const domain = addDomain(sampleMachine({ pcpus: 1 }));
  const guest = new Guest(domain, undefined as unknown as XenstoreConnection);
  const payload = new Payload(1, MESSAGE, messagesInBuffer * MESSAGE);
  const buffer = payload.place(guest);
  const steps: string[] = [];
  const channel = {
    write(address: number, length: number): number {
      const outcome = outcomes.shift() ?? length;
      const at = address - buffer;
      const number =
        domain.machine.memory.words[domain.space.translate(address - (at % MESSAGE), false) >> 2];
      steps.push(`${number} ${at}+${length}: ${outcome}`);
      return outcome;
    },
    *waitUntilWritable(): Process<void> {
      yield BLOCKED;
    },
  } as unknown as Channel;
  const failures: string[] = [];
  const world = { fail: (reason: string) => void failures.push(reason) } as unknown as World;
  const onFull = (): void => void steps.push('full');
  const process = writeStream(world, guest, channel, payload, buffer, totalBytes, { onFull });
  for (;;) {
    const { value, done } = process.next();
    if (done === true) return { ok: value, steps, failures };
    steps.push(value === ORDER ? 'order' : 'wait');
  }
}

describe('writeStream', () => {
  it('numbers each message, and goes on in one that was taken in parts, whatever comes between', () => {
    const { ok, steps } = written(3 * MESSAGE, [64, AGAIN, 40, AGAIN, WOULD_BLOCK, 10]);
    assert.equal(ok, true);
    assert.deepEqual(steps, [
      '0 0+64: 64',
      `1 0+64: ${AGAIN}`,
      'order',
      '1 0+64: 40',
      `1 40+24: ${AGAIN}`,
      'order',
      `1 40+24: ${WOULD_BLOCK}`,
      'full',
      'wait',
      '1 40+24: 10',
      '1 50+14: 14',
      '2 0+64: 64',
      'full',
    ]);
  });

  it('ends with a shorter message where the bytes are no multiple, also in parts', () => {
    const { ok, steps } = written(MESSAGE + 20, [64, WOULD_BLOCK, 5]);
    assert.equal(ok, true);
    assert.deepEqual(steps, [
      '0 0+64: 64',
      `1 0+20: ${WOULD_BLOCK}`,
      'full',
      'wait',
      '1 0+20: 5',
      '1 5+15: 15',
      'full',
    ]);
  });

  it('walks a buffer of several messages from start to end and again', () => {
    const { steps } = written(3 * MESSAGE, [], 2);
    assert.deepEqual(steps, ['0 0+64: 64', '1 64+64: 64', '2 0+64: 64', 'full']);
  });

  it('says which message failed', () => {
    const { ok, failures } = written(3 * MESSAGE, [64, 10, PEER_GONE]);
    assert.equal(ok, false);
    assert.match(failures.join(), /^write number 1 failed: /);
  });
});
