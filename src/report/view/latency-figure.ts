import type { FigureSpec, LinePanelSpec, LinePoint, TableSpec } from './chart-spec.js';
import { barNotes, sourceLine } from './figure-parts.js';
import { own } from './labels.js';
import { formatScaled, scaleFor } from './quantity.js';
import { type Distribution, metricOf, type ReportCell, type ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { competitorsAt, type Workload } from './workloads.js';

const PERCENTILES: readonly (readonly [metric: string, percentile: number, label: string])[] = [
  ['latencyNsP50', 50, 'p50'],
  ['latencyNsP90', 90, 'p90'],
  ['latencyNsP99', 99, 'p99'],
  ['latencyNsP999', 99.9, 'p99.9'],
];

/** How a domain of a live cell waits whose wake-ups are to be seen. */
const SLEEPING = 'sleeping';

/** Where a percentile stands on an axis that counts nines: 50 at 2, 90 at 10, 99 at 100, 99.9 at 1000. */
export function ninesPosition(percentile: number): number {
  return 100 / (100 - Math.min(percentile, 99.9999));
}

const isLatency = (workload: Workload): boolean => workload.sweep.metric.startsWith('latencyNs');

/** Latency by percentile, one panel a latency workload: closed loop and open loop stay apart. */
export function latencyFigure(
  data: ReportData,
  workloads: readonly Workload[],
  selection: Selection,
): FigureSpec | undefined {
  const shown = workloads.filter(isLatency);
  const panels = shown.map(percentilePanel).filter((panel) => panel.lines.length > 0);
  if (panels.length === 0) return undefined;
  const lines = new Map(panels.flatMap((panel) => panel.lines.map((line) => [line.label, line])));
  return {
    id: 'latency-percentiles',
    title: 'Latency by percentile',
    subtitle:
      'Lower is better. Round trip: closed loop, one in flight. Paced: open loop, timed from the intended send.',
    columns: panels.length === 1 ? 1 : 2,
    panels,
    legend: [...lines.values()].map(({ label, transport, hollow }) => ({
      kind: 'line',
      label,
      transport,
      hollow,
    })),
    notes: [
      ...([...lines.keys()].some((label) => label.endsWith(SLEEPING))
        ? ['sleeping: a domain that waits sleeps at once; else it keeps looking for a while']
        : []),
      ...barNotes(shown),
    ],
    source: sourceLine(data, selection),
    table: latencyTable(shown),
  };
}

function percentilePanel({ slot, verdict }: Workload): LinePanelSpec {
  const seen = new Set<string>();
  const lines = competitorsAt(slot).flatMap(({ competitor, cell }) => {
    const { transport } = cell;
    const hollow = seen.has(transport);
    seen.add(transport);
    return [
      { label: competitor, transport, hollow, points: curveOf(cell) },
      { label: `${competitor}, ${SLEEPING}`, transport, hollow: true, points: sleepingCurve(cell) },
    ];
  });
  return {
    kind: 'lines',
    title: `${verdict.title} (${verdict.at})`,
    x: { title: 'Percentile', scale: 'log', unit: 'percentile', min: 2, max: 1000 },
    y: { title: 'Latency', scale: 'log', unit: 'ns' },
    lines: lines.filter((line) => line.points.length > 0),
    bands: [],
    marks: [],
  };
}

/** The recorded distribution from the median up, or the four percentiles of the metrics. */
function curveOf(cell: ReportCell): readonly LinePoint[] {
  const recorded = own(cell.distributions ?? {}, 'latencyNs') ?? [];
  const curve =
    recorded.length > 0
      ? recorded.filter(([percentile]) => percentile >= 50 && percentile <= 99.9)
      : PERCENTILES.flatMap(([metric, percentile]) => {
          const value = metricOf(cell, metric);
          return value === undefined ? [] : [[percentile, value] as const];
        });
  return pointsOf(curve);
}

/** Of live cells: the same where a domain that waits sleeps at once, so that its wake-ups show. */
function sleepingCurve(cell: ReportCell): readonly LinePoint[] {
  const recorded = own(cell.distributions ?? {}, 'blockingLatencyNs') ?? [];
  return pointsOf(recorded.filter(([percentile]) => percentile >= 50 && percentile <= 99.9));
}

function pointsOf(curve: Distribution): readonly LinePoint[] {
  return curve.map(([percentile, y]) => ({ x: ninesPosition(percentile), y, low: y, high: y }));
}

function latencyTable(workloads: readonly Workload[]): TableSpec {
  const rows: string[][] = [];
  const columns = [...PERCENTILES.map(([metric]) => metric), 'latencyNsMax'];
  for (const { slot, verdict } of workloads) {
    for (const { competitor, cell } of competitorsAt(slot)) {
      const values = columns.map((metric) => metricOf(cell, metric));
      const scale = scaleFor(
        values.filter((value) => value !== undefined),
        'ns',
      );
      rows.push([
        verdict.title,
        competitor,
        ...values.map((v) => (v === undefined ? '-' : `${formatScaled(v, scale)} ${scale.suffix}`)),
      ]);
    }
  }
  return {
    caption: 'Latency by percentile',
    columns: ['Workload', 'Transport', ...PERCENTILES.map(([, , label]) => label), 'max'],
    rows,
    best: [],
  };
}
