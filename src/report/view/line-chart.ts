import { ticksFor } from './axis-ticks.js';
import { axisOptions, type ChartConfig, frame, valueAxis } from './chart-frame.js';
import type { LinePanelSpec, LineSpec } from './chart-spec.js';
import { type NameAtEnd, placeNames } from './line-names.js';
import type { DrawingPlugin, DrawnChart, Pen } from './pen.js';
import { formatQuantity } from './quantity.js';
import { transportStyle } from './series-style.js';
import { shade, type Theme } from './theme.js';

/** chart.js configuration of a panel of lines. */
export function lineChart(
  panel: LinePanelSpec,
  theme: Theme,
  size: { width: number; height: number },
): ChartConfig {
  const x = ticksFor(panel.x, ...extent(panel, 'x'), Math.max(3, Math.floor(size.width / 72)));
  const y = ticksFor(panel.y, ...extent(panel, 'y'), Math.max(4, Math.floor(size.height / 38)));
  return {
    type: 'line',
    data: { datasets: panel.lines.map((line) => dataset(line, theme)) },
    options: {
      ...frame(panel.title, theme),
      layout: { padding: { right: labelRoom(panel, theme), top: 4 } },
      scales: {
        x: axisOptions(panel.x, x, theme),
        y: valueAxis(panel.y, y, theme),
      },
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      plugins: {
        ...(frame(panel.title, theme)['plugins'] as object),
        tooltip: {
          callbacks: {
            title: (items: readonly { parsed: { x: number } }[]) =>
              items[0] === undefined ? '' : xText(panel, items[0].parsed.x),
            label: (item: { dataset: { label: string }; parsed: { y: number } }) =>
              `${item.dataset.label}: ${formatQuantity(item.parsed.y, panel.y.unit)}`,
          },
        },
      },
    },
    plugins: [bandsPlugin(panel, theme), lineExtras(panel, theme)],
  };
}

function xText(panel: LinePanelSpec, x: number): string {
  if (panel.x.unit === 'percentile') return `${(100 - 100 / x).toFixed(2)} %`;
  return formatQuantity(x, panel.x.unit);
}

function extent(panel: LinePanelSpec, axis: 'x' | 'y'): [min: number, max: number] {
  const fixed = panel[axis];
  let min = fixed.min ?? Number.POSITIVE_INFINITY;
  let max = fixed.max ?? 0;
  if (fixed.min === undefined || fixed.max === undefined) {
    for (const line of panel.lines) {
      for (const point of line.points) {
        const value = point[axis];
        if (!(value > 0)) continue;
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    }
  }
  return max === 0 ? [1, 10] : [min, max];
}

function dataset(line: LineSpec, theme: Theme): Record<string, unknown> {
  const style = transportStyle(line.transport);
  const colour = shade(theme, style);
  return {
    label: line.label,
    data: line.points.map(({ x, y }) => ({ x, y })),
    borderColor: colour,
    backgroundColor: line.hollow ? theme.background : colour,
    pointBorderColor: colour,
    pointBorderWidth: 1.5,
    borderWidth: 2,
    borderDash: [...style.dash],
    showLine: line.scattered !== true,
    pointStyle: style.marker,
    pointRadius: line.points.length > 12 ? 2.5 : 4,
    pointHoverRadius: 6,
    clip: 10,
    tension: 0,
  };
}

/** Between the end of a line and its name. */
const NAME_GAP = 9;

const pixelFont = (theme: Theme, less = 0): string =>
  `${theme.fontSize - less}px ${theme.fontFamily}`;

/** Room at the right for the names at the ends of the lines. Estimated, since nothing can be measured yet. */
function labelRoom(panel: LinePanelSpec, theme: Theme): number {
  const longest = panel.lines.reduce((most, line) => Math.max(most, line.label.length), 0);
  return Math.min(12 + longest * theme.fontSize * 0.6, 130);
}

/** Grey stretches in which the lead changes, behind the lines, each with the name of the new leader at its foot. */
function bandsPlugin(panel: LinePanelSpec, theme: Theme): DrawingPlugin {
  return {
    id: 'interdomBands',
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea, scales } = chart;
      const x = scales['x'];
      if (x === undefined) return;
      const height = chartArea.bottom - chartArea.top;
      ctx.save();
      for (const band of panel.bands) {
        const from = x.getPixelForValue(band.from);
        const to = x.getPixelForValue(band.to);
        ctx.fillStyle = theme.band;
        ctx.fillRect(from, chartArea.top, to - from, height);
        // Bands that touch are told apart by their edges.
        for (const edge of [from, to]) ctx.fillRect(edge - 0.5, chartArea.top, 1, height);
      }
      ctx.restore();
    },
    afterDatasetsDraw(chart) {
      drawLeaders(chart, panel, theme);
    },
  };
}

