import type { Scenario } from '../src/scenario/contract.js';
import { GRANTED_PAGES, startGrantTransfers } from '../src/scenario/grant-transfers.js';
import { receiverAndSender } from '../src/scenario/topology.js';

const PAGE_BYTES = 4096;

/**
 * Grant operations without a channel around them: what one transfer costs in hypercalls, flushes and time where nobody
 * sends an event. What `grant-mode` shows of whole transports comes from here.
 */
export const bareGrants: Scenario = {
  name: 'bare-grants',
  summary:
    'grant operations alone: payload taken by map and unmap, by GNTTABOP_copy, or from kept pages',
  version: 1,
  settings: {},
  metrics: [],
  protocolDetermined: ['hypercallsPerMessage', 'eventsPerMessage', 'tlbFlushesPerMessage'],
  sweeps: {
    quick: [],
    full: [
      {
        ringSizeBytes: [PAGE_BYTES],
        messageSizeBytes: [PAGE_BYTES, 4 * PAGE_BYTES],
        grantMode: ['persistent', 'per-transfer', 'copy'],
        guestType: ['pvh', 'pv'],
      },
    ],
  },
  messages: () => 1000,
  skipReason: ({ capabilities }, { messageSizeBytes }) => {
    if (!capabilities.grantModes.includes('copy')) {
      return 'does not move payload by grant operations';
    }
    return messageSizeBytes > GRANTED_PAGES * PAGE_BYTES
      ? `a transfer has at most ${GRANTED_PAGES} pages`
      : undefined;
  },
  topology: receiverAndSender,
  start: startGrantTransfers,
};
