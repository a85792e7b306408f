import type { Scenario } from '../src/scenario/contract.js';
import { accepted, untilPeerGone } from '../src/scenario/flows.js';
import { allocateBuffer } from '../src/scenario/payload.js';
import type { Guest, Process } from '../src/scenario/process.js';
import { receiverAndSender } from '../src/scenario/topology.js';

/** Connections set up and taken down one after another: how long, and what it takes from dom0 and xenstore. */
export const setup: Scenario = {
  name: 'setup',
  summary: 'setting a connection up and taking it down, and what that takes from dom0 and xenstore',
  version: 1,
  settings: {},
  metrics: [
    {
      name: 'teardownNs',
      unit: 'ns',
      better: 'lower',
      meaning: 'time until both sides have let go of a connection',
    },
    {
      name: 'xenstoreOperationsPerConnection',
      unit: '1',
      better: 'lower',
      meaning: 'xenstore operations for one connection, set up and taken down',
    },
    {
      name: 'grantsPerConnection',
      unit: '1',
      better: 'lower',
      meaning: 'pages mapped for one connection',
    },
  ],
  protocolDetermined: ['eventChannelsUsed', 'pagesExposedToPeer', 'grantsPerConnection'],
  sweeps: {
    quick: [{ ringSizeBytes: [65_536], messageSizeBytes: [64] }],
    full: [
      {
        ringSizeBytes: [4096, 65_536, 1_048_576],
        messageSizeBytes: [64],
        guestType: ['pvh', 'pv'],
      },
    ],
  },
  messages: () => 20,
  topology: receiverAndSender,
  start(world) {
    const { messages: connections, messageSizeBytes } = world.parameters;
    const server = world.guest(0);
    const client = world.guest(1);
    const setupPs: number[] = [];
    const closeFromPs: number[] = [];
    const closedPs: number[] = [];
    let xenstoreBefore = 0;
    let sidesRunning = 2;

    world.spawn(server, 'server', serve());
    world.spawn(client, 'client', connect());

    function* serve(): Process {
      const buffer = allocateBuffer(server, messageSizeBytes);
      for (let i = 0; i < connections; i++) {
        const listening = yield* world.driver.listen(
          server,
          world.endpoint(1 + i, server, [client]),
        );
        if (!('listener' in listening)) return world.fail(`listen failed: ${listening.failed}`);
        const channel = yield* accepted(world, listening.listener);
        if (channel === undefined) return;
        world.pagesExposedToPeer = channel.pagesExposedToPeer();
        yield* untilPeerGone(channel, buffer, messageSizeBytes);
        yield* channel.close();
        yield* listening.listener.close();
        noteClosed(i, server);
      }
      sideDone(server);
    }

    function* connect(): Process {
      xenstoreBefore = world.machine.counters.xenstore.operations;
      world.startClock(client);
      for (let i = 0; i < connections; i++) {
        const fromPs = world.timePs(client);
        const connected = yield* world.driver.connect(
          client,
          world.endpoint(1 + i, server, [client]),
        );
        if (!('channel' in connected)) return world.fail(`connect failed: ${connected.failed}`);
        setupPs.push(world.timePs(client) - fromPs);
        if (i === 0) world.readPortsInUse();
        world.messagesDelivered++;
        closeFromPs[i] = world.timePs(client);
        yield* connected.channel.close();
        noteClosed(i, client);
      }
      sideDone(client);
    }

    /** The connection is gone when both sides have let go. */
    function noteClosed(i: number, guest: Guest): void {
      closedPs[i] = Math.max(closedPs[i] ?? 0, world.timePs(guest));
    }

    function sideDone(guest: Guest): void {
      if (--sidesRunning === 0) finish(guest);
    }

    function finish(guest: Guest): void {
      world.stop(guest);
      const counts = world.countsInWindow();
      world.values.set('setupNs', median(setupPs) / 1000);
      const teardownPs = closedPs.map((ps, i) => ps - (closeFromPs[i] as number));
      world.values.set('teardownNs', median(teardownPs) / 1000);
      world.values.set(
        'xenstoreOperationsPerConnection',
        (world.machine.counters.xenstore.operations - xenstoreBefore) / connections,
      );
      world.values.set('grantsPerConnection', (counts['grants']?.['mapped'] ?? 0) / connections);
    }
  },
};

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
