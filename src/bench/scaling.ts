import { benchPlan, type Parts, runBenchCell } from './cell-plans.js';
import { type Series, sample } from './series.js';

/** Milliseconds of CPU that this process has used: other load on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const TENFOLD_ROUNDS = 7;

/**
 * Time of ten times the messages against the time of the messages: 10 is linear. The least of
 * several rounds each, since whatever disturbs a round only adds.
 */
export function tenfold(parts: Parts, messages: number): number | undefined {
  const least = [messages, 10 * messages].map((count) => {
    const parameters = { messages: count };
    const plan = benchPlan(parts, { transport: 'libvchan', scenario: 'stream', parameters });
    if (plan === undefined) return Number.NaN;
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < TENFOLD_ROUNDS; round++) {
      const start = cpuMs();
      runBenchCell(plan);
      best = Math.min(best, cpuMs() - start);
    }
    return best;
  });
  const [few = Number.NaN, many = Number.NaN] = least;
  return few > 0 && many > 0 ? many / few : undefined;
}

/** What a cell with many senders takes. */
export interface FanIn {
  readonly senders: number;
  /** Of CPU. */
  readonly msPerSender: number;
  /** The whole process, at the end of it. */
  readonly residentMib: number;
}

/** Builds, connects and serves ever more senders with 4 KiB rings, each once. */
export function fanIn(
  parts: Parts,
  transport: string,
  counts: readonly number[],
): readonly FanIn[] {
  return counts.flatMap((senders) => {
    const plan = benchPlan(parts, {
      transport,
      scenario: 'fan-in',
      parameters: {
        messages: 20 * senders,
        ringSizeBytes: 4096,
        messageSizeBytes: 256,
        settings: { senders, limits: 'raised' },
      },
    });
    if (plan === undefined) return [];
    const start = cpuMs();
    runBenchCell(plan);
    const ms = cpuMs() - start;
    return [
      { senders, msPerSender: ms / senders, residentMib: process.memoryUsage.rss() / 2 ** 20 },
    ];
  });
}

/** Milliseconds to build a machine, connect one pair, send one message and close. */
export function onePair(parts: Parts): Series | undefined {
  const plan = benchPlan(parts, {
    transport: 'libvchan',
    scenario: 'stream',
    parameters: { messages: 1, ringSizeBytes: 4096, messageSizeBytes: 64 },
  });
  if (plan === undefined) return undefined;
  return sample(
    'libvchan: build a machine, connect one pair',
    { samples: 50, warmup: 100 },
    () => runBenchCell(plan),
    (ms) => ms,
  );
}
