import type { Scenario } from '../src/scenario/contract.js';
import { inLoop, readStream, writeStream } from '../src/scenario/flows.js';
import { startPair } from '../src/scenario/pair.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import { receiverAndSender } from '../src/scenario/topology.js';

const KIB = 1024;
const MIB = 1024 * 1024;

/**
 * What the proposal says of copying: locality of reference in caches "may in fact make the most difference", and
 * registers move 128 bits at a time. The buffers of both sides grow past each cache; `copyBits` replaces the width of
 * the copy, which is hypothetical wherever it is set: Xen copies with `rep movs`.
 */
export const copyLocality: Scenario = {
  name: 'copy-locality',
  summary: 'the price of copying: working set against the caches, and width of the copy',
  isOfTwoEnds: true,
  version: 1,
  settings: {
    workingSetBytes: {
      default: 64 * KIB,
      meaning: 'size of the buffers on both sides, walked from start to end and again',
      range: [64, 256 * MIB],
    },
    copyBits: {
      default: 0,
      meaning:
        'bits moved by one instruction, one a cycle, where the caches are no slower (hypothetical); 0: as the profile copies',
      range: [0, 512],
    },
  },
  metrics: [],
  protocolDetermined: ['copiedBytesPerByte'],
  sweeps: {
    quick: [
      {
        ringSizeBytes: [64 * KIB],
        messageSizeBytes: [16 * KIB],
        settings: { workingSetBytes: [16 * KIB, 256 * KIB, 32 * MIB] },
      },
    ],
    full: [
      {
        ringSizeBytes: [64 * KIB],
        messageSizeBytes: [16 * KIB],
        settings: {
          workingSetBytes: [16, 64, 256, 1024, 4096, 16_384, 65_536].map((kib) => kib * KIB),
        },
      },
      {
        ringSizeBytes: [64 * KIB],
        messageSizeBytes: [16 * KIB],
        settings: { copyBits: [8, 32, 64, 128, 256, 512] },
      },
    ],
  },
  messages: ({ messageSizeBytes, settings }) =>
    Math.max(256, Math.ceil((2 * Number(settings['workingSetBytes'])) / messageSizeBytes)),
  prices(prices, { settings }, clockHz) {
    const bits = Number(settings['copyBits']);
    if (bits === 0) return prices;
    const picosecondsPerByte = 8e12 / clockHz / bits;
    const atLeast = (price: number): number => Math.max(price, picosecondsPerByte);
    return {
      ...prices,
      copyL1: atLeast(prices.copyL1),
      copyL2: atLeast(prices.copyL2),
      copyL3: atLeast(prices.copyL3),
      copyDram: atLeast(prices.copyDram),
    };
  },
  topology: receiverAndSender,
  skipReason: (driver) =>
    driver.capabilities.framing === 'datagram' ? 'has no stream framing' : undefined,
  start(world) {
    const { messages, messageSizeBytes, seed, settings } = world.parameters;
    const span = Math.max(messageSizeBytes, Number(settings['workingSetBytes']));
    const payload = new Payload(
      seed,
      messageSizeBytes,
      Math.floor(span / messageSizeBytes) * messageSizeBytes,
    );
    if (Number(settings['copyBits']) > 0) world.outcome['hypothetical'] = 'copy width';
    const total = messages * messageSizeBytes;
    startPair(world, {
      *client(sender, channel) {
        const buffer = payload.place(sender);
        world.startClock(sender);
        yield* inLoop(sender, writeStream(world, sender, channel, payload, buffer, total));
      },
      *server(receiver, channel) {
        const buffer = allocateBuffer(receiver, payload.bufferBytes);
        const whole = yield* inLoop(
          receiver,
          readStream(world, receiver, channel, payload, buffer, total),
        );
        if (!whole) return;
        world.messagesDelivered = messages;
        world.stop(receiver);
      },
    });
  },
};
