import assert from 'node:assert/strict';
import type { Process } from '../../sim/process.js';
import { settled } from '../conformance/end.js';
import { testHardware } from '../conformance/setting.js';
import type { Channel, Endpoint, TransportDriver } from '../contract.js';
import type { Guest } from '../guest.js';
import { Installation } from '../installation.js';

/** What one end of the connection does. */
export type Part = (guest: Guest, channel: Channel) => Process<unknown>;

/** Ring of a tickless pair, bytes. */
export const PAIR_RING_BYTES = 1 << 20;

/**
 * For tests of ideal transports: runs two connected guests, whose kernels do not tick, until nothing is left to do.
 *
 * Guest 0 of what it returns was the server, guest 1 the client.
 */
export function runTicklessPair(
  driver: TransportDriver,
  options: Endpoint['options'],
  server: Part,
  client: Part,
): Installation {
  const hardware = testHardware('ept');
  const installation = new Installation({
    hardware: { ...hardware, features: { ...hardware.features, guestTickHz: 0 } },
    guests: [
      { name: 'server', type: 'pvh' },
      { name: 'client', type: 'pvh' },
    ],
    placement: 'own',
    limits: 'default',
    seed: 1,
  });
  const [serving, asking] = [installation.guest(0), installation.guest(1)];
  const endpoint: Endpoint = {
    port: 1,
    serverDomid: serving.domid,
    clientDomids: [asking.domid],
    ringSizeBytes: PAIR_RING_BYTES,
    grantMode: 'persistent',
    options,
  };
  serving.vcpu.spawn(
    'server',
    (function* (): Process {
      const listening = yield* driver.listen(serving, endpoint);
      assert('listener' in listening);
      const accepted = yield* listening.listener.accept();
      assert('channel' in accepted);
      yield* server(serving, accepted.channel);
    })(),
  );
  asking.vcpu.spawn(
    'client',
    (function* (): Process {
      const connected = yield* driver.connect(asking, endpoint);
      assert('channel' in connected);
      yield* client(asking, connected.channel);
    })(),
  );
  assert.equal(installation.machine.run(), 'quiet');
  assert.deepEqual(installation.whoWaits(), []);
  installation.machine.settleAccounts();
  return installation;
}

/** Sends one whole message. */
export function* send(channel: Channel, address: number, length: number): Process<void> {
  const outcome = yield* settled(
    () => channel.trySend(address, length),
    () => channel.waitUntilWritable(),
  );
  assert.equal(outcome, length);
}

/** Receives one whole message. */
export function* receive(channel: Channel, address: number, length: number): Process<void> {
  const outcome = yield* settled(
    () => channel.tryReceive(address, length),
    () => channel.waitUntilReadable(),
  );
  assert.equal(outcome, length);
}
