import type { CounterGroup, Counters, MetricValue } from '../../results/types.js';
import { changePoints } from '../../stats/change-points.js';
import { LatencyHistogram } from '../../stats/latency-histogram.js';
import type { Better } from '../../stats/metric.js';
import { percentile, sortedAscending } from '../../stats/quantile.js';
import { summarise } from '../../stats/summary.js';
import type { Sample, Samples, WaitManner } from './sampling.js';

const TRANSPORT_HYPERCALL = /^(evtchn_send|evtchn_unmask|gnttab_|argo_)/;
const PERCENTILES: readonly [name: string, percent: number][] = [
  ['P50', 50],
  ['P90', 90],
  ['P99', 99],
  ['P999', 99.9],
  ['Max', 100],
];
/** A change of level in a series that is taken for one: so unlikely, and so many samples long. */
const SIGNIFICANCE = 0.01;
const SHORTEST_LEVEL = 4;
/** Samples in all rounds together that one percentile needs. */
const LATENCIES_KEPT = 1_000_000;

/** The metrics of a live cell. Every figure that the clock or the schedule made is a sample. */
export function liveMetrics({ spin, block }: Samples): Record<string, MetricValue> {
  const metrics: Record<string, MetricValue> = {};
  const put = (name: string, unit: string, better: Better, values: readonly number[]): void => {
    if (values.length > 0 && values.every(Number.isFinite)) {
      metrics[name] = sampled(unit, better, values);
    }
  };
  const rate = (samples: readonly Sample[], amount: (sample: Sample) => number): number[] =>
    samples.flatMap((sample) =>
      sample.elapsedNs > 0 && amount(sample) > 0 ? [(amount(sample) / sample.elapsedNs) * 1e9] : [],
    );
  const per = (amount: (sample: Sample) => number): number[] =>
    spin.flatMap((sample) => (sample.messages > 0 ? [amount(sample) / sample.messages] : []));
  put(
    'bytesPerSecond',
    'B/s',
    'higher',
    rate(spin, ({ bytes }) => bytes),
  );
  put(
    'messagesPerSecond',
    '1/s',
    'higher',
    rate(spin, ({ messages }) => messages),
  );
  put(
    'blockingBytesPerSecond',
    'B/s',
    'higher',
    rate(block, ({ bytes }) => bytes),
  );
  for (const [name, percent] of PERCENTILES) {
    Object.assign(metrics, latency(`latencyNs${name}`, spin, percent));
  }
  Object.assign(metrics, latency('blockingLatencyNsP50', block, 50));
  Object.assign(metrics, latency('blockingLatencyNsP99', block, 99));
  const counted = (group: string, names: (name: string) => boolean) => (sample: Sample) =>
    sample.reports.reduce((sum, { counters }) => sum + total(counters[group] ?? {}, names), 0);
  put(
    'hypercallsPerMessage',
    '1',
    'lower',
    per(counted('hypercalls', (name) => TRANSPORT_HYPERCALL.test(name))),
  );
  put('entriesPerMessage', '1', 'lower', per(counted('entries', () => true)));
  put(
    'eventsPerMessage',
    '1',
    'lower',
    per(counted('events', (name) => name === 'sent' || name === 'virqs')),
  );
  put(
    'sleepsPerMessage',
    '1',
    'lower',
    per(({ sleeps }) => sleeps),
  );
  put(
    'injectedNsPerMessage',
    'ns',
    'none',
    per(({ injectedNs }) => injectedNs),
  );
  put(
    'injectedShare',
    '1',
    'none',
    spin.flatMap(({ injectedNs, elapsedNs, reports }) =>
      elapsedNs > 0 ? [injectedNs / (reports.length * elapsedNs)] : [],
    ),
  );
  const first = spin[0];
  if (first !== undefined) {
    const exact = (name: string, value: number): void => {
      metrics[name] = { value, unit: '1', better: 'lower', assume: 'exact' };
    };
    exact('pagesExposedToPeer', Math.max(...first.reports.map((r) => r.pagesExposedToPeer)));
    exact('eventChannelsUsed', Math.max(...first.reports.map((r) => r.eventChannelsUsed)));
  }
  return metrics;
}

function sampled(unit: string, better: Better, values: readonly number[]): MetricValue {
  const { median, interval } = summarise(values);
  return {
    value: median,
    unit,
    better,
    assume: 'nothing',
    samples: values,
    ...(interval === undefined ? {} : { interval }),
  };
}

/** A percentile of all latencies together; its samples are those of the rounds. */
function latency(
  name: string,
  samples: readonly Sample[],
  percent: number,
): Record<string, MetricValue> {
  const measured = samples.filter(({ latencyNs }) => latencyNs.length > 0);
  if (measured.length === 0) return {};
  const rounds = measured.map(({ latencyNs }) => percentile(sortedAscending(latencyNs), percent));
  const all = sortedAscending(allLatencies(measured));
  return { [name]: { ...sampled('ns', 'lower', rounds), value: percentile(all, percent) } };
}

function allLatencies(samples: readonly Sample[]): number[] {
  const all: number[] = [];
  for (const { latencyNs } of samples) {
    for (const ns of latencyNs) if (all.length < LATENCIES_KEPT) all.push(ns);
  }
  return all;
}

/** Distributions of latency: two kinds of wake-up show as two humps. */
export function liveHistograms(samples: Samples): Record<string, string> {
  const histograms: Record<string, string> = {};
  const named: readonly [string, WaitManner][] = [
    ['latencyNs', 'spin'],
    ['blockingLatencyNs', 'block'],
  ];
  for (const [name, manner] of named) {
    const latencies = allLatencies(samples[manner]);
    if (latencies.length === 0) continue;
    const histogram = new LatencyHistogram();
    for (const ns of latencies) histogram.record(Math.max(1, Math.round(ns)));
    histograms[name] = histogram.encode();
  }
  return histograms;
}

/** Counts of both ends, a round: the mean of the samples. */
export function liveCounters({ spin }: Samples): Counters {
  const sums: Record<string, Record<string, number>> = {};
  for (const { reports } of spin) {
    for (const { counters } of reports) {
      for (const [group, counts] of Object.entries(counters)) {
        const members = (sums[group] ??= {});
        for (const [name, count] of Object.entries(counts)) {
          members[name] = (members[name] ?? 0) + count;
        }
      }
    }
  }
  for (const members of Object.values(sums)) {
    for (const [name, count] of Object.entries(members)) members[name] = count / spin.length;
  }
  return sums as unknown as Counters;
}

/** What must be said of the series: that it never became steady, say. */
export function seriesNotes({ spin }: Samples, seed: number): readonly string[] {
  const series = spin.map(({ elapsedNs }) => elapsedNs).filter((ns) => ns > 0);
  const changes = changePoints(series, {
    seed,
    significance: SIGNIFICANCE,
    shortest: SHORTEST_LEVEL,
  });
  return changes.length === 0
    ? []
    : [
        `no steady state: the level changes at sample ${changes.map(({ index }) => index + 1).join(', ')} of ${series.length}`,
      ];
}

function total(group: CounterGroup, wanted: (name: string) => boolean): number {
  let sum = 0;
  for (const [name, count] of Object.entries(group)) if (wanted(name)) sum += count;
  return sum;
}
