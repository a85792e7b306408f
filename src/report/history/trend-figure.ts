import { formatBytes } from '../../base/units.js';
import { shareText } from '../../judge/gate/figure-text.js';
import { HARNESS } from '../../judge/gate/side.js';
import type { Trend } from '../../judge/history/trend.js';
import { parseCellId } from '../../results/cell-id.js';
import type { FigureSpec, LinePanelSpec } from '../view/chart-spec.js';
import { metricLabel } from '../view/labels.js';

/** Figures of one picture. */
export const TRENDS_A_PICTURE = 6;

/** Some figures over the runs as one picture: a panel each, from zero, with the size of a change where it came. */
export function trendFigure(id: string, trends: readonly Trend[], title: string): FigureSpec {
  return {
    id,
    title,
    subtitle:
      'Each point is a run, the oldest first; what is written beside a point is how far the level moved there',
    columns: trends.length > 1 ? 2 : 1,
    panels: trends.map(trendPanel),
    legend: [],
    notes: [],
    source: 'interdom history report',
    table: { caption: title, columns: [], rows: [], best: [] },
  };
}

function trendPanel(trend: Trend): LinePanelSpec {
  const { points, changes, unit, metric } = trend;
  const values = points.map(({ value }) => value);
  const line = points.map(({ value }, i) => ({ x: i + 1, y: value, low: value, high: value }));
  return {
    kind: 'lines',
    title: placeOf(trend),
    x: { title: 'run', scale: 'linear', unit: '1', min: 0, max: points.length + 1 },
    y: { title: metricLabel(metric), scale: 'linear', unit },
    lines: [{ label: metric, transport: transportOf(trend), hollow: false, points: line }],
    bands: [],
    marks: changes.map(({ index, before, after }) => ({
      x: index + 1,
      y: values[index] as number,
      label: shareText((after - before) / Math.abs(before)),
    })),
  };
}

function transportOf({ cell }: Trend): string {
  return cell === HARNESS ? HARNESS : parseCellId(cell).transport;
}

/** "v4v ping-pong, 64 B messages, a 4 KiB ring", or the harness and its kind of host. */
function placeOf({ cell, hostClass }: Trend): string {
  if (cell === HARNESS) return `the harness on ${hostClass}`;
  const { transport, scenario, parameters } = parseCellId(cell);
  const sizes = [
    ['messageSizeBytes', 'messages'],
    ['ringSizeBytes', 'ring'],
  ].flatMap(([name = '', what]) => {
    const bytes = Number(parameters.get(name));
    return bytes > 0 ? [`${formatBytes(bytes)} ${what}`] : [];
  });
  return [`${transport} ${scenario}`, ...sizes].join(', ');
}
