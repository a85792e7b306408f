import { UserError } from '../base/errors.js';
import type { Better, ParameterValue } from '../results/types.js';
import { median, sortedAscending } from '../stats/quantile.js';
import { geometricMean } from '../stats/summary.js';
import { Dimensions } from './dimensions.js';
import { type MetricReader, metricReader } from './metric-reader.js';
import { type SampledDifference, withStatistics } from './sampled-rows.js';
import { type Problem, problemsOf } from './view/breakdown.js';
import { compareText, own, workloadOrder } from './view/labels.js';
import { REPLICATE_KEYS, replicateId } from './view/replicates.js';
import type { ReportCell, ReportData } from './view/report-data.js';
import { isControl, transportOrder } from './view/series-style.js';
import { isEstablished, type Ranged, timesWorse } from './view/standings.js';
import { primaryMetric } from './view/sweep.js';

/** What is wanted of a comparison. Missing parts are chosen. */
export interface ComparisonRequest {
  /** Dimensions, comma-separated, e.g. "scenario,ring-size". */
  readonly rows?: string;
  readonly cols?: string;
  /** Metrics, comma-separated. */
  readonly metric?: string;
  /** Only cells in which each dimension has this value. */
  readonly filter?: Readonly<Record<string, string>>;
}

/** The figure of one place of a table. */
export interface ComparedValue extends Ranged {
  /** Cells behind it, repetitions counted once; above 1 it is their geometric mean. */
  readonly cells: number;
  /** Of a sampled figure, in the order taken, all repetitions together; undefined for exact ones and for means. */
  readonly samples?: readonly number[];
}

export interface ComparedRow {
  readonly keys: readonly (ParameterValue | undefined)[];
  /** By column; undefined where there is no valid cell. */
  readonly values: readonly (ComparedValue | undefined)[];
  /** By column: what is said where there is no figure. */
  readonly missing: readonly string[];
  /** Column of the best figure; -1 where its lead is not established. */
  readonly best: number;
  /** Where before and after, or the two best, are samples. */
  readonly sampled?: SampledDifference;
}

export interface ComparedTable {
  readonly scenario: string | undefined;
  readonly metric: MetricReader;
  readonly rowKeys: readonly string[];
  readonly colKeys: readonly string[];
  readonly columns: readonly (readonly (ParameterValue | undefined)[])[];
  readonly rows: readonly ComparedRow[];
  /** Two runs: columns are before and after, and rows show the change. */
  readonly isBeforeAfter: boolean;
  /** Dimensions that vary inside a place, over which the geometric mean was taken. */
  readonly mergedOver: readonly string[];
  readonly problems: readonly Problem[];
}

/** Parameters that only say how long to measure. */
const NO_ROW: readonly string[] = [...REPLICATE_KEYS, 'messages', 'transferBytes'];

/**
 * Lays out the cells of one or two runs; no tables where none of them has such a figure. Throws UserError for names that
 * nothing has and for an empty choice.
 */
export function compareCells(
  data: ReportData,
  request: ComparisonRequest,
): { tables: readonly ComparedTable[]; dimensions: Dimensions } {
  const dimensions = new Dimensions(data);
  const cells = filtered(data, dimensions, request.filter ?? {});
  const names = (list: string | undefined, where: string): readonly string[] | undefined =>
    list
      ?.split(',')
      .filter((part) => part.trim() !== '')
      .map((part) => dimensions.resolve(part.trim(), where));
  const rows = names(request.rows, '--rows');
  const cols = names(request.cols, '--cols') ?? [data.runs.length > 1 ? 'run' : 'transport'];
  const both = [...(rows ?? []), ...cols];
  const groups = both.includes('scenario') ? [{ scenario: undefined, cells }] : byScenario(cells);
  const tables: ComparedTable[] = [];
  for (const group of groups) {
    for (const metric of metricsOf(request.metric, group, cells)) {
      const rowKeys = rows ?? varying(group.cells, dimensions).filter((key) => !cols.includes(key));
      tables.push(layOut(data, dimensions, group, metric, rowKeys, cols));
    }
  }
  const useful = tables.filter((table) => table.rows.length > 0);
  return { tables: withStatistics(useful), dimensions };
}

