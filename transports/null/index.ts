import { PS_PER_NS } from '../../src/base/units.js';
import { idealDriver } from '../../src/transport/ideal/driver.js';
import { GUEST_USER } from '../../src/xen/causes.js';

/** null: bytes move at no cost, and who waits looks again every nanosecond. What is left is the harness itself. */
export const nullTransport = idealDriver({
  name: 'null',
  summary: 'costs nothing: shows what the harness itself takes',
  polling: { stepPs: PS_PER_NS, cause: GUEST_USER },
  emptyLookPs: PS_PER_NS,
  settings: {},
  timing: () => ({ latencyPs: 0, psPerByte: 0 }),
});
