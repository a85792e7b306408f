import type { CellParameters, Scenario } from '../src/scenario/contract.js';
import { inLoop, readStream, writeStream } from '../src/scenario/flows.js';
import { startPair } from '../src/scenario/pair.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import { receiverAndSender } from '../src/scenario/topology.js';

const KIB = 1024;
const MIB = 1024 * 1024;

function transferBytes(
  parameters: Omit<CellParameters, 'messages'> & { messages?: number },
): number {
  const fixed = Number(parameters.settings['transferBytes']);
  if (fixed > 0) return fixed;
  return (parameters.messages ?? 0) * parameters.messageSizeBytes;
}

/**
 * Throughput of a stream of bytes: ring size by write size.
 *
 * Follows the program behind the published libvchan logs (NTUA, 2013): the sender starts first and fills the ring, the
 * clock runs from the receiver's first read to its last byte, the receiver asks for all that its buffer can take.
 */
export const stream: Scenario = {
  name: 'stream',
  summary: 'throughput of a stream of bytes, by ring size and write size',
  isOfTwoEnds: true,
  version: 1,
  settings: {
    transferBytes: {
      default: 0,
      meaning:
        'bytes to move, from and to buffers of that size walked once; 0: `messages` writes from one buffer of a message',
      range: [0, 1024 * MIB],
    },
    receiverDelayNs: {
      default: 1_000_000,
      meaning: 'the receiver comes so much later than the moment at which the sender waits for it',
      range: [0, 10_000_000_000],
    },
    workingSetBytes: {
      default: 0,
      meaning:
        'size of the buffers on both sides, walked from start to end and again; 0: as transferBytes says',
      range: [0, 256 * MIB],
    },
  },
  metrics: [],
  protocolDetermined: ['copiedBytesPerByte'],
  sweeps: {
    quick: [{ ringSizeBytes: [64 * KIB], messageSizeBytes: [1 * KIB, 16 * KIB] }],
    full: [
      {
        ringSizeBytes: [4, 16, 64, 256, 1024].map((kib) => kib * KIB),
        messageSizeBytes: [512, 4 * KIB, 64 * KIB],
        guestType: ['pvh', 'pv'],
      },
    ],
  },
  messages: (parameters) => {
    const fixed = transferBytes(parameters);
    if (fixed > 0) return Math.ceil(fixed / parameters.messageSizeBytes);
    const bytes = Math.max(4 * MIB, 32 * parameters.ringSizeBytes);
    return Math.max(100, Math.ceil(bytes / parameters.messageSizeBytes));
  },
  topology: receiverAndSender,
  skipReason: (driver) =>
    driver.capabilities.framing === 'datagram' ? 'has no stream framing' : undefined,
  start(world) {
    const { parameters } = world;
    const total = transferBytes(parameters);
    const fixed = Number(parameters.settings['transferBytes']);
    const asked = Number(parameters.settings['workingSetBytes']);
    const span = Math.max(
      parameters.messageSizeBytes,
      asked > 0 ? asked : Math.min(fixed, 256 * MIB),
    );
    const bufferBytes =
      Math.floor(span / parameters.messageSizeBytes) * parameters.messageSizeBytes;
    const payload = new Payload(parameters.seed, parameters.messageSizeBytes, bufferBytes);
    const started = world.gate();
    startPair(world, {
      *client(sender, channel) {
        const buffer = payload.place(sender);
        world.startCounting(sender);
        yield* inLoop(
          sender,
          writeStream(world, sender, channel, payload, buffer, total, {
            onFull: () => started.open(sender),
          }),
        );
      },
      *server(receiver, channel) {
        const buffer = allocateBuffer(receiver, bufferBytes);
        yield* started.pass(receiver, 1000 * Number(parameters.settings['receiverDelayNs']));
        world.startClock(receiver);
        yield* inLoop(receiver, readStream(world, receiver, channel, payload, buffer, total));
        world.messagesDelivered = total / parameters.messageSizeBytes;
        world.stop(receiver);
      },
    });
  },
};
