import type { Cell, CounterGroup, MetricValue } from '../../../results/types.js';
import { median } from '../counting/fit.js';
import { difference, traceCounts } from '../counting/window-counts.js';
import { cellFrame, unknownCell } from './cell-result.js';
import type { XenCellRequest } from './request.js';
import type { WindowResult } from './window-results.js';
import { messagesOf, type WindowPlan } from './windows.js';

/** The profile of a real host: whatever processor it has. */
export const HOST_PROFILE = 'host';

/**
 * Judges the windows of a cell that ran on a real host: times are real there and count, and what was counted is what
 * xentrace saw. The shorter window of each pair takes start and end off the longer.
 */
export function judgedHostCell(
  request: XenCellRequest,
  plans: readonly WindowPlan[],
  results: readonly WindowResult[],
): Cell {
  const fault = results.find((result) => result.fault !== undefined)?.fault;
  if (fault !== undefined) return unknownCell(request, fault, '', HOST_PROFILE);
  const frame = cellFrame(request, results[0]?.ringBytes, HOST_PROFILE);
  const wrong = results.reduce((sum, result) => sum + (result.wrong ?? 0), 0);
  if (wrong > 0) {
    const reason = `${wrong} messages did not arrive as they were sent`;
    return { ...frame, verdict: 'invalid', reason, metrics: {} };
  }
  const perMessageNs = timesPerMessage(plans, results);
  if (perMessageNs.length === 0) {
    return { ...frame, verdict: 'unknown', reason: 'no window was timed', metrics: {} };
  }
  const messages = messagesOf(request);
  const counts = tracedDifference(plans, results);
  const exits = counts['exits'] ?? {};
  return {
    ...frame,
    verdict: 'valid',
    metrics: {
      ...timeMetrics(request, perMessageNs),
      vmexitsPerMessage: exact((exits['entries'] ?? 0) / messages),
    },
    counters: {
      hypercalls: {},
      entries: withoutKey(exits, 'entries'),
      tlb: {},
      grants: {},
      events: {},
      copies: { messages, payloadBytes: messages * request.parameters.messageSizeBytes },
      xenstore: {},
      ...Object.fromEntries(Object.entries(counts).filter(([group]) => group.includes(' '))),
    },
  };
}

/** Nanoseconds a message, of each untraced pair of windows. */
function timesPerMessage(plans: readonly WindowPlan[], results: readonly WindowResult[]): number[] {
  const times: number[] = [];
  for (let i = 0; i + 1 < plans.length; i += 2) {
    const shorter = results[i]?.elapsedNs;
    const longer = results[i + 1]?.elapsedNs;
    if (plans[i]?.traced === true || shorter === undefined || longer === undefined) continue;
    times.push((longer - shorter) / ((plans[i + 1]?.messages ?? 0) - (plans[i]?.messages ?? 0)));
  }
  return times;
}

function timeMetrics(
  request: XenCellRequest,
  perMessageNs: readonly number[],
): Record<string, MetricValue> {
  const middle = median(perMessageNs);
  const sampled = (
    value: number,
    unit: string,
    better: 'lower' | 'higher',
    of: (ns: number) => number,
  ) => {
    const samples = perMessageNs.map(of);
    return { value, unit, better, assume: 'nothing' as const, samples };
  };
  const rate = (ns: number): number => 1e9 / ns;
  const bytes = request.parameters.messageSizeBytes;
  const metrics: Record<string, MetricValue> = {
    messagesPerSecond: sampled(rate(middle), '1/s', 'higher', rate),
    bytesPerSecond: sampled(bytes * rate(middle), 'B/s', 'higher', (ns) => bytes * rate(ns)),
  };
  if (request.scenario === 'ping-pong') {
    // A round trip is two messages. The mean over a window: single round trips are not timed.
    metrics['latencyNsMean'] = sampled(2 * middle, 'ns', 'lower', (ns) => 2 * ns);
  }
  return metrics;
}

function tracedDifference(plans: readonly WindowPlan[], results: readonly WindowResult[]) {
  const traced = results.filter(
    (result, i) => plans[i]?.traced === true && result.trace !== undefined,
  );
  const [shorter, longer] = traced;
  if (shorter?.trace === undefined || longer?.trace === undefined) return {};
  return difference(traceCounts(longer.trace), traceCounts(shorter.trace));
}

function exact(value: number): MetricValue {
  return { value, unit: '1', better: 'lower', assume: 'nothing', determinedBy: 'schedule' };
}

function withoutKey(group: CounterGroup, key: string): CounterGroup {
  return Object.fromEntries(Object.entries(group).filter(([name]) => name !== key));
}
