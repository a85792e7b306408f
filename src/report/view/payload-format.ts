import { cellId } from '../../results/cell-id.js';
import type {
  Better,
  Counters,
  MetricValue,
  ParameterValue,
  RunDescription,
} from '../../results/types.js';
import type { Distribution, ReportCell, ReportData } from './report-data.js';

/**
 * The data inside the page: a column for each field, because columns of like values compress ten times better than
 * cells do. A missing value is null.
 */
export interface Payload {
  readonly runs: readonly RunDescription[];
  readonly count: number;
  /** Fields that are text or few different values: an index into `values` for each cell. */
  readonly coded: Readonly<Record<string, CodedColumn>>;
  readonly numbers: readonly NumberColumn[];
  /** Percentile curves of the few cells that have them. */
  readonly distributions: Readonly<Record<string, Readonly<Record<string, Distribution>>>>;
  /** What was left out to keep the page small; empty where nothing was. */
  readonly omitted: readonly string[];
}

export interface CodedColumn {
  readonly values: readonly unknown[];
  readonly index: readonly number[];
}

/** One number a cell: a metric, a counter, or the CPU time of a cause. */
export interface NumberColumn {
  readonly family: 'metric' | 'low' | 'high' | 'counter' | 'cpu';
  /** Metric, or group and counter, or pCPU and cause. */
  readonly path: readonly string[];
  readonly values: readonly (number | null)[];
}

type MetricForm = Omit<MetricValue, 'value' | 'interval' | 'samples'>;

/** What a coded column "metric:<name>" holds. */
export function metricForm(metric: MetricValue): MetricForm {
  const { unit, better, assume, determinedBy } = metric;
  return { unit, better, assume, ...(determinedBy === undefined ? {} : { determinedBy }) };
}

/** Back to cells. The payload is our own, so it is trusted to have its form; its strings are not trusted at all. */
export function decodePayload(payload: Payload): ReportData {
  const cells: ReportCell[] = [];
  for (let i = 0; i < payload.count; i++) cells.push(decodeCell(payload, i));
  fillNumbers(payload, cells);
  return { runs: payload.runs, cells };
}

interface OpenCell {
  metrics: Record<string, MetricValue>;
  counters?: Counters;
  attributionNs?: Record<string, Record<string, number>>;
}

function decodeCell(payload: Payload, i: number): ReportCell {
  const read = (name: string): unknown => {
    const column = payload.coded[name];
    const code = column?.index[i];
    return code === undefined || code < 0 ? undefined : column?.values[code];
  };
  const key = {
    testbed: read('testbed') as string,
    profile: read('profile') as string,
    transport: read('transport') as string,
    scenario: read('scenario') as string,
    parameters: read('parameters') as Record<string, ParameterValue>,
  };
  const reason = read('reason') as string | undefined;
  const outcome = read('outcome') as Record<string, ParameterValue> | undefined;
  const distributions = payload.distributions[String(i)];
  return {
    id: (read('id') as string | undefined) ?? cellId(key),
    ...key,
    run: read('run') as number,
    scenarioVersion: read('scenarioVersion') as number,
    effective: read('effective') as Record<string, ParameterValue>,
    verdict: read('verdict') as ReportCell['verdict'],
    ...(reason === undefined ? {} : { reason }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(distributions === undefined ? {} : { distributions }),
    metrics: Object.create(null) as Record<string, MetricValue>,
  };
}

function fillNumbers(payload: Payload, cells: readonly ReportCell[]): void {
  for (const { family, path, values } of payload.numbers) {
    const [first, second] = path as [string, string];
    const form = payload.coded[`metric:${first}`];
    values.forEach((value, i) => {
      if (value === null) return;
      const cell = cells[i] as unknown as OpenCell;
      if (family === 'metric') {
        const described = form?.values[form.index[i] ?? -1] as MetricForm & { better: Better };
        cell.metrics[first] = { value, ...described };
      } else if (family === 'low' || family === 'high') {
        const metric = cell.metrics[first] as MetricValue;
        const interval = metric.interval ?? [value, value];
        cell.metrics[first] = {
          ...metric,
          interval: family === 'low' ? [value, interval[1]] : [interval[0], value],
        };
      } else if (family === 'counter') {
        cell.counters ??= Object.create(null) as Counters;
        const groups = cell.counters as Record<string, Record<string, number>>;
        (groups[first] ??= Object.create(null))[second] = value;
      } else {
        cell.attributionNs ??= Object.create(null) as Record<string, Record<string, number>>;
        (cell.attributionNs[first] ??= Object.create(null))[second] = value;
      }
    });
  }
}