function filtered(
  data: ReportData,
  dimensions: Dimensions,
  filter: Readonly<Record<string, string>>,
): readonly ReportCell[] {
  const wanted = Object.entries(filter).map(
    ([name, value]) => [dimensions.resolve(name, '--filter'), value] as const,
  );
  const cells = data.cells.filter((cell) =>
    wanted.every(([name, value]) => dimensions.matches(cell, name, value)),
  );
  if (cells.length > 0) return cells;
  const [name, value] = wanted[0] ?? ['', ''];
  const there = [...new Set(data.cells.map((cell) => dimensions.value(cell, name)))]
    .filter((known) => known !== undefined)
    .map((known) => dimensions.text(name, known));
  throw new UserError(`no cell passes the filter ${wanted.map((w) => w.join('=')).join(' ')}`, {
    where: '--filter',
    remedy: there.includes(value)
      ? 'loosen it'
      : `${name} is one of: ${there.slice(0, 20).join(', ')}`,
  });
}

interface Group {
  readonly scenario: string | undefined;
  readonly cells: readonly ReportCell[];
}

function byScenario(cells: readonly ReportCell[]): readonly Group[] {
  const names = [...new Set(cells.map((cell) => cell.scenario))].sort(workloadOrder);
  return names.map((scenario) => ({
    scenario,
    cells: cells.filter((cell) => cell.scenario === scenario),
  }));
}

function metricsOf(
  list: string | undefined,
  group: Group,
  all: readonly ReportCell[],
): readonly MetricReader[] {
  if (list !== undefined) {
    return list
      .split(',')
      .filter((name) => name.trim() !== '')
      .map((name) => metricReader(name.trim(), all));
  }
  const name = primaryMetric(group.scenario ?? '', group.cells);
  return name === undefined ? [] : [metricReader(name, group.cells)];
}

/** Dimensions in which these cells differ, the usual order of a table: who and where first, then sizes. */
function varying(cells: readonly ReportCell[], dimensions: Dimensions): readonly string[] {
  const first = ['testbed', 'profile', 'guestType', 'placement', 'grantMode', 'transport'];
  const last = ['messageSizeBytes', 'ringSizeBytes'];
  const others = dimensions.names.filter(
    (name) =>
      !first.includes(name) && !last.includes(name) && name !== 'run' && name !== 'scenario',
  );
  return [...first, ...others, ...last].filter((name) => {
    if (NO_ROW.includes(name)) return false;
    const values = new Set(cells.map((cell) => dimensions.value(cell, name)));
    values.delete(undefined);
    return values.size > 1;
  });
}

function layOut(
  data: ReportData,
  dimensions: Dimensions,
  group: Group,
  metric: MetricReader,
  rowKeys: readonly string[],
  colKeys: readonly string[],
): ComparedTable {
  const competing = group.cells.filter((cell) => !isControl(cell.transport));
  const cells = competing.length > 0 && !rowKeys.includes('transport') ? competing : group.cells;
  const keysOf = (cell: ReportCell, keys: readonly string[]) =>
    keys.map((key) => dimensions.value(cell, key));
  const columns = distinctTuples(
    cells.map((cell) => keysOf(cell, colKeys)),
    colKeys,
  );
  const rowTuples = distinctTuples(
    cells.map((cell) => keysOf(cell, rowKeys)),
    rowKeys,
  );
  const places = new Map<string, ReportCell[]>();
  for (const cell of cells) {
    const place = JSON.stringify([keysOf(cell, rowKeys), keysOf(cell, colKeys)]);
    const known = places.get(place);
    if (known === undefined) places.set(place, [cell]);
    else known.push(cell);
  }
  const merged = new Set<string>();
  const rows: ComparedRow[] = [];
  for (const keys of rowTuples) {
    const here = columns.map((column) => places.get(JSON.stringify([keys, column])) ?? []);
    const values = here.map((found) => figureOf(found, metric));
    for (const found of here) for (const name of differing(found, dimensions)) merged.add(name);
    if (values.every((value) => value === undefined)) continue;
    const missing = here.map((found, i) =>
      values[i] !== undefined ? '' : (found[0]?.verdict ?? '-').replace('valid', '-'),
    );
    rows.push({ keys, values, missing, best: bestColumn(values, metric.better) });
  }
  return {
    scenario: group.scenario,
    metric,
    rowKeys,
    colKeys,
    columns,
    rows,
    isBeforeAfter: colKeys.length === 1 && colKeys[0] === 'run' && data.runs.length === 2,
    mergedOver: [...merged],
    problems: problemsOf(cells),
  };
}

/** Numbers rise; transports and scenarios stand in their order, everything else as it came. */
function distinctTuples(
  tuples: readonly (readonly (ParameterValue | undefined)[])[],
  keys: readonly string[],
): readonly (readonly (ParameterValue | undefined)[])[] {
  const seen = new Map(tuples.map((tuple) => [JSON.stringify(tuple), tuple]));
  const firsts = keys.map((_, i) => [...new Set(tuples.map((tuple) => tuple[i]))]);
  return [...seen.values()].sort((a, b) => {
    for (const [i, key] of keys.entries()) {
      const order = orderIn(key, a[i], b[i], firsts[i] ?? []);
      if (order !== 0) return order;
    }
    return 0;
  });
}

