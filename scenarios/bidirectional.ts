import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { exchangeMessages, inLoop } from '../src/scenario/flows.js';
import { startPair } from '../src/scenario/pair.js';
import { allocateBuffer, Payload } from '../src/scenario/payload.js';
import type { Channel, Guest } from '../src/scenario/process.js';
import { receiverAndSender } from '../src/scenario/topology.js';

/** Both sides send and receive at once, each in one task. What is counted are the messages of both directions. */
export const bidirectional: Scenario = {
  name: 'bidirectional',
  summary: 'whole messages both ways at once',
  isOfTwoEnds: true,
  version: 1,
  settings: {},
  metrics: [],
  protocolDetermined: ['copiedBytesPerByte'],
  sweeps: {
    quick: [{ ringSizeBytes: [65_536], messageSizeBytes: [1024] }],
    full: [
      {
        ringSizeBytes: [4096, 65_536],
        messageSizeBytes: [64, 1024],
        guestType: ['pvh', 'pv'],
        placement: ['own', 'shared'],
      },
    ],
  },
  messages: () => 4000,
  topology: receiverAndSender,
  skipReason: messageTooLarge,
  start(world) {
    const { messages, messageSizeBytes, seed } = world.parameters;
    const each = Math.max(1, Math.floor(messages / 2));
    const payload = new Payload(seed, messageSizeBytes, messageSizeBytes);
    const running = world.countdown(2);
    startPair(world, { client: side, server: side });

    function* side(guest: Guest, channel: Channel) {
      const out = payload.place(guest);
      const into = allocateBuffer(guest, messageSizeBytes);
      if (running.left === 2) world.startClock(guest);
      const whole = yield* inLoop(
        guest,
        exchangeMessages(world, guest, channel, payload, out, into, each),
      );
      if (whole && running.finish() === 0) world.stop(guest);
    }
  },
};
