/** What scenarios need of the layers below, so that they import from here alone. */
export type { Process } from '../sim/process.js';
export type { Channel, ConnectFailure } from '../transport/contract.js';
export type { Guest } from '../transport/guest.js';
