import { parentPort, workerData } from 'node:worker_threads';
import { FarSide } from '../../sockets/far-side.js';
import { LiveDomain } from '../../sockets/live-domain.js';
import type { DomainSeat } from '../../sockets/seat.js';
import type { SocketAddress } from '../../sockets/socket-address.js';
import { CATALOGUE } from '../catalogue.js';
import { monotonicPs } from './clock.js';

/** The script of the thread in which the domain lives that dials. */

/** What it is started with. */
export interface FarWorkerData {
  readonly seat: DomainSeat;
  readonly targets: readonly SocketAddress[];
}

if (parentPort === null) throw new Error('this is a worker thread of interdom tunnel');
const { seat, targets } = workerData as FarWorkerData;
const domain = new LiveDomain(seat, CATALOGUE.transports, monotonicPs);
new FarSide(domain, targets);
// Whoever asks is told what this domain has done.
parentPort.on('message', () => parentPort?.postMessage(domain.statistics()));
