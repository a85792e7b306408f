import { problemNote } from './breakdown.js';
import type { FigureSpec, LinePanelSpec, LinePoint, LineSpec } from './chart-spec.js';
import { emulationRemark } from './emulation.js';
import {
  axisLabel,
  figureId,
  type LineView,
  lineLegend,
  seriesLabel,
  sourceLine,
  sweepTable,
} from './figure-parts.js';
import { dimensionLabel, metricLabel, own, present, workloadTitle } from './labels.js';
import { formatParameter, formatRatio } from './quantity.js';
import type { ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { cliffsOf, flipsAlong, slotsOf } from './standings.js';
import type { Sweep, SweepPanel, SweepSeries } from './sweep.js';

/** More panels than this are not a picture any more; the table has them all. */
const MOST_PANELS = 9;

/** The lines of a sweep: a metric against x, one line a competitor, one panel for each value of the second dimension. */
export function sweepFigure(
  data: ReportData,
  sweep: Sweep,
  selection: Selection,
  view: LineView,
): FigureSpec {
  const shown = spread(sweep.panels, MOST_PANELS);
  const panels = shown.map((panel) => panelSpec(sweep, panel, view));
  const slots = slotsOf(sweep);
  const metric = metricLabel(sweep.metric);
  const size = axisLabel(sweep.xKey).toLowerCase();
  const relative = view.relativeTo === '' ? '' : `, as a multiple of ${view.relativeTo}`;
  return {
    id: figureId(sweep.scenario, 'by', kebab(sweep.xKey)),
    title: `${workloadTitle(sweep.scenario)}: ${metric.toLowerCase()} against ${size}${relative}`,
    subtitle: [
      sweep.better === 'lower' ? 'Lower is better.' : 'Higher is better.',
      panels.length > 1 && view.scale === 'log'
        ? 'Panels differ in place but not in span: equal distances are equal factors.'
        : '',
      panels.some((panel) => panel.bands.length > 0)
        ? 'Grey: the lead changes, to the one named at its foot.'
        : '',
      panels.some((panel) => panel.marks.length > 0)
        ? 'Ringed: a cliff, with the new value over the old.'
        : '',
    ]
      .filter((part) => part !== '')
      .join(' '),
    columns: panels.length === 1 ? 1 : panels.length === 2 || panels.length === 4 ? 2 : 3,
    panels: comparable(panels),
    legend: lineLegend(sweep),
    notes: [
      ...(sweep.panels.length > shown.length
        ? [
            `${sweep.panels.length - shown.length} of ${sweep.panels.length} panels are in the table only`,
          ]
        : []),
      ...(sweep.sizeSpread > 0.0005 && sweep.xKey === 'ringSizeBytes'
        ? [
            `points stand at effective sizes; those compared as equal differ by at most ${(sweep.sizeSpread * 100).toFixed(1)} %`,
          ]
        : []),
      ...hypothetical(sweep),
      ...present([emulationRemark(sweep.cells)]),
      ...[problemNote(sweep.cells)].filter((note) => note !== ''),
    ],
    source: sourceLine(data, selection),
    table: sweepTable(sweep, slots, `${workloadTitle(sweep.scenario)}: ${metric.toLowerCase()}`),
  };
}

/** ringSizeBytes as "ring-size". */
function kebab(key: string): string {
  return key.replace(/Bytes$/, '').replace(/[A-Z]/g, (letter) => `-${letter}`);
}

/** What a cell supposes that no Xen does. */
function hypothetical(sweep: Sweep): readonly string[] {
  const supposed = new Set<string>();
  for (const cell of sweep.cells) {
    const what = own(cell.outcome ?? {}, 'hypothetical');
    if (what !== undefined) supposed.add(String(what));
  }
  return [...supposed].map((what) => `hypothetical, as no Xen does it: ${what}`);
}

/** At most `most` items, evenly taken, first and last included. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from(
    { length: most },
    (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as T,
  );
}

function panelSpec(sweep: Sweep, panel: SweepPanel, view: LineView): LinePanelSpec {
  const relative = view.relativeTo !== '';
  const labels = new Map<string, string>();
  const lines: LineSpec[] = panel.series.map((series) => {
    const first = labels.get(series.transport);
    const label = seriesLabel(series);
    if (first === undefined) labels.set(series.transport, label);
    return {
      label,
      transport: series.transport,
      hollow: first !== undefined,
      points: linePoints(series, panel, view),
    };
  });
  const rows = slotsOf({ ...sweep, panels: [panel] });
  const variants = [...new Set(rows.map((slot) => slot.variant))];
  const bands = variants.flatMap((variant) =>
    flipsAlong(
      sweep,
      rows.filter((slot) => slot.variant === variant),
    ).map((flip) => ({
      from: flip.from,
      to: flip.to,
      label: `→ ${flip.after}`,
      transport: panel.series.find((s) => s.competitor === flip.after)?.transport ?? flip.after,
    })),
  );
  const marks = relative
    ? []
    : cliffsOf(sweep, panel).map((cliff) => ({
        x: cliff.x,
        y: cliff.value,
        label: formatRatio(cliff.ratio),
      }));
  return {
    kind: 'lines',
    title: panelTitle(sweep, panel),
    x: {
      title: axisLabel(sweep.xKey),
      scale: view.scale,
      unit: axisUnit(sweep.xKey),
    },
    y: {
      title: relative
        ? `${metricLabel(sweep.metric)}, times ${view.relativeTo}`
        : metricLabel(sweep.metric),
      scale: view.scale,
      unit: relative ? '1' : sweep.unit,
    },
    lines,
    bands,
    marks,
  };
}

function axisUnit(key: string): string {
  if (key.endsWith('Bytes')) return 'B';
  return key.endsWith('PerSecond') ? '1/s' : '1';
}

function panelTitle(sweep: Sweep, panel: SweepPanel): string {
  if (panel.value === undefined || sweep.panelKey === undefined) return '';
  return `${dimensionLabel(sweep.panelKey)} ${formatParameter(sweep.panelKey, panel.value)}`;
}

function linePoints(series: SweepSeries, panel: SweepPanel, view: LineView): readonly LinePoint[] {
  if (view.relativeTo === '') {
    return series.points.map(({ x, value, low, high }) => ({ x, y: value, low, high }));
  }
  const base = panel.series.find(
    (other) => other.competitor === view.relativeTo && other.variant === series.variant,
  );
  const points: LinePoint[] = [];
  for (const point of series.points) {
    const divisor = base?.points.find((other) => other.place === point.place)?.value;
    if (divisor === undefined || divisor === 0) continue;
    points.push({
      x: point.x,
      y: point.value / divisor,
      low: point.low / divisor,
      high: point.high / divisor,
    });
  }
  return points;
}

/**
 * Panels share the x axis. On a log axis each panel has its own place in y but all span the same ratio, so that equal
 * distances mean equal factors everywhere; on a linear axis each starts at 0.
 */
function comparable(panels: readonly LinePanelSpec[]): readonly LinePanelSpec[] {
  const x = range(panels, (point) => [point.x]);
  const ys = panels.map((panel) => range([panel], (point) => [point.y, point.low, point.high]));
  const span = ys.reduce((most, { min, max }) => Math.max(most, max / min), 1.5);
  return panels.map((panel, i) => {
    const { min, max } = ys[i] as { min: number; max: number };
    const middle = Math.sqrt(min) * Math.sqrt(max);
    const half = Math.sqrt(span);
    const y =
      panel.y.scale === 'linear' ? { min: 0, max } : { min: middle / half, max: middle * half };
    return { ...panel, x: { ...panel.x, ...x }, y: { ...panel.y, ...y } };
  });
}

function range(
  panels: readonly LinePanelSpec[],
  pick: (point: LinePoint) => readonly number[],
): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const panel of panels) {
    for (const line of panel.lines) {
      for (const point of line.points) {
        for (const value of pick(point)) {
          if (!(value > 0)) continue;
          min = Math.min(min, value);
          max = Math.max(max, value);
        }
      }
    }
  }
  return max === 0 ? { min: 1, max: 10 } : { min, max };
}
