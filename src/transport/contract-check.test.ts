import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvariantViolation } from '../base/errors.js';
import { BLOCKED, ORDER, type Process, type Wait } from '../sim/process.js';
import { testHardware } from './conformance/setting.js';
import {
  AGAIN,
  type Channel,
  type Endpoint,
  type Listener,
  PEER_GONE,
  TOO_LARGE,
  type TransportDriver,
  WOULD_BLOCK,
} from './contract.js';
import { checkedDriver } from './contract-check.js';
import type { Guest } from './guest.js';
import { Installation } from './installation.js';

const RING_BYTES = 1024;

function install(): Installation {
  return new Installation({
    hardware: testHardware('ept'),
    guests: [
      { name: 'server', type: 'pvh' },
      { name: 'client', type: 'pvh' },
    ],
    placement: 'own',
    limits: 'default',
    seed: 1,
  });
}

function* done(): Process<void> {}

/** A channel that does everything at once, but for what a test changes. */
function channelWith(faults: Partial<Channel>): Channel {
  return {
    ringSizeBytes: RING_BYTES,
    trySend: (_, length) => length,
    tryReceive: (_, length) => length,
    write: (_, length) => length,
    read: (_, length) => length,
    waitUntilWritable: done,
    waitUntilReadable: done,
    waitUntilReady: done,
    pagesExposedToPeer: () => 0,
    close: done,
    ...faults,
  };
}

function driverWith(
  channel: Partial<Channel>,
  faults: Partial<TransportDriver> = {},
  listener: Partial<Listener> = {},
): TransportDriver {
  return {
    name: 'fake',
    capabilities: {
      summary: 'does nothing',
      framing: 'both',
      dataPath: 'none',
      usesXenstore: false,
      usesBroker: false,
      grantModes: ['persistent'],
      sharedFields: [],
      comparable: false,
    },
    ringSize: () => ({ bytes: RING_BYTES }),
    largestMessage: (bytes) => bytes - 24,
    *listen() {
      return {
        listener: {
          lastSource: 0,
          *accept() {
            return { channel: channelWith(channel) };
          },
          tryReceive: (_, length) => length,
          waitUntilReadable: done,
          close: done,
          ...listener,
        },
      };
    },
    *connect() {
      return { channel: channelWith(channel) };
    },
    settings: {},
    ...faults,
  };
}

function endpointOf(guest: Guest): Endpoint {
  return {
    port: 1,
    serverDomid: guest.domid,
    clientDomids: [2],
    ringSizeBytes: RING_BYTES,
    grantMode: 'persistent',
    options: {},
  };
}

/** Carries out a process that need not wait. */
function finish<T>(process: Process<T>): T {
  const step = process.next();
  assert.equal(step.done, true);
  return step.value as T;
}

function connect(faults: Partial<Channel>): Channel {
  const guest = install().guest(0);
  const outcome = finish(checkedDriver(driverWith(faults)).connect(guest, endpointOf(guest)));
  assert('channel' in outcome);
  return outcome.channel;
}

function violates(body: () => unknown, fault: RegExp): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof InvariantViolation, String(error));
    assert.match(error.message, fault);
    return true;
  });
}

