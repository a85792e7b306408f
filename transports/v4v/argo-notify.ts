import { largestPayload } from '../../src/ring/wrapped-offset-ring.js';
import { EBUSY, EFAULT } from '../../src/xen/errno.js';
import {
  DOMID_ANY,
  ENTRY_FLAGS,
  ENTRY_MAX_MESSAGE_SIZE,
  RING_DATA_ENTRY_BYTES,
  RING_EBUSY,
  RING_EMPTY,
  RING_EMSGSIZE,
  RING_EXISTS,
  RING_SHARED,
  RING_SUFFICIENT,
} from './argo-abi.js';
import type { ArgoCall } from './argo-call.js';
import type { GuestAccess } from './argo-guest-access.js';
import { dropLocks, spinUntil } from './argo-locks.js';
import type { ArgoRing } from './argo-ring.js';
import type { ArgoTable } from './argo-table.js';

/**
 * fill_ring_data: answers a guest's question about one ring, in place, and lets it wait for the space that it asks for.
 *
 * @param find the domain behind a domid, as far as Argo knows it
 * @returns 0, or the negated error
 */
export function fillRingData(
  access: GuestAccess,
  call: ArgoCall,
  entry: number,
  find: ArgoTable['living'],
): number {
  const { vcpu } = call;
  if (!access.read(vcpu, entry, RING_DATA_ENTRY_BYTES)) return -EFAULT;
  const { words } = access;
  const port = words[0] as number;
  const domid = (words[1] as number) & 0xffff;
  const spaceRequired = words[3] as number;
  let largest = words[4] as number;
  let flags = 0;
  const ring = find(domid)?.match(port, vcpu.domain.domid);
  if (ring !== undefined) {
    largest = largestPayload(ring.bytes);
    flags = RING_EXISTS | answer(call, ring, spaceRequired);
  }
  if (
    !access.writeField(vcpu, entry + ENTRY_FLAGS, 2, flags) ||
    !access.writeField(vcpu, entry + ENTRY_MAX_MESSAGE_SIZE, 4, largest)
  ) {
    return -EFAULT;
  }
  return 0;
}

function answer(call: ArgoCall, ring: ArgoRing, spaceRequired: number): number {
  const { vcpu } = call;
  const { domid } = vcpu.domain;
  const largest = largestPayload(ring.bytes);
  // A message on its way into the ring is there when the lock is free.
  spinUntil(vcpu, ring.lock.writerUntil);
  const before = call.held.length;
  ring.lock.takeForWriting(call);
  const space = ring.payloadSpace(vcpu);
  let flags = ring.partner === DOMID_ANY ? RING_SHARED : 0;
  if (spaceRequired > largest) {
    flags |= RING_EMSGSIZE;
  } else if (space >= spaceRequired) {
    ring.pending.cancel(domid);
    flags |= RING_SUFFICIENT;
  } else if (ring.pending.requeue(domid, spaceRequired) === -EBUSY) {
    flags |= RING_EBUSY;
  }
  dropLocks(call, before);
  return space === largest ? flags | RING_EMPTY : flags;
}
