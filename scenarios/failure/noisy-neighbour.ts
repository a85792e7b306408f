import { Prng } from '../../src/base/prng.js';
import { checkIsolation } from '../../src/scenario/checkers/isolation.js';
import type { GuestSpec, Scenario } from '../../src/scenario/contract.js';
import { messageTooLarge } from '../../src/scenario/fit.js';
import { inLoop, receiveOne, sendOne } from '../../src/scenario/flows.js';
import { allocateBuffer, Payload } from '../../src/scenario/payload.js';
import type { Channel, Guest, Process } from '../../src/scenario/process.js';
import { hog, serveAny } from '../../src/scenario/serve-any.js';
import { Gate } from '../../src/scenario/world.js';

const MS = 1e9;
/** Between an answer and the next request: at random in between, so that it meets every phase of the noise. */
const [SHORTEST_PAUSE_PS, LONGEST_PAUSE_PS] = [0.05 * MS, 2 * MS];
const LARGEST_RINGS = [16_777_216 - 4096, 1_048_576, 65_536, 4096];

/** What the neighbours do. */
const NOISES = [
  'none',
  'hog',
  'flood',
  'destroy',
  'large-send',
  'large-send-beside',
  'large-send-destroy',
] as const;

/**
 * A server and a client exchange requests and answers; neighbours disturb them:
 *
 * - `hog`: a domain that computes for ever shares the server's pCPU;
 * - `flood`: other clients of the same server send as fast as they can;
 * - `destroy`: a domain with a large ring is destroyed every 2 ms: V4V's global lock is held meanwhile;
 * - `large-send`: two others move the largest messages there are: V4V copies each under its locks, not preempted;
 * - `large-send-beside`: so, and the sender shares the server's pCPU, which it keeps while Xen copies for it;
 * - `large-send-destroy`: both: the destruction waits for the copy, and everybody else for the destruction.
 */
