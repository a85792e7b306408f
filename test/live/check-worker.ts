import { parentPort, workerData } from 'node:worker_threads';
import { checkLive, LiveStage } from '../../src/testbed/live/live-stage.js';
import { sharedClock } from '../../src/testbed/live/serve-rounds.js';
import type { SharedArea } from '../../src/testbed/live/shared-area.js';
import { template } from '../../transports/_template/index.js';
import { transports } from '../../transports/index.js';

/** One of the two threads of a live conformance check. */

export interface CheckWorkerData {
  readonly area: SharedArea;
  readonly thread: number;
  readonly clockBaseNs: string;
  readonly transport: string;
  readonly check: string;
  readonly seed: number;
}

const { area, thread, clockBaseNs, transport, check, seed } = workerData as CheckWorkerData;
const driver = [...transports, template].find(({ name }) => name === transport);
if (driver === undefined) throw new Error(`there is no transport ${transport}`);
const stage = new LiveStage(area, thread, seed, sharedClock(BigInt(clockBaseNs)));
parentPort?.postMessage(checkLive(driver, check, stage));
