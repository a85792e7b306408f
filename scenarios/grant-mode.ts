import type { Scenario } from '../src/scenario/contract.js';
import { messageTooLarge } from '../src/scenario/fit.js';
import { messagesOneWay } from '../src/scenario/messages-one-way.js';
import { startPair } from '../src/scenario/pair.js';
import { receiverAndSender } from '../src/scenario/topology.js';

/**
 * What the proposal says of grants: "having to map grant pages on each transfer" leads to TLB misses and flushes. The
 * same messages with pages mapped once, mapped for each transfer, and copied by Xen (GNTTABOP_copy). Transports that
 * have one mode only are there for comparison.
 */
export const grantMode: Scenario = {
  name: 'grant-mode',
  summary: 'TLB flushes and their price: pages mapped once, mapped for each transfer, or copied',
  isOfTwoEnds: true,
  version: 1,
  settings: {},
  metrics: [],
  protocolDetermined: ['tlbFlushesPerMessage', 'copiedBytesPerByte'],
  sweeps: {
    quick: [
      {
        ringSizeBytes: [65_536],
        messageSizeBytes: [4096],
        grantMode: ['persistent', 'per-transfer', 'copy'],
      },
    ],
    full: [
      {
        ringSizeBytes: [65_536],
        messageSizeBytes: [64, 1024, 4096, 16_384],
        grantMode: ['persistent', 'per-transfer', 'copy'],
        guestType: ['pvh', 'pv'],
        placement: ['own', 'shared'],
      },
    ],
  },
  messages: () => 1000,
  topology: receiverAndSender,
  skipReason: messageTooLarge,
  start: (world) => startPair(world, messagesOneWay(world)),
};