function orderIn(
  key: string,
  a: ParameterValue | undefined,
  b: ParameterValue | undefined,
  firsts: readonly unknown[],
): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') {
    if (key === 'transport') return transportOrder(a, b);
    if (key === 'scenario') return workloadOrder(a, b);
  }
  return firsts.indexOf(a) - firsts.indexOf(b) || compareText(typeof a, typeof b);
}

/** The figure of some cells: over repetitions the median, over other differences the geometric mean. */
function figureOf(cells: readonly ReportCell[], metric: MetricReader): ComparedValue | undefined {
  const repetitions = new Map<string, number[]>();
  for (const cell of cells) {
    const value = metric.read(cell);
    if (value === undefined) continue;
    const id = replicateId(cell);
    repetitions.set(id, [...(repetitions.get(id) ?? []), value]);
  }
  if (repetitions.size === 0) return undefined;
  const byReplicate = new Map([...repetitions].map(([id, values]) => [id, merge(values)]));
  const sorted = sortedAscending([...byReplicate.values()]);
  const count = Math.max(...[...repetitions.values()].map((values) => values.length));
  const single = cells.length === 1 ? cells[0]?.metrics[metric.name] : undefined;
  const only = single?.interval;
  const samples = count === 1 ? samplesOf(cells, metric) : undefined;
  return {
    ...(samples === undefined ? {} : { samples }),
    value: median(sorted),
    low: only?.[0] ?? (sorted[0] as number),
    high: only?.[1] ?? (sorted.at(-1) as number),
    isOneSample: single?.assume === 'nothing' && only === undefined,
    byReplicate,
    cells: count,
  };
}

/** The samples of all repetitions, where every one has some. Counts of real Xen have spreads instead, and say by what they are set. */
function samplesOf(
  cells: readonly ReportCell[],
  metric: MetricReader,
): readonly number[] | undefined {
  const all: number[] = [];
  for (const cell of cells) {
    if (metric.read(cell) === undefined) continue;
    const found = own(cell.metrics, metric.name);
    if (found?.assume !== 'nothing' || found.determinedBy !== undefined) return undefined;
    if (found.samples === undefined) return undefined;
    all.push(...found.samples);
  }
  return all;
}

/** Geometric mean of positive values; the plain mean where a zero makes that impossible. */
function merge(values: readonly number[]): number {
  if (values.length === 1) return values[0] as number;
  if (values.every((value) => value > 0)) return geometricMean(values);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function differing(cells: readonly ReportCell[], dimensions: Dimensions): readonly string[] {
  if (cells.length < 2) return [];
  return dimensions.names.filter((name) => {
    if (NO_ROW.includes(name)) return false;
    const first = cells[0] as ReportCell;
    return cells.some((cell) => dimensions.value(cell, name) !== dimensions.value(first, name));
  });
}

function bestColumn(values: readonly (ComparedValue | undefined)[], better: Better): number {
  if (better === 'none') return -1;
  const order = values
    .flatMap((value, column) => (value === undefined ? [] : [{ value, column }]))
    .sort((a, b) =>
      better === 'lower' ? a.value.value - b.value.value : b.value.value - a.value.value,
    );
  const [first, second] = order;
  if (first === undefined || second === undefined) return -1;
  // Means over different numbers of cells are means of different work.
  if (order.some(({ value }) => value.cells !== first.value.cells)) return -1;
  return isEstablished({ better }, first.value, second.value) ? first.column : -1;
}

/** Geometric mean by column over the rows in which every column has a positive figure; undefined where there are none. */
export function columnMeans(table: ComparedTable): readonly (number | undefined)[] {
  const whole = table.rows.filter((row) => row.values.every((v) => v !== undefined && v.value > 0));
  if (whole.length < 2) return table.columns.map(() => undefined);
  return table.columns.map((_, i) =>
    geometricMean(whole.map((row) => (row.values[i] as ComparedValue).value)),
  );
}

/** The lead of the best over the second of a row, as times worse; undefined where there is nothing to lead. */
export function leadOf(row: ComparedRow, better: Better): number | undefined {
  if (row.best < 0) return undefined;
  const best = row.values[row.best] as ComparedValue;
  const others = row.values.flatMap((value, i) =>
    value === undefined || i === row.best ? [] : [timesWorse({ better }, best.value, value.value)],
  );
  return Math.min(...others);
}
