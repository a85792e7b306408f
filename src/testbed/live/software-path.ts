import { MessageChannel, Worker } from 'node:worker_threads';
import { invariant } from '../../base/errors.js';
import { percentile, sortedAscending } from '../../stats/quantile.js';
import { inlineFastPaths } from './inlining.js';
import type { LivePairData } from './live-pair.js';
import {
  type FromThread,
  type LiveThreadData,
  MEASURE_SOFTWARE,
  type SoftwarePath,
} from './live-protocol.js';
import type { LiveEnd } from './live-round.js';
import { createControlArea } from './shared-area.js';

/** Short: its bytes cost next to nothing. */
const MESSAGE_BYTES = 64;
/** Messages in a row, which fit any ring; rows that do not count, and those that do. */
const ROW = 20;
const WARM_UP_ROWS = 15_000;
const ROWS = 5000;
const FRAME_BYTES = 32 << 20;

/** Sends and receives in turns, both ends on the calling thread, which is alone in its machine. */
export function measureSoftwarePath({ pair, thread }: LiveEnd, nowPs: () => number): SoftwarePath {
  const { guests } = thread.installation;
  const [into = 0, from = 0] = guests.map(({ domain, vcpu }) => {
    vcpu.state = 'running';
    return domain.allocate(1);
  });
  const sendPs: number[] = [];
  const receivePs: number[] = [];
  for (let row = 0; row < WARM_UP_ROWS + ROWS; row++) {
    const start = nowPs();
    for (let i = 0; i < ROW; i++) moved(pair.client.write(from, MESSAGE_BYTES));
    const half = nowPs();
    for (let i = 0; i < ROW; i++) moved(pair.server.read(into, MESSAGE_BYTES));
    if (row < WARM_UP_ROWS) continue;
    sendPs.push(half - start);
    receivePs.push(nowPs() - half);
  }
  // Other load only ever adds.
  const ns = (ps: readonly number[]): number => percentile(sortedAscending(ps), 10) / ROW / 1000;
  return { sendNs: ns(sendPs), receiveNs: ns(receivePs) };
}

function moved(outcome: number): void {
  invariant(outcome === MESSAGE_BYTES, 'a message did not pass an empty ring', { outcome });
}

/** Lets a thread of its own measure it. Throws what went wrong there. */
export async function softwarePath(script: URL, data: LivePairData): Promise<SoftwarePath> {
  const control = createControlArea(1);
  const { port1: partner, port2: nobody } = new MessageChannel();
  const workerData: LiveThreadData = {
    ...data,
    control,
    frameBytes: FRAME_BYTES,
    thread: 0,
    partner,
  };
  inlineFastPaths();
  const worker = new Worker(script, { workerData, transferList: [partner] });
  try {
    return await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message: FromThread) => {
        if ('failed' in message) reject(new Error(message.failed));
        else if ('software' in message) resolve(message.software);
        else worker.postMessage(MEASURE_SOFTWARE);
      });
    });
  } finally {
    nobody.close();
    await worker.terminate();
  }
}
