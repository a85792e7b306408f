import { formatBytes } from '../../src/base/units.js';
import { largestPayload } from '../../src/ring/wrapped-offset-ring.js';
import type { RingSize, TransportDriver } from '../../src/transport/contract.js';
import { argoOf } from './argo.js';
import { connectV4v } from './connect.js';
import { hostileV4vSetup } from './hostile.js';
import { listenV4v } from './listener.js';
import { effectiveRingBytes, LARGEST_RING_BYTES } from './ring-size.js';
import { V4V_SETTINGS } from './settings.js';

/** V4V as it lives on in Xen (Argo): Xen copies each message into the receiver's ring and raises one VIRQ a domain. */
export const v4v: TransportDriver = {
  name: 'v4v',
  capabilities: {
    summary:
      "Xen copies each message into the receiver's ring: nothing is shared, one VIRQ a domain",
    framing: 'both',
    dataPath: 'hypervisor-copy',
    usesXenstore: false,
    usesBroker: false,
    // V4V grants nothing; "persistent" is the mode of cells that do not ask for another.
    grantModes: ['persistent'],
    // A ring is written by Xen and by its owner.
    sharedFields: [],
    comparable: true,
  },

  settings: V4V_SETTINGS,

  ringSize(requestedBytes: number): RingSize {
    if (requestedBytes > LARGEST_RING_BYTES) {
      return {
        refused: `a V4V ring is at most ${formatBytes(LARGEST_RING_BYTES)} (16 MiB with its header)`,
      };
    }
    return { bytes: effectiveRingBytes(requestedBytes) };
  },

  largestMessage: largestPayload,

  listen: listenV4v,

  connect: connectV4v,

  heldResources(machine) {
    let rings = 0;
    for (const { domid } of machine.allDomains()) rings += argoOf(machine).ringCount(domid);
    return { 'registered rings': rings };
  },

  hostileAtSetup: hostileV4vSetup,
};
