import { checkIsolation } from '../../src/scenario/checkers/isolation.js';
import type { CellParameters, Scenario } from '../../src/scenario/contract.js';
import { messageTooLarge } from '../../src/scenario/fit.js';
import { inLoop, receiveOne, sendOne } from '../../src/scenario/flows.js';
import { allocateBuffer, Payload } from '../../src/scenario/payload.js';
import type { Channel, ConnectFailure, Guest, Process } from '../../src/scenario/process.js';
import { serveAny } from '../../src/scenario/serve-any.js';
import { Gate } from '../../src/scenario/world.js';

/**
 * "V4V supports 1 to many connections": one server answers the requests of many clients, each a domain of its own, each
 * with one request under way. Throughput, latency and its tail, fairness, and what the server needs for it.
 */
export const oneToMany: Scenario = {
  name: 'one-to-many',
  summary: 'one server answers many clients: throughput, fairness, latency tail, resources',
  version: 1,
  settings: {
    clients: { default: 10, meaning: 'client domains', range: [1, 10_000] },
    limits: {
      default: 'raised',
      meaning: "Xen's and xenstored's limits: as delivered, or raised so that none is met",
      choices: ['default', 'raised'],
    },
  },
  metrics: [
    { name: 'connections', unit: '1', better: 'higher', meaning: 'clients that could connect' },
    {
      name: 'fairness',
      unit: '1',
      better: 'higher',
      meaning: 'when the first client was served wholly: smallest share any other had, 1 is even',
    },
    {
      name: 'serverFrames',
      unit: '1',
      better: 'lower',
      meaning: 'frames that the server took for its connections',
    },
    {
      name: 'serverEventChannels',
      unit: '1',
      better: 'lower',
      meaning: 'event channels that the server took for its connections',
    },
  ],
  protocolDetermined: ['connections', 'serverFrames', 'serverEventChannels', 'pagesExposedToPeer'],
  sweeps: {
    quick: [],
    full: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { clients: [1, 10, 100, 1000, 10_000] },
      },
    ],
    failure: [
      { ringSizeBytes: [4096], messageSizeBytes: [64], settings: { clients: [1, 10, 100, 1000] } },
      // A ring in which the requests of all have room, where all share one.
      { ringSizeBytes: [65_472], messageSizeBytes: [64], settings: { clients: [100] } },
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { clients: [600], limits: ['default'] },
      },
    ],
  },
  messages: ({ settings }) => 20 * Number(settings['clients']),
  topology: ({ guestTypes, settings }) => ({
    guests: [
      { name: 'server', type: guestTypes[0] },
      ...Array.from({ length: Number(settings['clients']) }, (_, i) => ({
        name: `client-${i + 1}`,
        type: guestTypes[1],
      })),
    ],
    limits: settings['limits'] === 'default' ? 'default' : 'raised',
  }),
  skipReason: messageTooLarge,
  check(world) {
    const all = 2 * roundTripsOf(world.parameters) * (world.values.get('connections') ?? 0);
    const { messagesDelivered } = world;
    if (messagesDelivered !== all || all === 0) {
      const reason = `${messagesDelivered} of ${all} messages of those who are connected came`;
      return { verdict: all === 0 ? 'unknown' : 'invalid', reason };
    }
    return checkIsolation(world.machine);
  },
  start(world) {
    const { messageSizeBytes, seed } = world.parameters;
    const server = world.guest(0);
    const clients = world.guests.slice(1);
    const each = roundTripsOf(world.parameters);
    const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
    const endpoint = world.endpoint(1, server, clients);
    const connected = new Gate();
    const served = new Int32Array(clients.length);
    let connections = 0;
    let finished = 0;

    world.spawn(server, 'server', serve());
    clients.forEach((client, index) => {
      world.spawn(client, 'client', ask(client, index));
    });

    function* serve(): Process {
      const buffer = allocateBuffer(server, messageSizeBytes);
      const framesBefore = server.domain.heldFrames;
      const portsBefore = server.domain.eventChannels.count;
      const listening = yield* world.driver.listen(server, endpoint);
      if (!('listener' in listening)) return stoppedBy(listening);
      const { listener } = listening;
      const channels: Channel[] = [];
      const fromPs = world.timePs(server);
      for (const _ of clients) {
        const outcome = yield* listener.accept();
        if (!('channel' in outcome)) {
          stoppedBy(outcome);
          break;
        }
        channels.push(outcome.channel);
        world.pagesExposedToPeer += outcome.channel.pagesExposedToPeer();
      }
      connections = channels.length;
      world.values.set('setupNs', (world.timePs(server) - fromPs) / 1000);
      world.values.set('connections', connections);
      world.values.set('serverFrames', server.domain.heldFrames - framesBefore);
      world.values.set('serverEventChannels', server.domain.eventChannels.count - portsBefore);
      world.readPortsInUse();
      world.startClock(server);
      connected.open(server);
      yield* inLoop(
        server,
        serveAny(
          listener,
          channels,
          buffer,
          messageSizeBytes,
          (source) => {
            const count = (served[source] as number) + 1;
            served[source] = count;
            if (count === each && !world.values.has('fairness')) {
              world.values.set('fairness', Math.min(...served.subarray(0, connections)) / each);
            }
            return true;
          },
          () => finished === connections,
        ),
      );
    }

    function* ask(client: Guest, index: number): Process {
      const outcome = yield* world.driver.connect(client, endpoint);
      if (!('channel' in outcome)) return stoppedBy(outcome);
      const { channel } = outcome;
      const buffer = payload.place(client);
      const answer = allocateBuffer(client, messageSizeBytes);
      yield* connected.pass(client);
      if (index >= connections) return;
      yield* inLoop(
        client,
        (function* () {
          for (let i = 0; i < each; i++) {
            const startPs = world.timePs(client);
            if (!(yield* sendOne(world, client, channel, payload, buffer, i))) return;
            if (!(yield* receiveOne(world, client, channel, payload, answer, i))) return;
            world.latency(world.timePs(client) - startPs);
            world.messagesDelivered += 2;
            world.bytesDelivered += 2 * messageSizeBytes;
          }
        })(),
      );
      if (++finished === connections) {
        world.outcome['finding'] = connections === clients.length ? 'delivered' : 'stalled';
        world.stop(client);
        world.machine.finish();
      }
    }

    function stoppedBy({ failed, limit, byPeer }: ConnectFailure): void {
      if (byPeer === true) return;
      if (limit === undefined) world.fail(failed);
      world.outcome['stoppedBy'] ??= limit ?? 'a failure';
      world.outcome['reason'] ??= failed;
    }
  },
};

/** Round trips of each client. */
function roundTripsOf({ messages, settings }: CellParameters): number {
  return Math.max(1, Math.floor(messages / 2 / Number(settings['clients'])));
}