/** The names of new leaders, side by side where there is room, else on top of each other. */
function drawLeaders(chart: DrawnChart, panel: LinePanelSpec, theme: Theme): void {
  const { ctx, chartArea, scales } = chart;
  const x = scales['x'];
  if (x === undefined) return;
  ctx.save();
  ctx.font = pixelFont(theme, 2);
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'left';
  const ends: number[] = [];
  for (const band of panel.bands) {
    const width = ctx.measureText(band.label).width;
    const middle = (x.getPixelForValue(band.from) + x.getPixelForValue(band.to)) / 2;
    const left = Math.min(
      Math.max(middle - width / 2, chartArea.left + 2),
      chartArea.right - width - 2,
    );
    const free = ends.findIndex((end) => end + 4 <= left);
    const row = free < 0 ? ends.length : free;
    ends[row] = left + width;
    ctx.fillStyle = shade(theme, transportStyle(band.transport));
    outlined(ctx, theme, band.label, left, chartArea.bottom - 4 - row * (theme.fontSize + 1));
  }
  ctx.restore();
}

/** Range bars, rings around cliffs, and the name of each line at its end. */
function lineExtras(panel: LinePanelSpec, theme: Theme): DrawingPlugin {
  return {
    id: 'interdomLines',
    afterDatasetsDraw(chart) {
      drawRanges(chart, panel, theme);
      drawMarks(chart, panel, theme);
      drawNames(chart, panel, theme);
    },
  };
}

/** Where a value stands; one that a log axis does not have, at its foot: the PNG's pen ends the process over no number. */
function heightOf({ scales, chartArea }: DrawnChart, value: number): number {
  const height = scales['y']?.getPixelForValue(value);
  return height !== undefined && Number.isFinite(height) ? height : chartArea.bottom;
}

function drawRanges(chart: DrawnChart, panel: LinePanelSpec, theme: Theme): void {
  const { ctx, scales } = chart;
  const x = scales['x'];
  if (x === undefined) return;
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineWidth = 1.5;
  for (const line of panel.lines) {
    ctx.strokeStyle = shade(theme, transportStyle(line.transport));
    for (const point of line.points) {
      if (!(point.low < point.high)) continue;
      const at = x.getPixelForValue(point.x);
      const low = heightOf(chart, point.low);
      const high = heightOf(chart, point.high);
      ctx.beginPath();
      ctx.moveTo(at, low);
      ctx.lineTo(at, high);
      for (const end of [low, high]) {
        ctx.moveTo(at - 4, end);
        ctx.lineTo(at + 4, end);
      }
      ctx.stroke();
    }
  }
  ctx.restore();
}

function drawMarks(chart: DrawnChart, panel: LinePanelSpec, theme: Theme): void {
  const { ctx, chartArea, scales } = chart;
  const x = scales['x'];
  if (x === undefined) return;
  ctx.save();
  ctx.setLineDash([]);
  ctx.strokeStyle = theme.text;
  ctx.fillStyle = theme.text;
  ctx.lineWidth = 1.2;
  ctx.font = pixelFont(theme, 2);
  ctx.textBaseline = 'top';
  const taken: { left: number; right: number; top: number }[] = [];
  const height = theme.fontSize;
  for (const mark of panel.marks) {
    const at = x.getPixelForValue(mark.x);
    const level = heightOf(chart, mark.y);
    ctx.beginPath();
    ctx.arc(at, level, 9, 0, 2 * Math.PI);
    ctx.stroke();
    const width = ctx.measureText(mark.label).width;
    const left = Math.min(Math.max(at - width / 2, chartArea.left), chartArea.right - width);
    const free = (top: number): boolean =>
      !taken.some(
        (box) => left < box.right && left + width > box.left && Math.abs(top - box.top) < height,
      );
    const top = [level + 11, level - 11 - height].find(free);
    if (top === undefined) continue;
    taken.push({ left, right: left + width, top });
    ctx.textAlign = 'left';
    outlined(ctx, theme, mark.label, left, top);
  }
  ctx.restore();
}

/** Text with a rim of the background, so that lines behind it do not cross the letters. */
function outlined(ctx: Pen, theme: Theme, text: string, x: number, y: number): void {
  ctx.save();
  ctx.setLineDash([]);
  ctx.strokeStyle = theme.background;
  ctx.lineWidth = 3;
  ctx.strokeText(text, x, y);
  ctx.restore();
  ctx.fillText(text, x, y);
}

/** Each name stands at the end of its line, or as near as no other line runs through it. */
function drawNames(chart: DrawnChart, panel: LinePanelSpec, theme: Theme): void {
  const { ctx, chartArea } = chart;
  ctx.save();
  ctx.font = pixelFont(theme, 1);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const courses = panel.lines.map((_, i) => chart.getDatasetMeta(i).data);
  const names = panel.lines.flatMap((line, i): (NameAtEnd & { line: LineSpec })[] => {
    const end = courses[i]?.at(-1);
    if (end === undefined) return [];
    const left = end.x + NAME_GAP;
    const right = left + ctx.measureText(line.label).width;
    return [
      {
        line,
        left,
        right,
        y: end.y,
        others: courses.filter((_, k) => k !== i && panel.lines[k]?.scattered !== true),
      },
    ];
  });
  const middles = placeNames(names, theme.fontSize + 2, chartArea);
  for (const [i, name] of names.entries()) {
    ctx.fillStyle = shade(theme, transportStyle(name.line.transport));
    outlined(ctx, theme, name.line.label, name.left, middles[i] as number);
  }
  ctx.restore();
}
