import { Worker } from 'node:worker_threads';
import { createSharedArea, stopThreads } from '../../src/testbed/live/shared-area.js';
import type { ConformanceResult } from '../../src/transport/conformance.js';
import type { CheckWorkerData, Sabotage } from './check-worker.js';

const SCRIPT = new URL('./check-worker.js', import.meta.url);
const FRAME_BYTES = 4 << 20;
/** The longest check takes some seconds; on a busy machine many. */
const PATIENCE_MS = 120_000;

/** Holds a transport to a check, its two ends on two threads. Fails where either end fails, or both hang. */
export async function checkOnThreads(
  transport: string,
  check: string,
  seed: number,
  sabotage: Sabotage = 'none',
): Promise<ConformanceResult> {
  const area = createSharedArea(FRAME_BYTES, 2);
  const clockBaseNs = String(process.hrtime.bigint());
  const workers = [0, 1].map((thread) => {
    const workerData: CheckWorkerData = {
      area,
      thread,
      clockBaseNs,
      transport,
      check,
      seed,
      sabotage,
    };
    return new Worker(SCRIPT, { workerData });
  });
  const timer = setTimeout(() => stopThreads(area), PATIENCE_MS);
  try {
    const results = await Promise.all(
      workers.map(
        (worker) =>
          new Promise<ConformanceResult>((resolve, reject) => {
            worker.on('error', reject);
            worker.on('message', (result: ConformanceResult) => {
              // The other end may wait for ever for what did not come.
              if (result.verdict === 'failed') stopThreads(area);
              resolve(result);
            });
          }),
      ),
    );
    const blame = (result: ConformanceResult): number =>
      result.verdict !== 'failed'
        ? 2
        : /told to stop|LiveStopped/.test(result.reason ?? '')
          ? 1
          : 0;
    return results.sort((a, b) => blame(a) - blame(b))[0] as ConformanceResult;
  } finally {
    clearTimeout(timer);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
