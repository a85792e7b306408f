import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PS_PER_MS } from '../../src/base/units.js';
import { findProfile } from '../../src/profiles/index.js';
import { type Profile, priceTable } from '../../src/profiles/profile.js';
import type { Process } from '../../src/sim/process.js';
import type { ConnectFailure, Endpoint } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { TOOLSTACK } from '../../src/xen/causes.js';
import { brokerOf, startBroker } from './broker.js';
import { v2v } from './index.js';
import { parseConnection, parseRequest, requestPath } from './nodes.js';
import { receive, send, TestMachine } from './test-machine.js';

const profile = findProfile('skylake-2017') as Profile;
const hardware = { features: profile.features, prices: priceTable(profile) };

type Result = 'connected' | ConnectFailure;

function* listen(guest: Guest, endpoint: Endpoint, done: (result: Result) => void): Process {
  const listening = yield* v2v.listen(guest, endpoint);
  assert.ok('listener' in listening);
  const outcome = yield* listening.listener.accept();
  done('channel' in outcome ? 'connected' : outcome);
}

function* connect(guest: Guest, endpoint: Endpoint, done: (result: Result) => void): Process {
  const outcome = yield* v2v.connect(guest, endpoint);
  done('channel' in outcome ? 'connected' : outcome);
}

function startBoth(test: TestMachine, endpoint: Endpoint): Result[] {
  const results: Result[] = [];
  const done = (result: Result): void => {
    results.push(result);
  };
  test.spawn(test.guest(0), 'server', listen(test.guest(0), endpoint, done));
  test.spawn(test.guest(1), 'client', connect(test.guest(1), endpoint, done));
  return results;
}

