import assert from 'node:assert/strict';
import { ORDER, type Process } from '../../src/sim/process.js';
import {
  AGAIN,
  type Channel,
  type Endpoint,
  type Listener,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { Installation } from '../../src/transport/installation.js';
import { argoOf } from './argo.js';
import { v4v } from './index.js';
import { type SampleOptions, sampleGuests } from './sample-machine.js';

/** How the tests of this folder let guests talk to each other through the driver. */

export const RING = 4032;
export const PORT = 1;

export function endpoint(
  server: Guest,
  clients: readonly Guest[],
  more: Partial<Endpoint> = {},
): Endpoint {
  return {
    port: PORT,
    serverDomid: server.domid,
    clientDomids: clients.map((client) => client.domid),
    ringSizeBytes: RING,
    grantMode: 'persistent',
    options: {},
    ...more,
  };
}

export function* listening(guest: Guest, at: Endpoint): Process<Listener> {
  const outcome = yield* v4v.listen(guest, at);
  assert.ok('listener' in outcome);
  return outcome.listener;
}

export function* accepted(listener: Listener): Process<Channel> {
  const outcome = yield* listener.accept();
  assert.ok('channel' in outcome);
  return outcome.channel;
}

export function* connected(guest: Guest, at: Endpoint): Process<Channel> {
  const outcome = yield* v4v.connect(guest, at);
  assert.ok('channel' in outcome);
  return outcome.channel;
}

/** Waits in whatever way until an operation is done. Returns its outcome: bytes, TOO_LARGE or PEER_GONE. */
export function* done(operation: () => number, wait: () => Process<void>): Process<number> {
  for (;;) {
    const outcome = operation();
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* wait();
    else return outcome;
  }
}

export const send = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.trySend(address, length),
    () => channel.waitUntilWritable(),
  );
export const receive = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.tryReceive(address, length),
    () => channel.waitUntilReadable(),
  );
export const write = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.write(address, length),
    () => channel.waitUntilWritable(),
  );
export const read = (channel: Channel, address: number, length: number): Process<number> =>
  done(
    () => channel.read(address, length),
    () => channel.waitUntilReadable(),
  );
/** Once, without waiting for anything but the turn. */
export function* once(operation: () => number): Process<number> {
  for (;;) {
    const outcome = operation();
    if (outcome !== AGAIN) return outcome;
    yield ORDER;
  }
}

export interface Pair {
  readonly installation: Installation;
  readonly server: Guest;
  readonly client: Guest;
}

/** Connects a client to a server and lets both do something. Both must come to their ends. */
export function pair(
  serve: (channel: Channel, pair: Pair) => Process<void>,
  ask: (channel: Channel, pair: Pair) => Process<void>,
  more: Partial<Endpoint> = {},
  options: SampleOptions & {
    types?: ['pv' | 'pvh', 'pv' | 'pvh'];
    placement?: 'own' | 'shared';
  } = {},
): Pair {
  const installation = sampleGuests(options.types ?? ['pvh', 'pvh'], options);
  const server = installation.guest(0);
  const client = installation.guest(1);
  const both = { installation, server, client };
  const at = endpoint(server, [client], more);
  let ends = 0;
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const listener = yield* listening(server, at);
      yield* serve(yield* accepted(listener), both);
      yield* listener.close();
      ends++;
    })(),
  );
  client.vcpu.spawn(
    'client',
    (function* (): Process<void> {
      yield* ask(yield* connected(client, at), both);
      ends++;
    })(),
  );
  installation.machine.run();
  assert.equal(ends, 2, installation.whoWaits().join('; '));
  installation.machine.settleAccounts();
  return both;
}

export function operations({ installation }: Pair): { operations: number; virqs: number } {
  const { hypercalls, events } = installation.machine.counters.snapshot();
  return {
    operations: (hypercalls?.['argo_sendv'] ?? 0) + (hypercalls?.['argo_notify'] ?? 0),
    virqs: events?.['virqs'] ?? 0,
  };
}

export function buffer(guest: Guest, pages = 4): number {
  return guest.domain.allocate(pages);
}

/** So many clients of one server, each with a process of its own. */
export function many(
  clients: number,
  serve: (listener: Listener, channels: Channel[], server: Guest) => Process<void>,
  ask: (channel: Channel, client: Guest, index: number) => Process<void>,
  more: Partial<Endpoint> = {},
): Installation {
  const installation = sampleGuests(new Array(clients + 1).fill('pvh'));
  const server = installation.guest(0);
  const others = installation.guests.slice(1);
  const at = endpoint(server, others, more);
  let ends = 0;
  server.vcpu.spawn(
    'server',
    (function* (): Process<void> {
      const listener = yield* listening(server, at);
      const channels: Channel[] = [];
      for (let i = 0; i < clients; i++) channels.push(yield* accepted(listener));
      yield* serve(listener, channels, server);
      yield* listener.close();
      ends++;
    })(),
  );
  others.forEach((client, index) => {
    client.vcpu.spawn(
      'client',
      (function* (): Process<void> {
        yield* ask(yield* connected(client, at), client, index);
        ends++;
      })(),
    );
  });
  installation.machine.run();
  assert.equal(ends, clients + 1, installation.whoWaits().join('; '));
  installation.machine.settleAccounts();
  assert.equal(argoOf(installation.machine).ringCount(server.domid), 0);
  return installation;
}
