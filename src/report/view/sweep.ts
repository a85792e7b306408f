import type { Better, ParameterValue } from '../../results/types.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import { type Axes, axesOf } from './axes.js';
import { compareText, dimensionWord, own } from './labels.js';
import { formatParameter } from './quantity.js';
import { replicateId } from './replicates.js';
import { dimensionValue, effectiveRingBytes, metricOf, type ReportCell } from './report-data.js';
import { isControl, transportOrder } from './series-style.js';
import { classOf, type SizeClass, sizeClasses } from './size-classes.js';

/** One transport at one place of the sweep; several cells where it was repeated. */
export interface SweepPoint {
  /** The size the protocol really had: what the point is drawn at. */
  readonly x: number;
  /** The size class (or the plain value) by which transports are compared. */
  readonly place: number;
  /** The median of the repetitions; low and high are their extremes, or the interval of a single sample. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** It was sampled once, and nothing says how far the next sample would lie from it: no difference can rest on it. */
  readonly isOneSample?: boolean;
  readonly byReplicate: ReadonlyMap<string, number>;
  readonly cells: readonly ReportCell[];
}

export interface SweepSeries {
  readonly transport: string;
  /** Who competes: the transport, or "v2v per-transfer" where the scenario compares grant modes. */
  readonly competitor: string;
  /** Other parameters that vary besides x and panel: "limits raised". Only equal ones compete. Usually empty. */
  readonly variant: string;
  readonly points: readonly SweepPoint[];
}

export interface SweepPanel {
  /** The value of the panel dimension; undefined where the sweep has none. */
  readonly value: ParameterValue | undefined;
  readonly series: readonly SweepSeries[];
}

/** One scenario under one selection: a line a transport along x, one panel for each value of a second dimension. */
export interface Sweep {
  readonly scenario: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: Better;
  readonly xKey: string;
  readonly panelKey: string | undefined;
  readonly variantKeys: readonly string[];
  readonly panels: readonly SweepPanel[];
  /** Largest difference of sizes that are compared as equal, as a share: 0.001 is 0.1 %. */
  readonly sizeSpread: number;
  readonly cells: readonly ReportCell[];
}

const PRIMARY_METRIC: Readonly<Record<string, string>> = {
  'message-rate': 'messagesPerSecond',
  'fan-in': 'messagesPerSecond',
  'ping-pong': 'latencyNsP50',
  paced: 'latencyNsP99',
  setup: 'setupNs',
  'one-to-many': 'bytesPerSecond',
  'noisy-neighbour': 'latencyNsP99',
  'channel-depletion': 'connections',
  'setup-storm': 'latencyNsP50',
};

const METRIC_PREFERENCE = ['bytesPerSecond', 'messagesPerSecond', 'latencyNsP50', 'setupNs'];

/**
 * The figure by which a scenario is judged, among those its cells have. Undefined where cells are judged by what happened
 * under a fault: to rank transports by the latency beside it would say nothing.
 */
export function primaryMetric(scenario: string, cells: readonly ReportCell[]): string | undefined {
  const known = own(PRIMARY_METRIC, scenario);
  const has = (metric: string): boolean =>
    cells.some((cell) => metricOf(cell, metric) !== undefined);
  if (cells.some(({ outcome }) => own(outcome ?? {}, 'finding') !== undefined)) {
    return known !== undefined && has(known) ? known : undefined;
  }
  const preferred = [...(known === undefined ? [] : [known]), ...METRIC_PREFERENCE].find(has);
  if (preferred !== undefined) return preferred;
  const first = cells.find((cell) => cell.verdict === 'valid');
  return first === undefined
    ? undefined
    : Object.keys(first.metrics).find((name) => first.metrics[name]?.better !== 'none');
}

/** The sweep of a scenario, or undefined where no valid cell has the metric. */
export function sweepOf(
  scenario: string,
  all: readonly ReportCell[],
  metric = primaryMetric(scenario, all),
): Sweep | undefined {
  const competing = all.filter((cell) => !isControl(cell.transport));
  const cells = competing.length === 0 ? all : competing;
  const sample = cells.find((cell) => metric !== undefined && metricOf(cell, metric) !== undefined);
  const described = sample === undefined ? undefined : own(sample.metrics, metric ?? '');
  if (metric === undefined || described === undefined) return undefined;
  const rings = sizeClasses(ownedRings(cells));
  const axes: Layout = { ...axesOf(scenario, cells), rings };
  return {
    scenario,
    metric,
    unit: described.unit,
    better: described.better,
    xKey: axes.xKey,
    panelKey: axes.panelKey,
    variantKeys: axes.variantKeys,
    panels: panelsOf(cells, metric, axes),
    sizeSpread: rings.reduce((most, c) => Math.max(most, c.largest / c.smallest - 1), 0),
    cells,
  };
}

