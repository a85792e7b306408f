import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type { LiveThreadData } from '../../testbed/live/live-protocol.js';
import { serveRounds } from '../../testbed/live/serve-rounds.js';
import { CATALOGUE } from '../catalogue.js';

/** The script of a live domain's thread. */

if (parentPort === null) throw new Error('this is a worker thread of the testbed live');
// So that V8 compiles a call of a driver's fast path as a whole: by itself it stops at 920 bytes of code, and calls the rest.
setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000');
await serveRounds(parentPort, workerData as LiveThreadData, CATALOGUE);
