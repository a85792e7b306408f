import type { Side } from './claim.js';

export const V4V: Side = { transport: 'v4v' };
export const LIBVCHAN: Side = { transport: 'libvchan' };
/** Rings that are mapped once, as V2V had them. */
export const V2V: Side = { transport: 'v2v' };
/** Payload in pages that are mapped for each transfer, as netback did. */
export const MAPPED_EACH_TIME: Side = { transport: 'v2v', grantMode: 'per-transfer' };