describe('V2V broker', () => {
  it('reads requests back from the paths to which they are written', () => {
    const pair = { port: 7, listener: 1, connector: 12 };
    assert.deepEqual(parseRequest(requestPath(pair, 'listener')), { pair, role: 'listener' });
    assert.deepEqual(parseRequest(requestPath(pair, 'connector')), { pair, role: 'connector' });
    assert.equal(parseRequest('/local/domain/1/data/vchan/7/12/ring-ref'), undefined);
    assert.equal(parseRequest('/local/domain/1/data/v2v-listener-7'), undefined);
    assert.deepEqual(parseConnection('1-7-12'), pair);
    assert.equal(parseConnection('test'), undefined);
  });

  it('is one for each machine, and charges its steps to the toolstack', () => {
    const test = new TestMachine(hardware);
    assert.equal(startBroker(test.dom0), brokerOf(test.machine));
    const results = startBoth(test, test.endpoint());
    test.machine.run();
    assert.deepEqual(results, ['connected', 'connected']);
    const { xenstore } = test.machine.counters;
    const toolstackPs = test.machine.pcpus[0]?.attribution[TOOLSTACK];
    // Both have asked when it looks: one step. All else is xenstored's.
    const { brokerStep, xenstoreOperation } = hardware.prices;
    assert.equal(toolstackPs, brokerStep + xenstore.operations * xenstoreOperation);
  });

  it('is needed: without it a connection fails after a bounded wait, and leaves nothing', () => {
    const test = new TestMachine(hardware);
    brokerOf(test.machine).kill();
    const idle = test.resources();
    const results = startBoth(test, test.endpoint({ options: { brokerTimeoutMs: 200 } }));
    test.machine.run();
    const expected = { failed: 'the V2V broker in dom0 does not answer' };
    assert.deepEqual(results, [expected, expected]);
    assert.ok(test.machine.now >= 200 * PS_PER_MS && test.machine.now < 210 * PS_PER_MS);
    assert.deepEqual(test.resources(), idle);
  });

  it('is not needed by connections that exist', () => {
    const test = new TestMachine(hardware);
    let received = 0;
    test.pair(
      test.endpoint(),
      function* (channel) {
        brokerOf(test.machine).kill();
        const buffer = test.guest(0).domain.allocate(1);
        for (let i = 0; i < 50; i++) received += yield* receive(channel, buffer, 1000);
        yield* channel.close();
      },
      function* (channel) {
        const buffer = test.guest(1).domain.allocate(1);
        for (let i = 0; i < 50; i++) yield* send(channel, buffer, 1000);
        yield* channel.close();
      },
    );
    test.machine.run();
    assert.deepEqual(test.stuck(), []);
    assert.equal(received, 50_000);
    // Nobody is left to remove the connection's nodes.
    assert.deepEqual(test.connections(), ['1-7-2']);
  });

  it('serves the requests of an outage when it is started again, and removes what was left', () => {
    const test = new TestMachine(hardware, { guests: 3 });
    const broker = brokerOf(test.machine);
    broker.kill();
    assert.equal(broker.isRunning, false);
    // Left behind by two domains of which nobody asks any more.
    const leftOver = '/v2v/8-1-9/listener/state';
    test.xenstored.store.write(0, leftOver, 'disconnected');
    const results = startBoth(test, test.endpoint({ clientDomids: [2] }));
    test.machine.run({ timePs: 20 * PS_PER_MS });
    assert.deepEqual(results, []);
    broker.restart();
    assert.equal(broker.isRunning, true);
    test.machine.run();
    assert.deepEqual(results, ['connected', 'connected']);
    assert.equal(broker.starts, 2);
    assert.deepEqual(test.connections(), ['1-7-2']);
  });

  it('can be killed at any moment of a set-up: started again, it brings the set-up to its end', () => {
    const whole = new TestMachine(hardware);
    const times: number[] = [];
    whole.machine.trace.observer = {
      step: (kind, timePs, domid) => {
        if (kind === 'xenstore' && domid === 0) times.push(timePs);
      },
    };
    startBoth(whole, whole.endpoint({ ringSizeBytes: 4096 }));
    whole.machine.run();
    // Each operation of the broker, and the moments between.
    assert.ok(times.length > 10);
    for (const time of times.flatMap((at) => [at - 1000, at + 1000])) {
      const test = new TestMachine(hardware);
      const results = startBoth(test, test.endpoint({ ringSizeBytes: 4096 }));
      test.machine.run({ timePs: time });
      const broker = brokerOf(test.machine);
      broker.kill();
      test.machine.run({ timePs: time + 10 * PS_PER_MS });
      broker.restart();
      test.machine.run();
      assert.deepEqual(results, ['connected', 'connected'], `killed at ${time} ps`);
      const usage = test.xenstored.store.usage(0);
      assert.equal(usage?.transactions, 0, `killed at ${time} ps`);
      assert.equal(usage?.watches, 1, `killed at ${time} ps`);
      test.machine.settleAccounts();
    }
  });

  it('can be killed in the middle of any operation of xenstored: its transactions end with it', () => {
    for (let nth = 1, killed = true; killed; nth++) {
      const test = new TestMachine(hardware);
      const results = startBoth(test, test.endpoint({ ringSizeBytes: 4096 }));
      const broker = brokerOf(test.machine);
      let left = nth;
      killed = false;
      test.machine.trace.observer = {
        step: (kind) => {
          if (kind !== 'xenstore' || --left !== 0) return;
          broker.kill();
          killed = true;
        },
      };
      test.machine.run({ timePs: 20 * PS_PER_MS });
      broker.restart();
      test.machine.run();
      assert.deepEqual(results, ['connected', 'connected'], `killed at operation ${nth}`);
      assert.equal(test.xenstored.store.usage(0)?.transactions, 0, `killed at operation ${nth}`);
    }
  });

  it('makes nothing for a request that the other side does not want', () => {
    const test = new TestMachine(hardware);
    const owned = test.xenstored.store.usage(1)?.nodes;
    const results: Result[] = [];
    const endpoint = test.endpoint({ options: { brokerTimeoutMs: 50 } });
    const guest = test.guest(1);
    test.spawn(
      guest,
      'client',
      connect(guest, endpoint, (result) => results.push(result)),
    );
    test.machine.run();
    // It waits on: the broker has answered, and a listener may still come.
    assert.equal(results.length, 0);
    assert.deepEqual(test.stuck(), ['client: v2v: the other side to ask for the connection']);
    assert.equal(test.xenstored.store.usage(1)?.nodes, owned);
    assert.deepEqual(test.connections(), []);
    test.spawn(
      test.guest(0),
      'server',
      listen(test.guest(0), endpoint, (result) => results.push(result)),
    );
    test.machine.run();
    assert.deepEqual(results, ['connected', 'connected']);
  });

  it('refuses a peer that does not exist', () => {
    const test = new TestMachine(hardware);
    const results: Result[] = [];
    const endpoint = test.endpoint({ serverDomid: 77 });
    const guest = test.guest(1);
    test.spawn(
      guest,
      'client',
      connect(guest, endpoint, (result) => results.push(result)),
    );
    test.machine.run();
    assert.deepEqual(results, [{ failed: 'the V2V broker in dom0 refused ENOENT' }]);
    assert.deepEqual(test.connections(), []);
  });

  it('removes the nodes of a connection whose two domains are both destroyed', () => {
    const test = new TestMachine(hardware);
    startBoth(test, test.endpoint());
    test.machine.run();
    assert.deepEqual(test.connections(), ['1-7-2']);
    test.spawn(
      test.dom0,
      'toolstack',
      (function* () {
        for (const { domain } of test.guests) {
          domain.destroy();
          test.xenstored.release(domain.domid);
        }
      })(),
    );
    test.machine.run();
    assert.deepEqual(test.connections(), []);
  });
});
