import type { Cell, MetricValue, ResultsFile } from '../results/types.js';
import { LatencyHistogram } from '../stats/latency-histogram.js';
import type { Distribution, ReportCell, ReportData } from './view/report-data.js';
import { primaryMetric } from './view/sweep.js';

/**
 * Results files as one body of data, cells in the order of their files. Traces are left out, and samples unless they are asked
 * for: a report shows values and intervals.
 */
export function collectReportData(
  results: readonly ResultsFile[],
  { samples = false }: { readonly samples?: boolean } = {},
): ReportData {
  const keep = samples ? (metric: MetricValue) => metric : withoutSamples;
  return {
    runs: results.map((file) => file.run),
    cells: results.flatMap((file, run) => file.cells.map((cell) => reportCell(cell, run, keep))),
  };
}

function reportCell(
  cell: Cell,
  run: number,
  keep: (metric: MetricValue) => MetricValue,
): ReportCell {
  const { histograms: _histograms, trace: _trace, metrics, attributionNs, ...rest } = cell;
  return {
    ...rest,
    run,
    ...(attributionNs === undefined ? {} : { attributionNs: fewCpus(attributionNs) }),
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, metric]) => [name, keep(metric)]),
    ),
  };
}

/** A fan-in of a thousand senders has a thousand pCPUs; by name they tell nothing. */
const MOST_CPUS = 8;

function fewCpus(byCpu: NonNullable<Cell['attributionNs']>): NonNullable<Cell['attributionNs']> {
  const names = Object.keys(byCpu);
  if (names.length <= MOST_CPUS) return byCpu;
  const sums: Record<string, number> = Object.create(null);
  for (const causes of Object.values(byCpu)) {
    for (const [cause, ns] of Object.entries(causes)) sums[cause] = (sums[cause] ?? 0) + ns;
  }
  return { [`all ${names.length} pCPUs`]: sums };
}

function withoutSamples(metric: MetricValue): MetricValue {
  const { samples: _samples, ...rest } = metric;
  return rest;
}

/** Where a percentile curve is read: enough for a smooth line on an axis that counts nines. */
const CURVE: readonly number[] = [
  50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97, 98, 99, 99.5, 99.7, 99.9,
];

/** More curves than this make a page slow and are looked at by nobody. */
const MOST_CURVES = 400;

/** Adds the percentile curves of cells whose workload is about latency. Throws UserError for a broken histogram. */
export function attachDistributions(data: ReportData, results: readonly ResultsFile[]): ReportData {
  const sources = results.flatMap((file) => file.cells);
  let curves = 0;
  const cells = data.cells.map((cell, i) => {
    const source = sources[i];
    if (source === undefined || cell.verdict !== 'valid' || curves >= MOST_CURVES) return cell;
    if (!primaryMetric(cell.scenario, [cell])?.startsWith('latencyNs')) return cell;
    const latencyNs = latencyCurve(source, 'latencyNs');
    if (latencyNs === undefined) return cell;
    const blockingLatencyNs = latencyCurve(source, 'blockingLatencyNs');
    curves++;
    return {
      ...cell,
      distributions: {
        latencyNs,
        ...(blockingLatencyNs === undefined ? {} : { blockingLatencyNs }),
      },
    };
  });
  return { runs: data.runs, cells };
}

/** The recorded latencies of a cell as a percentile curve. Throws UserError for a histogram that cannot be read. */
function latencyCurve(cell: Cell, name: string): Distribution | undefined {
  const encoded = cell.histograms?.[name];
  if (encoded === undefined) return undefined;
  const histogram = LatencyHistogram.decode(encoded, `${cell.id}, histogram ${name}`);
  if (histogram.count === 0) return undefined;
  return CURVE.map((percentile) => [percentile, histogram.percentileNs(percentile)]);
}
