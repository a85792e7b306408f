import type { Process } from '../../src/sim/process.js';
import type {
  ConnectOutcome,
  Endpoint,
  ListenOutcome,
  RingSize,
  TransportDriver,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { brokerOf, startBroker } from './broker.js';
import { LARGEST_RING, largestPayload, PAGE_BYTES, ringOrder, SHARED_FIELDS } from './layout.js';
import { V2vListener } from './listener.js';
import { V2V_SETTINGS } from './settings.js';
import { connectToTemple } from './supplicant.js';

/** V2V: XenClient's first design, netchannel2's messages in grant-shared rings, connected by a broker in dom0. */
export const v2v: TransportDriver = {
  name: 'v2v',
  capabilities: {
    summary:
      'grant-shared rings of messages, connected by a broker in dom0 and xenbus-style states',
    framing: 'both',
    dataPath: 'shared-memory',
    usesXenstore: true,
    usesBroker: true,
    grantModes: ['persistent', 'per-transfer', 'copy'],
    sharedFields: SHARED_FIELDS,
    comparable: true,
  },

  settings: V2V_SETTINGS,

  ringSize(requestedBytes: number): RingSize {
    if (requestedBytes > LARGEST_RING) {
      return { refused: 'a V2V ring is at most 64 KiB: 16 pages for each direction' };
    }
    return { bytes: PAGE_BYTES << ringOrder(requestedBytes) };
  },

  largestMessage: largestPayload,

  *listen(guest: Guest, endpoint: Endpoint): Process<ListenOutcome> {
    return { listener: new V2vListener(guest, endpoint) };
  },

  *connect(guest: Guest, endpoint: Endpoint): Process<ConnectOutcome> {
    const { port, serverDomid } = endpoint;
    const pair = { port, listener: serverDomid, connector: guest.domid };
    const channel = yield* connectToTemple(guest, endpoint, pair);
    return 'failed' in channel ? channel : { channel };
  },

  prepareDom0(dom0: Guest): void {
    startBroker(dom0);
  },

  broker: brokerOf,
};
