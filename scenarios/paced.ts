import { Prng } from '../src/base/prng.js';
import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { inLoop, receiveOne, sendOne } from '../src/scenario/flows.js';
import { startPair } from '../src/scenario/pair.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import { receiverAndSender } from '../src/scenario/topology.js';

const PS_PER_SECOND = 1e12;

/**
 * Latency, open loop: messages are due at fixed moments, whether or not the last one has got through, and each is timed
 * from the moment at which it was due. So a stall shows in every message that it delayed (no coordinated omission).
 */
export const paced: Scenario = {
  name: 'paced',
  summary:
    'latency of messages that are due at given moments (open loop), timed from the intended send',
  version: 1,
  settings: {
    messagesPerSecond: {
      default: 20_000,
      meaning: 'messages due in a second',
      range: [1, 100_000_000],
    },
    jitter: {
      default: true,
      meaning: 'spread each interval evenly between nothing and twice its length',
    },
  },
  metrics: [],
  protocolDetermined: ['copiedBytesPerByte'],
  sweeps: {
    quick: [
      {
        ringSizeBytes: [65_536],
        messageSizeBytes: [1024],
        settings: { messagesPerSecond: [20_000, 100_000] },
      },
    ],
    full: [
      {
        ringSizeBytes: [65_536],
        messageSizeBytes: [64, 1024],
        guestType: ['pvh', 'pv'],
        settings: { messagesPerSecond: [1000, 10_000, 50_000, 100_000, 200_000, 500_000] },
      },
    ],
  },
  messages: () => 2000,
  topology: receiverAndSender,
  skipReason: messageTooLarge,
  start(world) {
    const { messages, messageSizeBytes, seed, settings } = world.parameters;
    const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
    const intervalPs = Math.round(PS_PER_SECOND / Number(settings['messagesPerSecond']));
    const prng = new Prng(seed);
    const due = new Float64Array(messages);
    startPair(world, {
      *client(sender, channel) {
        const buffer = payload.place(sender);
        let moment = world.timePs(sender);
        for (let i = 0; i < messages; i++) {
          moment += settings['jitter'] === true ? prng.below(2 * intervalPs) : intervalPs;
          due[i] = moment;
        }
        world.startClock(sender);
        yield* inLoop(
          sender,
          (function* () {
            for (let i = 0; i < messages; i++) {
              const moment = due[i] as number;
              if (world.timePs(sender) < moment) yield* sender.vcpu.kernel.sleepUntil(moment);
              if (!(yield* sendOne(world, sender, channel, payload, buffer, i))) return;
            }
          })(),
        );
      },
      *server(receiver, channel) {
        const buffer = allocateBuffer(receiver, messageSizeBytes);
        yield* inLoop(
          receiver,
          (function* () {
            for (let i = 0; i < messages; i++) {
              if (!(yield* receiveOne(world, receiver, channel, payload, buffer, i))) return;
              world.latency(Math.max(0, world.timePs(receiver) - (due[i] as number)));
              world.messagesDelivered++;
              world.bytesDelivered += messageSizeBytes;
            }
            world.stop(receiver);
          })(),
        );
      },
    });
  },
};
