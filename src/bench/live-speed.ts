import { Worker } from 'node:worker_threads';
import { formatSignificant } from '../base/units.js';
import { percentile, sortedAscending } from '../stats/quantile.js';
import { summarise } from '../stats/summary.js';
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
/**
 * Both sides are started so often: where their memory lies, and what the compiler makes of the code, differs from start to
 * start. In each start so many turns, and rounds of each side in each half of a turn: live C, C live, live C ...
 */
const STARTS = 5;
const TURNS = 3;
const ROUNDS = 6;
const PEER_ROUNDS = 30;
const WARM_UP = 60;
const FRAME_BYTES = 64 << 20;
const PATIENCE_MS = 60_000;
/** Where both sides run: two threads on one core would never meet. */
const CPUS = cpusForThreads(2);
/** As long as a time slice: a partner that has lost its CPU comes back meanwhile. */
const SPIN_TURNS = 200_000;

/**
 * How fast the live testbed carries libvchan out, against the same ring in C, turn by turn; and what else this machine
 * offers. Both start at a full ring. Other load only ever takes away, and as much from the one as from the other in
 * the same turn: the best rounds of a turn are compared, and the median of the ratios of all turns judges.
 *
 * @returns rows: what, figure, ratio, promise
 */
export async function liveSpeed(parts: Parts): Promise<readonly (readonly string[])[]> {
  const yardsticks = Yardsticks.compile();
  const rows: string[][] = [];
  try {
    for (const [bytes, promise] of SIZES) {
      const live: number[] = [];
      const c: number[] = [];
      for (let start = 0; start < STARTS; start++) {
        const turns = await sideBySide(parts, yardsticks, bytes, messagesFor(bytes));
        live.push(...turns.live);
        c.push(...turns.c);
      }
      const row = [`live libvchan: ${bytes} B messages`, perSecond(median(live), bytes)];
      if (c.length === 0) rows.push([...row, '', 'no C compiler to compare with']);
      else rows.push([...row, `C ${perSecond(median(c), bytes)}`, promised(live, c, promise)]);
    }
    if (yardsticks !== undefined) {
      for (const way of PEERS) {
        const c = yardsticks.start(way, RING_BYTES, PEER_BYTES, messagesFor(PEER_BYTES), CPUS);
        const ns = best(await c.rounds(PEER_ROUNDS));
        c.end();
        const limit = way === 'memcpy' ? 'the limit: one copy, in cache' : '';
        rows.push([`C ${way}: ${PEER_BYTES} B messages`, perSecond(ns, PEER_BYTES), limit, '']);
      }
    }
    const posted = await postMessages(PEER_BYTES, messagesFor(PEER_BYTES));
    rows.push([`postMessage: ${PEER_BYTES} B messages`, perSecond(posted, PEER_BYTES), '', '']);
  } finally {
    yardsticks?.remove();
  }
  return rows;
}

/** Long enough for what a round needs to start and end to count for nothing: a millisecond and more. */
function messagesFor(bytes: number): number {
  return Math.min(12_000, Math.max(500, Math.floor(8e6 / bytes)));
}

/** Nanoseconds a message: the best round of each turn. Of C none where there is no compiler. */
interface SideBySide {
  readonly live: readonly number[];
  readonly c: readonly number[];
}

async function sideBySide(
  parts: Parts,
  yardsticks: Yardsticks | undefined,
  bytes: number,
  messages: number,
): Promise<SideBySide> {
  const plan = benchPlan(parts, {
    transport: 'libvchan',
    scenario: 'stream',
    parameters: {
      messages,
      messageSizeBytes: bytes,
      ringSizeBytes: RING_BYTES,
      settings: { receiverDelayNs: 0 },
    },
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
  const program = yardsticks?.start('ring', RING_BYTES, bytes, messages, CPUS);
  const round = async (): Promise<number> => {
    const reports = await pair.round({ messages, spinTurns: SPIN_TURNS, isThorough: false });
    const from = Math.max(...reports.map(({ fromPs }) => fromPs));
    return (Math.max(...reports.map(({ toPs }) => toPs)) - from) / 1000 / messages;
  };
  const rounds = async (count: number): Promise<number> => {
    let shortest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) shortest = Math.min(shortest, await round());
    return shortest;
  };
  const live: number[] = [];
  const c: number[] = [];
  try {
    await rounds(WARM_UP);
    for (let turn = 0; turn < TURNS; turn++) {
      const before = await rounds(ROUNDS);
      if (program !== undefined) c.push(Math.min(...(await program.rounds(2 * ROUNDS))));
      live.push(Math.min(before, await rounds(ROUNDS)));
    }
  } finally {
    program?.end();
    await pair.end();
  }
  return { live, c };
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

function median(values: readonly number[]): number {
  return percentile(sortedAscending(values), 50);
}

/** @param live nanoseconds, turn by turn. @param c the same turns */
function promised(live: readonly number[], c: readonly number[], promise: number): string {
  const { median: ratio, interval } = summarise(live.map((ns, turn) => (c[turn] as number) / ns));
  const range = interval === undefined ? '' : ` (${interval.map(formatSignificant).join(' to ')})`;
  const kept = ratio >= promise ? 'kept' : 'MISSED';
  return `${kept}: at least ${promise} of C, is ${formatSignificant(ratio)}${range}`;
}
