import type { Scenario } from '../src/scenario/contract.js';
import { inLoop, readStream, writeStream } from '../src/scenario/flows.js';
import { startPair } from '../src/scenario/pair.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import { receiverAndSender } from '../src/scenario/topology.js';

const KIB = 1024;
const MIB = 1024 * 1024;
const RINGS_KIB = [4, 8, 16, 32, 64, 128, 256, 512, 1024];

/**
 * The proposal's headline: "pretty close ... if you use the same buffer size". One stream through rings of every size,
 * compared where the transports' *effective* sizes are equal. Both sides start together; the first rings-full are not
 * measured.
 */
export const bufferSize: Scenario = {
  name: 'buffer-size',
  summary:
    'throughput against ring size, at equal effective size: the headline of the V4V proposal',
  isOfTwoEnds: true,
  version: 1,
  settings: {},
  metrics: [],
  protocolDetermined: ['copiedBytesPerByte'],
  sweeps: {
    quick: [
      {
        ringSizeBytes: [4, 16, 64, 256].map((kib) => kib * KIB),
        messageSizeBytes: [1 * KIB, 16 * KIB],
      },
    ],
    full: [
      {
        ringSizeBytes: RINGS_KIB.map((kib) => kib * KIB),
        messageSizeBytes: [256, 1 * KIB, 4 * KIB, 16 * KIB, 64 * KIB],
        guestType: ['pvh', 'pv'],
      },
    ],
  },
  messages: ({ ringSizeBytes, messageSizeBytes }) =>
    Math.max(64, Math.ceil(Math.max(2 * MIB, 16 * ringSizeBytes) / messageSizeBytes)),
  topology: receiverAndSender,
  skipReason: (driver) =>
    driver.capabilities.framing === 'datagram' ? 'has no stream framing' : undefined,
  start(world) {
    const { messages, messageSizeBytes, ringSizeBytes, seed } = world.parameters;
    const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
    const measured = messages * messageSizeBytes;
    const warmUp = Math.ceil((2 * ringSizeBytes) / messageSizeBytes) * messageSizeBytes;
    startPair(world, {
      *client(sender, channel) {
        const buffer = payload.place(sender);
        yield* inLoop(
          sender,
          writeStream(world, sender, channel, payload, buffer, warmUp + measured),
        );
      },
      *server(receiver, channel) {
        const buffer = allocateBuffer(receiver, messageSizeBytes);
        const whole = yield* inLoop(
          receiver,
          readStream(world, receiver, channel, payload, buffer, warmUp + measured, {
            afterBytes: warmUp,
            reached: () => world.startClock(receiver),
          }),
        );
        if (!whole) return;
        world.bytesDelivered = measured;
        world.messagesDelivered = messages;
        world.stop(receiver);
      },
    });
  },
};