export const noisyNeighbour: Scenario = {
  name: 'noisy-neighbour',
  summary: 'latency beside a CPU hog, flooding clients, dying domains, and huge messages',
  version: 2,
  settings: {
    noise: { default: 'none', meaning: 'what the neighbours do', choices: NOISES },
    flooders: {
      default: 1,
      meaning: 'clients that flood, where that is the noise',
      range: [1, 100],
    },
  },
  metrics: [
    {
      name: 'noiseMessages',
      unit: '1',
      better: 'none',
      meaning: 'messages that the neighbours moved, or domains that were destroyed, meanwhile',
    },
  ],
  protocolDetermined: [],
  sweeps: {
    quick: [],
    full: [],
    failure: [
      { ringSizeBytes: [4096], messageSizeBytes: [64], settings: { noise: [...NOISES] } },
      {
        ringSizeBytes: [4096],
        messageSizeBytes: [64],
        settings: { noise: ['flood'], flooders: [8] },
      },
    ],
  },
  messages: () => 400,
  topology({ guestTypes, settings }) {
    const type = guestTypes[1];
    const noise = settings['noise'];
    const guests: GuestSpec[] = [
      { name: 'server', type: guestTypes[0] },
      { name: 'client', type },
    ];
    if (noise === 'hog') guests.push({ name: 'hog', type, pcpuOf: 0 });
    else if (noise === 'flood') {
      for (let i = 1; i <= Number(settings['flooders']); i++)
        guests.push({ name: `flooder-${i}`, type });
    } else {
      const beside = noise === 'large-send-beside' ? { pcpuOf: 0 } : {};
      guests.push({ name: 'loud', type, ...beside }, { name: 'louder', type });
      guests.push({ name: 'mortal', type }, { name: 'partner', type });
    }
    return { guests, limits: 'raised' };
  },
  skipReason: messageTooLarge,
  check(world) {
    const { settings } = world.parameters;
    const { preemptions } = world.machine.counters.work;
    const isQuiet =
      settings['noise'] === 'hog' ? preemptions === 0 : world.values.get('noiseMessages') === 0;
    if (settings['noise'] !== 'none' && isQuiet) {
      return { verdict: 'unknown', reason: 'the neighbours made no noise' };
    }
    return checkIsolation(world.machine);
  },
  start(world) {
    const { messages, messageSizeBytes, seed, settings } = world.parameters;
    const noise = settings['noise'] as (typeof NOISES)[number];
    const [server, client, loud] = [world.guest(0), world.guest(1), world.guest(2)];
    const flooders = noise === 'flood' ? world.guests.slice(2) : [];
    const callers = [client, ...flooders];
    const endpoint = world.endpoint(1, server, callers);
    const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
    const connected = new Gate();
    let isOver = false;
    let noiseMessages = 0;
    const { dataPath } = world.driver.capabilities;
    world.outcome['contention'] =
      dataPath === 'hypervisor-copy'
        ? 'priced: locks of the hypervisor on the data path, cache lines'
        : 'priced: cache lines; no lock of the hypervisor on the data path; those of event channels and grant tables are not priced';

    world.spawn(server, 'server', serve());
    world.spawn(client, 'client', ask());
    if (noise === 'hog')
      world.spawn(
        loud,
        'hog',
        hog(loud, () => isOver),
      );
    for (const guest of flooders) world.spawn(guest, 'flooder', flood(guest));
    if (noise.startsWith('large-send')) startLargeSends(loud, world.guest(3));
    if (noise.endsWith('destroy')) {
      world.spawn(world.dom0, 'toolstack', destroyAgainAndAgain(world.guest(4), world.guest(5)));
    }

    function* serve(): Process {
      const buffer = allocateBuffer(server, messageSizeBytes);
      const listening = yield* world.driver.listen(server, endpoint);
      if (!('listener' in listening)) return world.fail(`listen failed: ${listening.failed}`);
      const channels: Channel[] = [];
      for (const _ of callers) {
        const outcome = yield* listening.listener.accept();
        if (!('channel' in outcome)) return world.fail(`accept failed: ${outcome.failed}`);
        channels.push(outcome.channel);
      }
      connected.open(server);
      yield* inLoop(
        server,
        serveAny(
          listening.listener,
          channels,
          buffer,
          messageSizeBytes,
          (source) => {
            if (source > 0) noiseMessages++;
            return source === 0;
          },
          () => isOver,
        ),
      );
    }

    function* ask(): Process {
      const outcome = yield* world.driver.connect(client, endpoint);
      if (!('channel' in outcome)) return world.fail(`connect failed: ${outcome.failed}`);
      const buffer = payload.place(client);
      const answer = allocateBuffer(client, messageSizeBytes);
      yield* connected.pass(client, 20 * MS);
      const { channel } = outcome;
      noiseMessages = 0;
      world.startClock(client);
      const prng = new Prng(seed);
      const roundTrips = Math.max(1, Math.floor(messages / 2));
      yield* inLoop(
        client,
        (function* () {
          for (let i = 0; i < roundTrips; i++) {
            const startPs = world.timePs(client);
            if (!(yield* sendOne(world, client, channel, payload, buffer, i))) return;
            if (!(yield* receiveOne(world, client, channel, payload, answer, i))) return;
            world.latency(world.timePs(client) - startPs);
            world.messagesDelivered += 2;
            world.bytesDelivered += 2 * messageSizeBytes;
            const pausePs = SHORTEST_PAUSE_PS + prng.below(LONGEST_PAUSE_PS - SHORTEST_PAUSE_PS);
            yield* client.vcpu.kernel.sleepUntil(world.timePs(client) + pausePs);
          }
          world.stop(client);
          isOver = true;
          world.values.set('noiseMessages', noiseMessages);
          world.outcome['finding'] = 'delivered';
          world.machine.finish();
        })(),
      );
    }

    function* flood(guest: Guest): Process {
      const outcome = yield* world.driver.connect(guest, endpoint);
      if (!('channel' in outcome)) return world.fail(`connect failed: ${outcome.failed}`);
      const buffer = payload.place(guest);
      yield* connected.pass(guest);
      for (let i = 0; !isOver; i++) {
        if (!(yield* sendOne(world, guest, outcome.channel, payload, buffer, i))) return;
      }
    }

    function startLargeSends(from: Guest, to: Guest): void {
      const ringSizeBytes = largestRing();
      const large = { ...world.endpoint(2, to, [from]), ringSizeBytes };
      const size = world.driver.ringSize(ringSizeBytes);
      const length = 'bytes' in size ? world.driver.largestMessage(size.bytes) : 0;
      const big = new Payload(seed, length, length);
      world.outcome['largeMessageBytes'] = length;
      world.spawn(
        to,
        'receiver of large messages',
        (function* (): Process {
          const listening = yield* world.driver.listen(to, large);
          if (!('listener' in listening)) return world.fail(`listen failed: ${listening.failed}`);
          const outcome = yield* listening.listener.accept();
          if (!('channel' in outcome)) return world.fail(`accept failed: ${outcome.failed}`);
          const buffer = allocateBuffer(to, length);
          for (let i = 0; !isOver; i++) {
            if (!(yield* receiveOne(world, to, outcome.channel, big, buffer, i))) return;
            noiseMessages++;
          }
        })(),
      );
      world.spawn(
        from,
        'sender of large messages',
        (function* (): Process {
          const outcome = yield* world.driver.connect(from, large);
          if (!('channel' in outcome)) return world.fail(`connect failed: ${outcome.failed}`);
          const buffer = big.place(from);
          for (let i = 0; !isOver; i++) {
            if (!(yield* sendOne(world, from, outcome.channel, big, buffer, i))) return;
          }
        })(),
      );
    }

    function largestRing(): number {
      return LARGEST_RINGS.find((bytes) => 'bytes' in world.driver.ringSize(bytes)) ?? 4096;
    }

    /** A domain listens with a large ring, is destroyed, comes back, and so on. */
    function* destroyAgainAndAgain(first: Guest, partner: Guest): Process {
      const { dom0, installation } = world;
      let victim = first;
      for (let round = 0; !isOver; round++) {
        const large = {
          ...world.endpoint(100 + round, victim, [partner]),
          ringSizeBytes: largestRing(),
        };
        const guest = victim;
        world.spawn(
          guest,
          'listens',
          (function* (): Process {
            const listening = yield* world.driver.listen(guest, large);
            if ('listener' in listening) yield* listening.listener.accept();
          })(),
        );
        yield* dom0.vcpu.kernel.sleepUntil(world.timePs(dom0) + 2 * MS);
        installation.destroy(guest.domain);
        noiseMessages++;
        yield* dom0.vcpu.kernel.sleepUntil(world.timePs(dom0) + 0.1 * MS);
        victim = installation.recreate(guest);
      }
    }
  },
};
