import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { inLoop, receiveFromAny, sendMessages } from '../src/scenario/flows.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import type { ConnectFailure, Guest, Process } from '../src/scenario/process.js';
import { Gate } from '../src/scenario/world.js';

/**
 * Many senders to one receiver, each from a domain of its own. At Xen's default limits the cell says which limit ended
 * the connecting; with `limits=raised` it goes on.
 */
export const fanIn: Scenario = {
  name: 'fan-in',
  summary: 'many senders to one receiver, up to thousands, and the limit that stops them',
  version: 1,
  settings: {
    senders: { default: 10, meaning: 'sending domains', range: [1, 30_000] },
    limits: {
      default: 'raised',
      meaning: "Xen's and xenstored's limits: as delivered, or raised so that none is met",
      choices: ['default', 'raised'],
    },
  },
  metrics: [
    {
      name: 'connections',
      unit: '1',
      better: 'higher',
      meaning: 'senders that could connect',
    },
    {
      name: 'fairness',
      unit: '1',
      better: 'higher',
      meaning:
        'when the first sender was served wholly: smallest share of its messages any other had, 1 is even',
    },
  ],
  protocolDetermined: ['connections', 'eventChannelsUsed', 'pagesExposedToPeer'],
  sweeps: {
    quick: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [256],
        settings: { senders: [10], limits: ['raised'] },
      },
    ],
    full: [
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [256],
        settings: { senders: [1, 10, 100, 1000], limits: ['raised'] },
      },
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [256],
        settings: { senders: [1200], limits: ['default'] },
      },
    ],
  },
  messages: ({ settings }) => 20 * Number(settings['senders']),
  topology: ({ guestTypes, settings }) => ({
    guests: [
      { name: 'receiver', type: guestTypes[0] },
      ...Array.from({ length: Number(settings['senders']) }, (_, i) => ({
        name: `sender-${i + 1}`,
        type: guestTypes[1],
      })),
    ],
    limits: settings['limits'] === 'default' ? 'default' : 'raised',
  }),
  skipReason: messageTooLarge,
  start(world) {
    const { messages, messageSizeBytes, seed } = world.parameters;
    const receiver = world.guest(0);
    const senders = world.guests.slice(1);
    const each = Math.max(1, Math.floor(messages / senders.length));
    const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
    const endpoint = world.endpoint(1, receiver, senders);
    const connected = new Gate();
    let connections = 0;

    world.spawn(receiver, 'receiver', receive());
    for (const sender of senders) world.spawn(sender, 'sender', send(sender));

    function* receive(): Process {
      const listening = yield* world.driver.listen(receiver, endpoint);
      if (!('listener' in listening)) return world.fail(`listen failed: ${listening.failed}`);
      const { listener } = listening;
      const fromPs = world.timePs(receiver);
      for (const _ of senders) {
        const outcome = yield* listener.accept();
        if (!('channel' in outcome)) {
          stoppedBy(outcome);
          break;
        }
        connections++;
        world.pagesExposedToPeer += outcome.channel.pagesExposedToPeer();
      }
      world.values.set('setupNs', (world.timePs(receiver) - fromPs) / 1000);
      world.values.set('connections', connections);
      world.readPortsInUse();
      const buffer = allocateBuffer(receiver, messageSizeBytes);
      const received = new Int32Array(senders.length);
      let fairness = -1;
      world.startClock(receiver);
      connected.open(receiver);
      const whole = yield* inLoop(
        receiver,
        receiveFromAny(
          world,
          receiver,
          listener,
          buffer,
          messageSizeBytes,
          connections * each,
          (source) => {
            const count = (received[source] as number) + 1;
            received[source] = count;
            if (count === each && fairness < 0) fairness = leastShare(received, connections, each);
          },
        ),
      );
      if (!whole) return;
      world.stop(receiver);
      if (fairness >= 0) world.values.set('fairness', fairness);
      yield* listener.close();
    }

    function* send(sender: Guest): Process {
      const outcome = yield* world.driver.connect(sender, endpoint);
      if (!('channel' in outcome)) {
        stoppedBy(outcome);
        return;
      }
      const { channel } = outcome;
      const buffer = payload.place(sender);
      yield* connected.pass(sender);
      yield* inLoop(sender, sendMessages(world, sender, channel, payload, buffer, each));
      yield* channel.close();
    }

    function stoppedBy({ failed, limit, byPeer }: ConnectFailure): void {
      if (byPeer === true) return;
      if (limit === undefined) world.fail(failed);
      world.outcome['stoppedBy'] ??= limit ?? 'a failure';
      world.outcome['reason'] ??= failed;
    }
  },
};

function leastShare(received: Int32Array, connections: number, each: number): number {
  let least = each;
  for (let i = 0; i < connections; i++) least = Math.min(least, received[i] as number);
  return least / each;
}
