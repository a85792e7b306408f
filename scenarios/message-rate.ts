import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { messagesOneWay } from '../src/scenario/messages-one-way.js';
import { startPair } from '../src/scenario/pair.js';
import { receiverAndSender } from '../src/scenario/topology.js';

/** Whole messages one way, as fast as they go: each is sent or not, never in parts. */
export const messageRate: Scenario = {
  name: 'message-rate',
  summary: 'whole messages one way, as many a second as go',
  isOfTwoEnds: true,
  version: 1,
  settings: {},
  metrics: [],
  protocolDetermined: ['copiedBytesPerByte'],
  sweeps: {
    quick: [{ ringSizeBytes: [65_536], messageSizeBytes: [64, 1024] }],
    full: [
      {
        ringSizeBytes: [4096, 65_536],
        messageSizeBytes: [16, 64, 256, 1024, 4000],
        guestType: ['pvh', 'pv'],
        placement: ['own', 'shared'],
      },
    ],
  },
  messages: () => 4000,
  topology: receiverAndSender,
  skipReason: messageTooLarge,
  start: (world) => startPair(world, messagesOneWay(world)),
};
