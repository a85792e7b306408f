import { parentPort, workerData } from 'node:worker_threads';
import { CATALOGUE } from '../../src/cli/catalogue.js';
import type { LiveThreadData, ToThread } from '../../src/testbed/live/live-protocol.js';
import { serveRounds } from '../../src/testbed/live/serve-rounds.js';

/** A thread of a live cell that does its work by libvchan; by V4V its server dies in its third round, by V2V it hangs. */

const port = parentPort;
if (port === null) throw new Error('this is a worker thread');
const data = workerData as LiveThreadData;
if (data.thread === 0) {
  let rounds = 0;
  port.on('message', (_order: ToThread) => {
    if (++rounds < 3) return;
    if (data.transport === 'v4v') process.exit(7);
    if (data.transport === 'v2v') for (;;);
  });
}
await serveRounds(port, data, CATALOGUE);
