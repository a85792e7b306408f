import type { Claim } from './claim.js';
import { CONNECTIONS } from './list/connections.js';
import { COPIES } from './list/copies.js';
import { SEPARATION } from './list/separation.js';
import { SET_UP_AND_DESTRUCTION } from './list/set-up-and-destruction.js';
import { SHARED_MEMORY } from './list/shared-memory.js';
import { USE_AND_COMPARISON } from './list/use-and-comparison.js';
import { VMEXITS } from './list/vmexits.js';

/** The one list of statements, in the order in which the proposal makes them. */
export const CLAIMS: readonly Claim[] = [
  ...SET_UP_AND_DESTRUCTION,
  ...SHARED_MEMORY,
  ...CONNECTIONS,
  ...COPIES,
  ...SEPARATION,
  ...VMEXITS,
  ...USE_AND_COMPARISON,
];
