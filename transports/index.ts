import type { TransportDriver } from '../src/transport/contract.js';
import { libvchan } from './libvchan/index.js';

/** All transports, in the order in which they are listed and compared. A new one is one line here. */
export const transports: readonly TransportDriver[] = [libvchan];
