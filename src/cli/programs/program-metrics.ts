import type { MetricValue } from '../../results/types.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import type { JoinedCounts } from '../sockets/joined-domains.js';
import type { Measured } from './trial.js';

/** The figures of a program over a transport, beside those without one. */
export function programMetrics(
  over: Measured,
  direct: Measured,
  counts: JoinedCounts,
): Readonly<Record<string, MetricValue>> {
  const metrics: Record<string, MetricValue> = {};
  const put = (name: string, value: number, unit: string, better: MetricValue['better']): void => {
    metrics[name] = { value, unit, better, assume: 'nothing' };
  };
  const entries = Object.values(counts.dataPath['entries'] ?? {}).reduce(
    (sum, one) => sum + one,
    0,
  );
  put('entriesPerMessage', entries / over.requests, '1', 'lower');
  if (over.bytesPerSecond !== undefined && direct.bytesPerSecond !== undefined) {
    put('bytesPerSecond', over.bytesPerSecond, 'B/s', 'higher');
    put('loopbackBytesPerSecond', direct.bytesPerSecond, 'B/s', 'none');
  }
  if (over.requestsPerSecond !== undefined && direct.requestsPerSecond !== undefined) {
    put('messagesPerSecond', over.requestsPerSecond, '1/s', 'higher');
    put('loopbackMessagesPerSecond', direct.requestsPerSecond, '1/s', 'none');
  }
  if (over.latencyNs !== undefined && direct.latencyNs !== undefined) {
    put('latencyNsP50', median(sortedAscending(over.latencyNs)), 'ns', 'lower');
    put('loopbackLatencyNsP50', median(sortedAscending(direct.latencyNs)), 'ns', 'none');
  }
  return metrics;
}
