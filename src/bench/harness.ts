import type { MetricValue } from '../results/types.js';
import { benchPlan, type Parts, runBenchCell } from './cell-plans.js';
import { type Sampling, type Series, sample } from './series.js';

/** Enough for the compiler to have done its work, and for an interval: a third of a second in all. */
const QUICK: Sampling = { samples: 8, warmup: 6 };
const QUICK_MESSAGES = 10_000;

/**
 * The harness's own speed on this host: how fast the model simulates, and what a message costs when
 * the transport costs nothing. Takes well below a second.
 */
export function measureHarness(parts: Parts): Readonly<Record<string, MetricValue>> {
  const metrics: Record<string, MetricValue> = {};
  const speed = simulatorSpeed(parts, 'libvchan', QUICK_MESSAGES, QUICK);
  if (speed !== undefined) {
    metrics['simulatedMessagesPerSecond'] = metric(speed, '1/s', 'higher');
  }
  const overhead = messageCost(parts, 'null', QUICK_MESSAGES, QUICK);
  if (overhead !== undefined)
    metrics['nullTransportNsPerMessage'] = metric(overhead, 'ns', 'lower');
  return metrics;
}

/** Messages of 1 KiB a second through a 64 KiB ring; undefined where the transport has no streams. */
export function simulatorSpeed(
  parts: Parts,
  transport: string,
  messages: number,
  sampling: Sampling,
): Series | undefined {
  const plan = benchPlan(parts, { transport, scenario: 'stream', parameters: { messages } });
  if (plan === undefined) return undefined;
  return sample(
    `${transport}: stream of 1 KiB writes, 64 KiB ring`,
    sampling,
    () => runBenchCell(plan),
    (ms) => (messages / ms) * 1000,
  );
}

/** Nanoseconds of this host for a message, building the machine included. */
export function messageCost(
  parts: Parts,
  transport: string,
  messages: number,
  sampling: Sampling,
): Series | undefined {
  const plan =
    benchPlan(parts, { transport, scenario: 'stream', parameters: { messages } }) ??
    benchPlan(parts, { transport, scenario: 'message-rate', parameters: { messages } });
  if (plan === undefined) return undefined;
  return sample(
    `${transport}: ${plan.scenario.name} of 1 KiB`,
    sampling,
    () => runBenchCell(plan),
    (ms) => (ms * 1e6) / messages,
  );
}

function metric(series: Series, unit: string, better: 'lower' | 'higher'): MetricValue {
  const { median, samples, interval } = series;
  return {
    value: median,
    unit,
    better,
    assume: 'nothing',
    samples,
    ...(interval === undefined ? {} : { interval }),
  };
}