interface Layout extends Axes {
  readonly rings: readonly SizeClass[];
}

function* ownedRings(cells: readonly ReportCell[]): Generator<{ owner: string; size: number }> {
  for (const cell of cells) {
    const size = effectiveRingBytes(cell);
    if (size !== undefined && size > 0) yield { owner: cell.transport, size };
  }
}

/** Where a cell stands on an axis: its ring by what the protocol made of it. Undefined where it has no such value. */
function placeOn(
  cell: ReportCell,
  key: string,
  rings: readonly SizeClass[],
): { exact: number; place: number } | undefined {
  if (key === 'ringSizeBytes') {
    const size = effectiveRingBytes(cell);
    const place = size === undefined ? undefined : classOf(rings, size)?.size;
    return size === undefined || place === undefined ? undefined : { exact: size, place };
  }
  const value = dimensionValue(cell, key);
  return typeof value === 'number' ? { exact: value, place: value } : undefined;
}

function panelsOf(
  cells: readonly ReportCell[],
  metric: string,
  axes: Layout,
): readonly SweepPanel[] {
  const panels = new Map<ParameterValue | undefined, Map<string, Map<number, ReportCell[]>>>();
  for (const cell of cells) {
    if (metricOf(cell, metric) === undefined) continue;
    const place = placeOn(cell, axes.xKey, axes.rings)?.place ?? 0;
    const panel =
      axes.panelKey === undefined ? undefined : placeOn(cell, axes.panelKey, axes.rings)?.place;
    const series = entry(panels, panel, () => new Map<string, Map<number, ReportCell[]>>());
    const points = entry(series, JSON.stringify(identity(cell, axes)), () => new Map());
    entry(points, place, () => [] as ReportCell[]).push(cell);
  }
  return [...panels]
    .sort((a, b) => Number(a[0] ?? 0) - Number(b[0] ?? 0))
    .map(([value, series]) => ({
      value,
      series: [...series].map(([name, points]) => seriesOf(name, points, metric, axes)).sort(order),
    }));
}

/** What makes a series: transport, competitor, variant. */
function identity(cell: ReportCell, axes: Layout): [string, string, string] {
  const competitor = [cell.transport];
  for (const key of axes.competitorKeys) {
    const value = dimensionValue(cell, key);
    if (value !== undefined) competitor.push(String(value));
  }
  const variant = axes.variantKeys.map((key) => {
    const value = dimensionValue(cell, key);
    return `${dimensionWord(key)} ${formatParameter(key, value)}`;
  });
  return [cell.transport, competitor.join(' '), variant.join(', ')];
}

function order(a: SweepSeries, b: SweepSeries): number {
  return (
    transportOrder(a.transport, b.transport) ||
    compareText(a.competitor, b.competitor) ||
    compareText(a.variant, b.variant)
  );
}

function seriesOf(
  name: string,
  points: ReadonlyMap<number, readonly ReportCell[]>,
  metric: string,
  axes: Layout,
): SweepSeries {
  const [transport, competitor, variant] = JSON.parse(name) as ReturnType<typeof identity>;
  return {
    transport,
    competitor,
    variant,
    points: [...points]
      .sort((a, b) => a[0] - b[0])
      .map(([place, cells]) => pointOf(place, cells, metric, axes)),
  };
}

function pointOf(
  place: number,
  cells: readonly ReportCell[],
  metric: string,
  axes: Layout,
): SweepPoint {
  const byReplicate = new Map<string, number>();
  for (const cell of cells) byReplicate.set(replicateId(cell), metricOf(cell, metric) as number);
  const values = sortedAscending([...byReplicate.values()]);
  const { assume, interval } = own((cells[0] as ReportCell).metrics, metric) ?? {};
  const single = values.length === 1 && interval !== undefined ? interval : undefined;
  return {
    x: placeOn(cells[0] as ReportCell, axes.xKey, axes.rings)?.exact ?? place,
    place,
    value: median(values),
    low: single?.[0] ?? (values[0] as number),
    high: single?.[1] ?? (values.at(-1) as number),
    isOneSample: assume === 'nothing' && values.length === 1 && interval === undefined,
    byReplicate,
    cells,
  };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
