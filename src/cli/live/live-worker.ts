import { parentPort, workerData } from 'node:worker_threads';
import type { LiveThreadData } from '../../testbed/live/live-protocol.js';
import { serveRounds } from '../../testbed/live/serve-rounds.js';
import { CATALOGUE } from '../catalogue.js';

/** The script of a live domain's thread. */

if (parentPort === null) throw new Error('this is a worker thread of the testbed live');
await serveRounds(parentPort, workerData as LiveThreadData, CATALOGUE);
