import {
  advancedOffset,
  fits,
  footprint,
  freeBytes,
  MESSAGE_HEADER_BYTES,
  roundedUpToSlot,
} from '../../src/ring/wrapped-offset-ring.js';
import { EAGAIN, EFAULT, EINVAL, EMSGSIZE, EPERM } from '../../src/xen/errno.js';
import type { Vcpu } from '../../src/xen/vcpu.js';
import {
  DOMID_ANY,
  IOV_BYTES,
  MAX_IOVS,
  MAX_MESSAGE_BYTES,
  SEND_ADDRESS_BYTES,
} from './argo-abi.js';
import type { ArgoCall } from './argo-call.js';
import { type GuestAccess, ringCuts } from './argo-guest-access.js';
import type { ArgoRing } from './argo-ring.js';

const TWO_TO_32 = 4294967296;

/**
 * Reads the arguments of sendv into the call: the address struct, then the iovs. These are the walks that every send
 * costs, before a byte of payload.
 *
 * @returns 0, or the negated error
 */
export function readSendArguments(
  access: GuestAccess,
  call: ArgoCall,
  sendAddress: number,
  iovs: number,
  iovCount: number,
  messageType: number,
): number {
  const { vcpu } = call;
  if (!access.read(vcpu, sendAddress, SEND_ADDRESS_BYTES)) return -EFAULT;
  const { words } = access;
  call.sourcePort = words[0] as number;
  const source = words[1] as number;
  call.port = words[2] as number;
  const destination = words[3] as number;
  if (iovCount > MAX_IOVS) return -EINVAL;
  if (iovCount > 0 && !access.read(vcpu, iovs, iovCount * IOV_BYTES)) return -EFAULT;
  call.iovCount = iovCount;
  call.messageType = messageType;
  for (let i = 0; i < iovCount; i++) {
    call.iovAddresses[i] = (words[4 * i] as number) + (words[4 * i + 1] as number) * TWO_TO_32;
    call.iovLengths[i] = words[4 * i + 2] as number;
    call.iovPads[i] = words[4 * i + 3] === 0 ? 0 : 1;
  }
  // The upper halves are padding.
  if (source >>> 16 !== 0 || destination >>> 16 !== 0) return -EINVAL;
  if (source !== DOMID_ANY && source !== vcpu.domain.domid) return -EPERM;
  call.domid = destination;
  return 0;
}

/** iov_count: the payload in bytes, or the negated error. */
export function payloadOf(call: ArgoCall): number {
  let sum = 0;
  for (let i = 0; i < call.iovCount; i++) {
    if (call.iovPads[i] !== 0) return -EINVAL;
    const length = call.iovLengths[i] as number;
    if (length > MAX_MESSAGE_BYTES) return -EINVAL;
    sum += length;
    if (sum > MAX_MESSAGE_BYTES) return -EMSGSIZE;
  }
  return sum;
}

/**
 * ringbuf_insert, up to the point at which tx_ptr moves: header and payload lie in the ring, and nobody knows yet.
 *
 * Invariant: at most `footprint(length)` bytes are written, and so many are free: never over what the receiver has not
 * yet read.
 */
export function insertMessage(access: GuestAccess, call: ArgoCall, ring: ArgoRing): number {
  const { vcpu, length } = call;
  if (ring.bytes <= footprint(length)) return -EMSGSIZE;
  const rx = ring.readRx(vcpu);
  if (!fits(length, freeBytes(rx, ring.txPtr, ring.bytes))) return -EAGAIN;
  let tx = ring.txPtr;
  ring.writeMessageHeader(
    tx,
    length + MESSAGE_HEADER_BYTES,
    call.sourcePort,
    vcpu.domain.domid,
    call.messageType,
  );
  tx = advancedOffset(tx, MESSAGE_HEADER_BYTES, ring.bytes);
  for (let i = 0; i < call.iovCount; i++) {
    let address = call.iovAddresses[i] as number;
    let left = call.iovLengths[i] as number;
    if (left === 0) continue;
    const tail = ring.bytes - tx;
    if (left > tail) {
      if (!copyPiece(access, vcpu, ring, tx, address, tail)) return -EFAULT;
      address += tail;
      left -= tail;
      tx = 0;
    }
    if (!copyPiece(access, vcpu, ring, tx, address, left)) return -EFAULT;
    tx = advancedOffset(tx, left, ring.bytes);
  }
  call.nextTx = advancedOffset(roundedUpToSlot(tx), 0, ring.bytes);
  return length;
}

/** memcpy_to_guest_ring. The bytes lie together in the ring. Returns false where the guest has no such memory. */
function copyPiece(
  access: GuestAccess,
  vcpu: Vcpu,
  ring: ArgoRing,
  offset: number,
  source: number,
  length: number,
): boolean {
  const destination = ring.windowAddress(offset, length);
  if (!access.reach(vcpu, source, length, false, ringCuts(source, destination, length))) {
    return false;
  }
  const { copies } = vcpu.machine.counters;
  copies.hypervisorCopies++;
  copies.hypervisorBytes += length;
  vcpu.memory.copyBetween(ring.window, destination, vcpu.domain.space, source, length, false);
  return true;
}
