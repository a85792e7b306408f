import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { inLoop, receiveOne, sendOne } from '../src/scenario/flows.js';
import { startPair } from '../src/scenario/pair.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import { receiverAndSender } from '../src/scenario/topology.js';

/** Round trips that are not measured: the first ones find cold caches. */
const WARM_UP = 16;

/**
 * Latency, closed loop: the client sends, the server answers, the client sends again. What is measured is the round
 * trip, which is two messages; it is *service time*, and tells nothing of queues (see `paced`).
 */
export const pingPong: Scenario = {
  name: 'ping-pong',
  summary: 'latency of a round trip, one message at a time (closed loop)',
  isOfTwoEnds: true,
  version: 1,
  settings: {},
  metrics: [],
  protocolDetermined: ['hypercallsPerMessage', 'eventsPerMessage', 'copiedBytesPerByte'],
  sweeps: {
    quick: [{ ringSizeBytes: [4096], messageSizeBytes: [64, 1024] }],
    full: [
      {
        ringSizeBytes: [4096, 65_536],
        messageSizeBytes: [16, 64, 256, 1024, 2048],
        guestType: ['pvh', 'pv'],
        placement: ['own', 'shared'],
      },
    ],
  },
  messages: () => 2000,
  topology: receiverAndSender,
  skipReason: messageTooLarge,
  start(world) {
    const { messages, messageSizeBytes, seed } = world.parameters;
    const roundTrips = Math.max(1, Math.floor(messages / 2));
    const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
    startPair(world, {
      *client(client, channel) {
        const buffer = payload.place(client);
        const answer = allocateBuffer(client, messageSizeBytes);
        yield* inLoop(
          client,
          (function* () {
            for (let i = -WARM_UP; i < roundTrips; i++) {
              if (i === 0) world.startClock(client);
              const startPs = world.timePs(client);
              if (!(yield* sendOne(world, client, channel, payload, buffer, i + WARM_UP))) return;
              if (!(yield* receiveOne(world, client, channel, payload, answer, i + WARM_UP)))
                return;
              if (i < 0) continue;
              world.latency(world.timePs(client) - startPs);
              world.messagesDelivered += 2;
              world.bytesDelivered += 2 * messageSizeBytes;
            }
            world.stop(client);
          })(),
        );
      },
      *server(server, channel) {
        const buffer = allocateBuffer(server, messageSizeBytes);
        yield* inLoop(
          server,
          (function* () {
            for (let i = 0; i < WARM_UP + roundTrips; i++) {
              if (!(yield* receiveOne(world, server, channel, payload, buffer, i))) return;
              if (!(yield* sendOne(world, server, channel, payload, buffer, i))) return;
            }
          })(),
        );
      },
    });
  },
};
