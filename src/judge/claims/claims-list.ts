import type { Claim } from './claim.js';
import { COST_AND_USE } from './list/cost-and-use.js';
import { WHAT_V4V_IS } from './list/what-v4v-is.js';
import { WHY_V4V } from './list/why-v4v.js';

/** Where the statements come from. */
export const PROPOSAL = 'the V4V proposal (xen-devel, 2012)';

/** The one list of statements, in the order in which the proposal makes them. */
export const CLAIMS: readonly Claim[] = [...WHY_V4V, ...WHAT_V4V_IS, ...COST_AND_USE];
