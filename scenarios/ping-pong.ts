import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { startPair } from '../src/scenario/pair.js';
import { roundTrips } from '../src/scenario/round-trips.js';
import { receiverAndSender } from '../src/scenario/topology.js';

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
    startPair(world, roundTrips(world));
  },
};
