import { Worker } from 'node:worker_threads';
import { formatSignificant } from '../base/units.js';
import { percentile, sortedAscending } from '../stats/quantile.js';
import { cpusForThreads } from '../testbed/live/cpu-affinity.js';
import { LivePair } from '../testbed/live/live-pair.js';
import { benchPlan, type Parts } from './cell-plans.js';
import { type Way, Yardsticks } from './yardsticks.js';

const RING_BYTES = 65_536;
/** Message size, and the part of C's speed that is promised there. */
const SIZES: readonly [bytes: number, promise: number][] = [
  [64, 0.4],
  [1024, 0.65],
  [4096, 0.9],
  [16_384, 0.9],
];
const PEERS: readonly Way[] = ['socketpair', 'pipe', 'tcp', 'memcpy'];
const PEER_BYTES = 4096;
/** Rounds of each side at a turn, and turns: short bursts, one side after the other. */
const ROUNDS = 16;
const TURNS = 10;
const WARM_UP = 20;
const FRAME_BYTES = 64 << 20;
const PATIENCE_MS = 60_000;
/** Where both sides run: two threads on one core would never meet. */
const CPUS = cpusForThreads(2);
/** As long as a time slice: a partner that has lost its CPU comes back meanwhile. */
const SPIN_TURNS = 200_000;

/**
 * How fast the live testbed carries libvchan out, against the same ring in C in the same run; and what else this machine
 * offers. Best tenth of short bursts: other load on the machine is nobody's doing here.
 *
 * @returns rows: what, figure, ratio, promise
 */
export async function liveSpeed(parts: Parts): Promise<readonly (readonly string[])[]> {
  const yardsticks = Yardsticks.compile();
  const rows: string[][] = [];
  try {
    for (const [bytes, promise] of SIZES) {
      const messages = messagesFor(bytes);
      const { live, c } = await sideBySide(parts, yardsticks, bytes, messages);
      const row = [`live libvchan: ${bytes} B messages`, perSecond(live, bytes)];
      if (c === undefined) rows.push([...row, '', 'no C compiler to compare with']);
      else rows.push([...row, `C ${perSecond(c, bytes)}`, promised(c / live, promise)]);
    }
    for (const way of yardsticks === undefined ? [] : PEERS) {
      const ns = best(
        yardsticks?.rounds(way, RING_BYTES, PEER_BYTES, messagesFor(PEER_BYTES), 30, CPUS) ?? [],
      );
      const limit = way === 'memcpy' ? 'the limit: one copy, in cache' : '';
      rows.push([`C ${way}: ${PEER_BYTES} B messages`, perSecond(ns, PEER_BYTES), limit, '']);
    }
    const posted = await postMessages(PEER_BYTES, messagesFor(PEER_BYTES));
    rows.push([`postMessage: ${PEER_BYTES} B messages`, perSecond(posted, PEER_BYTES), '', '']);
  } finally {
    yardsticks?.remove();
  }
  return rows;
}

function messagesFor(bytes: number): number {
  return Math.min(3000, Math.max(300, Math.floor(2e6 / bytes)));
}

async function sideBySide(
  parts: Parts,
  yardsticks: Yardsticks | undefined,
  bytes: number,
  messages: number,
): Promise<{ readonly live: number; readonly c: number | undefined }> {
  const plan = benchPlan(parts, {
    transport: 'libvchan',
    scenario: 'stream',
    parameters: { messages, messageSizeBytes: bytes, ringSizeBytes: RING_BYTES },
  });
  if (plan === undefined) throw new Error('libvchan has no stream');
  const { profile, parameters, transportOptions } = plan;
  const pair = await LivePair.start(
    new URL('../cli/live/live-worker.js', import.meta.url),
    {
      clockBaseNs: String(process.hrtime.bigint()),
      manner: { inject: 'none' },
      cpus: CPUS,
      profile,
      transport: 'libvchan',
      scenario: 'stream',
      parameters,
      transportOptions,
    },
    FRAME_BYTES,
    PATIENCE_MS,
  );
  const live: number[] = [];
  const c: number[] = [];
  const round = async (): Promise<number> => {
    const reports = await pair.round({ messages, spinTurns: SPIN_TURNS, isThorough: false });
    const from = Math.max(...reports.map(({ fromPs }) => fromPs));
    return (Math.max(...reports.map(({ toPs }) => toPs)) - from) / 1000 / messages;
  };
  try {
    for (let i = 0; i < WARM_UP; i++) await round();
    for (let turn = 0; turn < TURNS; turn++) {
      for (let i = 0; i < ROUNDS; i++) live.push(await round());
      c.push(...(yardsticks?.rounds('ring', RING_BYTES, bytes, messages, ROUNDS, CPUS) ?? []));
    }
  } finally {
    await pair.end();
  }
  return { live: best(live), c: yardsticks === undefined ? undefined : best(c) };
}

/** Messages to a worker thread, which structured clone copies. */
async function postMessages(bytes: number, messages: number): Promise<number> {
  const worker = new Worker(new URL('./post-message-worker.js', import.meta.url));
  const payload = new Uint8Array(bytes);
  const samples: number[] = [];
  for (let round = 0; round < 20; round++) {
    const from = performance.now();
    await new Promise((resolve) => {
      worker.once('message', resolve);
      for (let i = 0; i < messages; i++) {
        worker.postMessage({ payload, last: i === messages - 1 });
      }
    });
    samples.push(((performance.now() - from) * 1e6) / messages);
  }
  await worker.terminate();
  return best(samples);
}

function best(ns: readonly number[]): number {
  return percentile(sortedAscending(ns), 10);
}

function perSecond(ns: number, bytes: number): string {
  return `${formatSignificant(1e9 / ns)} messages/s, ${formatSignificant(bytes / ns)} GB/s`;
}

function promised(ratio: number, promise: number): string {
  const kept = ratio >= promise ? 'kept' : 'MISSED';
  return `${kept}: at least ${promise} of C, is ${formatSignificant(ratio)}`;
}
