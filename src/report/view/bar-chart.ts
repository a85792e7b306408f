import { drawable, ticksFor } from './axis-ticks.js';
import { axisOptions, type ChartConfig, frame } from './chart-frame.js';
import type { BarPanelSpec } from './chart-spec.js';
import { hatchRectangle } from './hatching.js';
import type { DrawingPlugin, DrawnChart } from './pen.js';
import { formatQuantity } from './quantity.js';
import { shade, type Theme } from './theme.js';

/** chart.js configuration of a panel of horizontal bars. */
export function barChart(
  panel: BarPanelSpec,
  theme: Theme,
  size: { width: number; height: number },
): ChartConfig {
  const max = largest(panel);
  const ticks = ticksFor(panel.value, 0, max, Math.max(3, Math.floor(size.width / 90)));
  const shared = frame(panel.title, theme);
  return {
    type: 'bar',
    data: {
      labels: [...panel.categories],
      datasets: panel.bars.map((bar) => ({
        label: bar.label,
        data: bar.values.map((value) => (value === null || value === 0 ? value : drawable(value))),
        backgroundColor: shade(theme, bar),
        borderColor: theme.background,
        borderWidth: { right: panel.stacked ? 1 : 0 },
        borderSkipped: false,
        maxBarThickness: panel.stacked ? 46 : 22,
        categoryPercentage: panel.stacked ? 0.75 : 0.8,
      })),
    },
    options: {
      ...shared,
      indexAxis: 'y',
      layout: { padding: { right: 64, top: 4 } },
      scales: {
        x: {
          ...axisOptions(panel.value, { ...ticks, max: Math.max(max, ticks.max) }, theme),
          stacked: panel.stacked,
        },
        y: {
          stacked: panel.stacked,
          ticks: {
            color: theme.text,
            autoSkip: false,
            font: { family: theme.fontFamily, size: theme.fontSize },
          },
          grid: { display: false },
          border: { color: theme.muted },
        },
      },
      plugins: {
        ...(shared['plugins'] as object),
        tooltip: {
          callbacks: {
            label: (item: { dataset: { label: string }; parsed: { x: number } }) =>
              `${item.dataset.label}: ${formatQuantity(item.parsed.x, panel.value.unit)}`,
          },
        },
      },
    },
    plugins: [barExtras(panel, theme)],
  };
}

function largest(panel: BarPanelSpec): number {
  let most = 0;
  panel.categories.forEach((_, i) => {
    const values = panel.bars.map((bar) => bar.values[i] ?? 0);
    const size = panel.stacked
      ? values.reduce((sum, value) => sum + value, 0)
      : values.reduce((a, b) => Math.max(a, b), 0);
    most = Math.max(most, size);
  });
  return most > 0 ? most : 1;
}

/** Hatching, the name of each part that has room for it, and the figure at the end of each bar. */
function barExtras(panel: BarPanelSpec, theme: Theme): DrawingPlugin {
  return {
    id: 'interdomBars',
    afterDatasetsDraw(chart) {
      const ends: { x: number; y: number; sum: number; known: boolean }[] = [];
      panel.bars.forEach((bar, i) => {
        chart.getDatasetMeta(i).data.forEach((element, k) => {
          const value = bar.values[k];
          if (value === null || value === undefined) return;
          const box = boxOf(element);
          hatchRectangle(chart.ctx, bar.hatch[k] ?? 'none', box);
          if (panel.stacked) {
            nameInside(chart, bar.label, shade(theme, bar), box, theme);
            const known = ends[k];
            const end = box.x + box.width;
            ends[k] = {
              x: Math.max(known?.x ?? 0, end),
              y: box.y + box.height / 2,
              sum: (known?.sum ?? 0) + value,
              known: true,
            };
          } else {
            figureAt(
              chart,
              box.x + box.width,
              box.y + box.height / 2,
              value,
              panel.value.unit,
              theme,
            );
          }
        });
      });
      for (const end of ends) {
        if (end?.known === true) figureAt(chart, end.x, end.y, end.sum, panel.value.unit, theme);
      }
    },
  };
}

function boxOf(element: { x: number; y: number; base?: number; height?: number }): {
  x: number;
  y: number;
  width: number;
  height: number;
} {
  const base = element.base ?? element.x;
  const height = element.height ?? 0;
  return {
    x: Math.min(base, element.x),
    y: element.y - height / 2,
    width: Math.abs(element.x - base),
    height,
  };
}

function nameInside(
  chart: DrawnChart,
  label: string,
  colour: string,
  box: { x: number; y: number; width: number; height: number },
  theme: Theme,
): void {
  const { ctx } = chart;
  ctx.save();
  ctx.font = `${theme.fontSize - 2}px ${theme.fontFamily}`;
  const width = ctx.measureText(label).width;
  if (width + 8 <= box.width && box.height >= theme.fontSize + 2) {
    // A plate of the bar's own colour keeps the letters readable on a hatched bar.
    ctx.fillStyle = colour;
    const middle = box.x + box.width / 2;
    ctx.fillRect(
      middle - width / 2 - 2,
      box.y + box.height / 2 - theme.fontSize / 2,
      width + 4,
      theme.fontSize,
    );
    ctx.fillStyle = isBright(colour) ? '#000000' : '#ffffff';
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(label, middle, box.y + box.height / 2);
  }
  ctx.restore();
}

/** True where black letters stand out more than white ones (relative luminance above 0.18, WCAG 2.2). */
export function isBright(hex: string): boolean {
  const channel = (at: number): number => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    // The square is close enough to the sRGB curve to choose between black and white.
    return share * share;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) > 0.2;
}

function figureAt(
  chart: DrawnChart,
  x: number,
  y: number,
  value: number,
  unit: string,
  theme: Theme,
): void {
  const { ctx } = chart;
  ctx.save();
  ctx.font = `${theme.fontSize - 1}px ${theme.fontFamily}`;
  ctx.fillStyle = theme.text;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(formatQuantity(value, unit), x + 5, y);
  ctx.restore();
}
