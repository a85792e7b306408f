import { benchPlan, type Parts, runBenchCell } from './cell-plans.js';
import { type Series, sample } from './series.js';

/** Time of ten times the messages against the time of the messages: 10 is linear. */
export function tenfold(parts: Parts, messages: number): Series | undefined {
  const cell = (count: number) =>
    benchPlan(parts, {
      transport: 'libvchan',
      scenario: 'stream',
      parameters: { messages: count },
    });
  const small = cell(messages);
  const large = cell(10 * messages);
  if (small === undefined || large === undefined) return undefined;
  const ratios: number[] = [];
  const series = sample(
    `libvchan: time of ${10 * messages} messages against ${messages}`,
    { samples: 7, warmup: 2 },
    () => {
      const start = performance.now();
      runBenchCell(small);
      const between = performance.now();
      runBenchCell(large);
      ratios.push((performance.now() - between) / (between - start));
    },
    () => ratios.shift() as number,
  );
  return series;
}

/** What a cell with many senders takes. */
export interface FanIn {
  readonly senders: number;
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
    const start = performance.now();
    runBenchCell(plan);
    const ms = performance.now() - start;
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
