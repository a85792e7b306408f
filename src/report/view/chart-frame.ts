import type { Ticks } from './axis-ticks.js';
import type { AxisSpec } from './chart-spec.js';
import type { DrawingPlugin } from './pen.js';
import type { Theme } from './theme.js';

/** A chart.js configuration. chart.js has its own types, but they need a browser's, which the project compiles without. */
export interface ChartConfig {
  readonly type: 'line' | 'bar';
  readonly data: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly plugins: readonly DrawingPlugin[];
}

/** Options all our charts share. Legend, main title and source stand outside the canvas of a panel. */
export function frame(title: string, theme: Theme): Readonly<Record<string, unknown>> {
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    font: { family: theme.fontFamily, size: theme.fontSize },
    plugins: {
      legend: { display: false },
      title: {
        display: title !== '',
        text: title,
        align: 'start',
        color: theme.text,
        font: { family: theme.fontFamily, size: theme.fontSize + 1, weight: 'bold' },
        padding: { top: 2, bottom: 8 },
      },
    },
  };
}

/** A scale with exactly these ticks. */
export function axisOptions(axis: AxisSpec, ticks: Ticks, theme: Theme): Record<string, unknown> {
  const labels = new Map(ticks.values.map((value, i) => [value, ticks.labels[i]]));
  return {
    type: axis.scale === 'log' ? 'logarithmic' : 'linear',
    min: ticks.min,
    max: ticks.max,
    title: {
      display: true,
      text: ticks.suffix === '' ? axis.title : `${axis.title} (${ticks.suffix})`,
      color: theme.muted,
      font: { family: theme.fontFamily, size: theme.fontSize - 1 },
    },
    afterBuildTicks: (scale: { ticks: unknown }) => {
      scale.ticks = ticks.values.map((value) => ({ value }));
    },
    ticks: {
      autoSkip: false,
      maxRotation: 0,
      minRotation: 0,
      color: theme.muted,
      font: { family: theme.fontFamily, size: theme.fontSize - 1 },
      callback: (value: number) => labels.get(value) ?? '',
    },
    grid: { color: theme.grid },
    border: { color: theme.muted },
  };
}

/** The axis of the values: as above, with its ticks a little less loud. */
export function valueAxis(axis: AxisSpec, ticks: Ticks, theme: Theme): Record<string, unknown> {
  return { ...axisOptions(axis, ticks, theme), border: { display: false } };
}
