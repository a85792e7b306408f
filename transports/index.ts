import type { TransportDriver } from '../src/transport/contract.js';
import { analytic } from './analytic/index.js';
import { libvchan } from './libvchan/index.js';
import { nullTransport } from './null/index.js';
import { v2v } from './v2v/index.js';
import { v4v } from './v4v/index.js';

/** All transports, in the order in which they are listed and compared. A new one is one line here. */
export const transports: readonly TransportDriver[] = [v4v, libvchan, v2v, nullTransport, analytic];
