import { roundedUpToSlot, SMALLEST_RING_BYTES } from '../../src/ring/wrapped-offset-ring.js';
import type { Domain } from '../../src/xen/domain.js';
import { ECONNREFUSED, EEXIST, EFAULT, EINVAL, ENOSPC } from '../../src/xen/errno.js';
import { PAGE_SHIFT, PAGE_SIZE } from '../../src/xen/memory.js';
import {
  DOMID_ANY,
  GFN_BYTES,
  MAX_RING_BYTES,
  MAX_RINGS_PER_DOMAIN,
  REGISTER_BYTES,
  REGISTER_FAIL_EXIST,
} from './argo-abi.js';
import type { ArgoCall } from './argo-call.js';
import type { ArgoDomain } from './argo-domain.js';
import type { GuestAccess } from './argo-guest-access.js';
import { ArgoRing, pagesOfRing } from './argo-ring.js';
import type { ArgoTable } from './argo-table.js';

const TWO_TO_32 = 4294967296;

/**
 * Reads and checks the arguments of register_ring into the call: port, partner (`domid`) and length.
 *
 * @returns 0, or the negated error
 */
export function readRegistration(
  access: GuestAccess,
  call: ArgoCall,
  registration: number,
  pages: number,
  flags: number,
): number {
  if (pages > MAX_RING_BYTES >> PAGE_SHIFT) return -EINVAL;
  if ((flags & ~REGISTER_FAIL_EXIST) !== 0) return -EINVAL;
  if (!access.read(call.vcpu, registration, REGISTER_BYTES)) return -EFAULT;
  const { words } = access;
  call.port = words[0] as number;
  const partner = words[1] as number;
  const bytes = words[2] as number;
  if (
    bytes < SMALLEST_RING_BYTES ||
    bytes > MAX_RING_BYTES ||
    bytes !== roundedUpToSlot(bytes) ||
    pagesOfRing(bytes) !== pages ||
    partner >>> 16 !== 0
  ) {
    return -EINVAL;
  }
  call.domid = partner;
  call.bytes = bytes;
  return 0;
}

/**
 * find_ring_mfns: the frames behind a guest's list of frame numbers, one access to the guest each. Every one must be
 * memory of its own that it can write: what it has mapped of others will not do.
 *
 * @returns the frames, or the negated error
 */
function ringFrames(
  access: GuestAccess,
  call: ArgoCall,
  gfns: number,
  pages: number,
): readonly number[] | number {
  const frames: number[] = [];
  for (let i = 0; i < pages; i++) {
    if (!access.read(call.vcpu, gfns + i * GFN_BYTES, GFN_BYTES)) return -EFAULT;
    const gfn = (access.words[0] as number) + (access.words[1] as number) * TWO_TO_32;
    const mfn = writableFrame(call.vcpu.domain, gfn);
    if (mfn < 0) return -EINVAL;
    frames.push(mfn);
  }
  return frames;
}

/** A PV guest names machine frames, a PVH guest frames of its own. */
function writableFrame(domain: Domain, gfn: number): number {
  const { memory } = domain.machine;
  if (domain.type === 'pvh' && !domain.space.reaches(gfn * PAGE_SIZE, PAGE_SIZE, true)) return -1;
  const mfn = domain.type === 'pv' ? gfn : domain.space.frameAt(gfn);
  return memory.owners[mfn] === domain.domid ? mfn : -1;
}

/**
 * What tx_ptr a ring starts with: the one in its page, so that a ring can be registered again with messages in it; or,
 * where that makes no sense, the one at which it is empty.
 */
function initialTx(ring: ArgoRing): { tx: number; isReset: boolean } {
  const { rx, tx } = ring.rawPointers();
  if (tx < ring.bytes && roundedUpToSlot(tx) === tx) return { tx, isReset: false };
  const flushed = roundedUpToSlot(rx);
  return { tx: flushed >= ring.bytes ? 0 : flushed, isReset: true };
}

/**
 * What register_ring does once it has its arguments and its locks. Returns 0, or the negated error.
 *
 * @param gfns address of the list of frame numbers
 */
export function registerRing(
  access: GuestAccess,
  table: ArgoTable,
  call: ArgoCall,
  gfns: number,
  pages: number,
  flags: number,
): number {
  const { port, domid: partner, bytes, vcpu } = call;
  const own = table.of(vcpu.domain);
  if (partner !== DOMID_ANY && table.living(partner) === undefined) return -ECONNREFUSED;
  if (own.ringCount >= MAX_RINGS_PER_DOMAIN) return -ENOSPC;
  const known = own.find(port, partner);
  if (known !== undefined) {
    if ((flags & REGISTER_FAIL_EXIST) !== 0 || known.bytes !== bytes) return -EEXIST;
    known.letFramesGo();
  }
  const frames = ringFrames(access, call, gfns, pages);
  if (typeof frames === 'number') {
    // As in Xen, the old registration goes too, and what it counted stays counted.
    if (known !== undefined) own.remove(known);
    return frames;
  }
  const ring = enrol(table, own, { port, partner, bytes, frames });
  const { tx, isReset } = initialTx(ring);
  if (isReset) ring.writeTx(vcpu, tx);
  ring.txPtr = tx;
  return 0;
}

/** A ring that is to be in the table of its owner. */
export interface RingEntry {
  readonly port: number;
  readonly partner: number;
  readonly bytes: number;
  readonly frames: readonly number[];
}

/** Puts a ring into the table, or gives one that is there other frames. */
export function enrol(
  table: ArgoTable,
  own: ArgoDomain,
  { port, partner, bytes, frames }: RingEntry,
): ArgoRing {
  const known = own.find(port, partner);
  const ring = known ?? new ArgoRing(own.domain, port, partner, bytes);
  if (known === undefined) own.add(ring);
  ring.holdFrames(frames);
  own.ringCount++;
  if (partner !== DOMID_ANY) {
    table.living(partner)?.sends.push({ domid: own.domain.domid, port, partner });
  }
  return ring;
}

/** What unregister_ring does. */
export function unregisterRing(table: ArgoTable, own: ArgoDomain, ring: ArgoRing): void {
  const { domid } = own.domain;
  own.remove(ring);
  own.ringCount--;
  const sends = table.get(ring.partner)?.sends ?? [];
  const at = sends.findIndex(
    (id) => id.domid === domid && id.port === ring.port && id.partner === ring.partner,
  );
  if (at >= 0) sends.splice(at, 1);
}