describe('the contract check', () => {
  it('lets a driver pass that keeps the contract', () => {
    const channel = connect({ write: (_, length) => Math.ceil(length / 2), read: () => 1 });
    assert.equal(channel.trySend(4096, 1000), 1000);
    assert.equal(channel.tryReceive(4096, 7), 7);
    assert.equal(channel.write(4096, 100), 50);
    assert.equal(channel.read(4096, 100), 1);
    assert.equal(channel.ringSizeBytes, RING_BYTES);
    assert.equal(channel.pagesExposedToPeer(), 0);
    finish(channel.waitUntilReady());
    finish(channel.close());
    finish(channel.close());
  });

  it('names driver, function and fault, and has the values', () => {
    const channel = connect({ trySend: (_, length) => length - 1 });
    assert.throws(
      () => channel.trySend(4096, 10),
      (error) => {
        assert.ok(error instanceof InvariantViolation);
        assert.equal(
          error.message,
          'fake: trySend returned a number of bytes other than the length (outcome=9 length=10)',
        );
        assert.deepEqual(error.values, { outcome: 9, length: 10 });
        return true;
      },
    );
  });

  it('refuses numbers of bytes that cannot be', () => {
    const other = /returned a number of bytes other than the length/;
    const range = /returned a number of bytes that is not from 1 to the length/;
    violates(() => connect({ trySend: () => 0 }).trySend(4096, 10), other);
    violates(() => connect({ tryReceive: () => 11 }).tryReceive(4096, 10), other);
    violates(() => connect({ write: () => 0 }).write(4096, 10), range);
    violates(() => connect({ write: () => 11 }).write(4096, 10), range);
    violates(() => connect({ read: () => 1.5 }).read(4096, 10), range);
  });

  it('refuses outcomes that the function does not have', () => {
    violates(() => connect({ trySend: () => -7 }).trySend(4096, 10), /returned what it may not/);
    violates(
      () => connect({ write: () => TOO_LARGE }).write(4096, 4096),
      /write returned what it may not \(outcome=too-large/,
    );
    violates(
      () => connect({ trySend: () => TOO_LARGE }).trySend(4096, 1000),
      /trySend returned what it may not \(outcome=too-large/,
    );
    assert.equal(connect({ trySend: () => TOO_LARGE }).trySend(4096, 1001), TOO_LARGE);
  });

  it('refuses bytes after peer-gone', () => {
    let outcome = PEER_GONE;
    const channel = connect({ read: () => outcome });
    assert.equal(channel.read(4096, 10), PEER_GONE);
    outcome = 10;
    violates(() => channel.read(4096, 10), /moved bytes after it had said peer-gone/);
  });

  it('finds functions and waits that spin', () => {
    const again = connect({ trySend: () => AGAIN });
    violates(() => {
      for (let i = 0; i < 2000; i++) assert.equal(again.trySend(4096, 10), AGAIN);
    }, /trySend spins: returns AGAIN while nothing is earlier/);

    const idle = connect({ tryReceive: () => WOULD_BLOCK });
    violates(() => {
      for (let i = 0; i < 2000; i++) {
        assert.equal(idle.tryReceive(4096, 10), WOULD_BLOCK);
        finish(idle.waitUntilReadable());
      }
    }, /waitUntilReadable returns without waiting/);

    const ordering = connect({
      *waitUntilReadable() {
        for (;;) yield ORDER;
      },
    });
    const wait = ordering.waitUntilReadable();
    violates(() => {
      for (let i = 0; i < 2000; i++) wait.next();
    }, /waitUntilReadable spins: yields ORDER while nothing is earlier/);
  });

  it('finds waits that nobody could end', () => {
    const installation = install();
    const guest = installation.guest(0);
    const driver = checkedDriver(
      driverWith({
        *waitUntilWritable() {
          yield BLOCKED;
        },
      }),
    );
    guest.vcpu.spawn(
      'test',
      (function* (): Process {
        const outcome = yield* driver.connect(guest, endpointOf(guest));
        assert('channel' in outcome);
        yield* outcome.channel.waitUntilWritable();
      })(),
    );
    violates(
      () => installation.machine.run(),
      /waitUntilWritable yields BLOCKED, but its task is on no waiting list/,
    );
    const strange = connect({
      *waitUntilReady() {
        yield 17 as Wait;
      },
    });
    violates(() => strange.waitUntilReady().next(), /yields what is no wait \(wait=17\)/);
  });

  it('finds callers that break the contract', () => {
    const again = connect({ write: () => AGAIN });
    again.write(4096, 10);
    violates(() => again.write(4096, 11), /write was called with other arguments after AGAIN/);
    violates(() => connect({}).read(4096, 0), /read was called with a length that is none/);
    const closed = connect({});
    finish(closed.close());
    violates(() => closed.trySend(4096, 1), /trySend was called after close/);
    violates(() => closed.waitUntilReady(), /waitUntilReady was called after close/);
  });

  it('refuses sizes and pages that cannot be', () => {
    violates(
      () => connect({ pagesExposedToPeer: () => -1 }).pagesExposedToPeer(),
      /pagesExposedToPeer is no number of pages \(pages=-1\)/,
    );
    violates(() => connect({ ringSizeBytes: 0 }).ringSizeBytes, /ringSizeBytes is no number/);
    const sizes = checkedDriver(
      driverWith({}, { ringSize: (bytes) => (bytes > 5 ? { refused: '' } : { bytes: 0.5 }) }),
    );
    violates(() => sizes.ringSize(1), /ringSize is no number of bytes/);
    violates(() => sizes.ringSize(9), /ringSize refuses without a reason/);
    const large = checkedDriver(driverWith({}, { largestMessage: (bytes) => bytes + 1 }));
    violates(() => large.largestMessage(100), /is not between one byte and the ring/);
  });

  it('refuses failures without a reason', () => {
    const guest = install().guest(0);
    const silent = checkedDriver(
      driverWith(
        {},
        {
          *connect() {
            return { failed: '' };
          },
        },
      ),
    );
    violates(() => silent.connect(guest, endpointOf(guest)).next(), /connect fails without/);
  });

  it('refuses messages from clients that were never accepted', () => {
    const guest = install().guest(0);
    const driver = checkedDriver(driverWith({}));
    const outcome = finish(driver.listen(guest, endpointOf(guest)));
    assert('listener' in outcome);
    const { listener } = outcome;
    violates(() => listener.tryReceive(4096, 10), /took a message from no client/);
    finish(listener.accept());
    assert.equal(listener.tryReceive(4096, 10), 10);
    finish(listener.close());
    violates(() => listener.accept().next(), /accept was called after close/);
  });
});
