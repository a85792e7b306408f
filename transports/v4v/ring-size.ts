import { roundedUpToSlot, SMALLEST_RING_BYTES } from '../../src/ring/wrapped-offset-ring.js';
import { MAX_RING_BYTES, RING_START } from './argo-abi.js';

/** Argo's largest ring that can be registered: the header needs room in the last page. */
export const LARGEST_RING_BYTES = MAX_RING_BYTES - RING_START;

/** What becomes of a size: whole slots, at least 48 bytes, at most what Argo takes. */
export function effectiveRingBytes(requestedBytes: number): number {
  const bytes = Math.max(SMALLEST_RING_BYTES, requestedBytes);
  return bytes > LARGEST_RING_BYTES ? LARGEST_RING_BYTES : roundedUpToSlot(bytes);
}
