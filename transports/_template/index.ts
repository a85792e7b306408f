import type { RingSize, TransportDriver } from '../../src/transport/contract.js';
import { connectTemplate } from './connect.js';
import {
  CLIENT_IS_THERE,
  LENGTH_FOR_CLIENT,
  LENGTH_FOR_SERVER,
  SERVER_IS_THERE,
  SLOT_BYTES,
} from './layout.js';
import { TemplateListener } from './listener.js';

/** template: one page granted by the server, with a mailbox of one message in each direction. */
export const template: TransportDriver = {
  name: 'template',

  // What scenarios and reports need to know. They never ask for the name.
  capabilities: {
    summary: 'one shared page with a mailbox of one message in each direction, an event each time',
    framing: 'both',
    dataPath: 'shared-memory',
    usesXenstore: true,
    usesBroker: false,
    grantModes: ['persistent'],
    sharedFields: [
      { name: 'length for server', offset: LENGTH_FOR_SERVER, bytes: 4 },
      { name: 'length for client', offset: LENGTH_FOR_CLIENT, bytes: 4 },
      { name: 'server is there', offset: SERVER_IS_THERE, bytes: 1 },
      { name: 'client is there', offset: CLIENT_IS_THERE, bytes: 1 },
    ],
    comparable: true,
  },

  // What `--set name=value` can change: `pollNs: { default: 100, meaning: 'time between two looks', range: [1, 1e6] }`.
  // Read them with `settingValues('template', template.settings, endpoint.options)`.
  settings: {},

  // What the protocol makes of a requested size, or why it cannot: cells that ask for more are skipped with this reason.
  ringSize(requestedBytes: number): RingSize {
    if (requestedBytes > SLOT_BYTES) {
      return { refused: `a template mailbox holds ${SLOT_BYTES} bytes: there is one page` };
    }
    return { bytes: SLOT_BYTES };
  },

  largestMessage: (effectiveBytes) => effectiveBytes,

  *listen(guest, endpoint) {
    return { listener: new TemplateListener(guest, endpoint) };
  },

  connect: connectTemplate,
};
