import type { Process } from '../../src/sim/process.js';
import type {
  ConnectOutcome,
  Endpoint,
  ListenOutcome,
  RingSize,
  TransportDriver,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { connectVchan, VchanListener } from './connect.js';
import { LARGEST_RING, ringOrders, SHARED_FIELDS } from './layout.js';

/** libvchan: two rings in shared pages, mapped once, events only for a side that has asked. */
export const libvchan: TransportDriver = {
  name: 'libvchan',
  capabilities: {
    summary: 'grant-shared rings, mapped once; an event only where the peer has asked for one',
    framing: 'stream',
    dataPath: 'shared-memory',
    usesXenstore: true,
    usesBroker: false,
    grantModes: ['persistent'],
    sharedFields: SHARED_FIELDS,
    comparable: true,
  },

  settings: {},

  ringSize(requestedBytes: number): RingSize {
    if (requestedBytes > LARGEST_RING) {
      return { refused: 'a libvchan ring is at most 1 MiB: its grants must fit the control page' };
    }
    return { bytes: 1 << ringOrders(requestedBytes).left };
  },

  largestMessage: (effectiveBytes: number): number => effectiveBytes,

  *listen(guest: Guest, endpoint: Endpoint): Process<ListenOutcome> {
    return { listener: new VchanListener(guest, endpoint) };
  },

  *connect(guest: Guest, endpoint: Endpoint): Process<ConnectOutcome> {
    return yield* connectVchan(guest, endpoint);
  },
};
