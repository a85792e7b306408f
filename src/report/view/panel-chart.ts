import { barChart } from './bar-chart.js';
import type { ChartConfig } from './chart-frame.js';
import type { PanelSpec } from './chart-spec.js';
import { lineChart } from './line-chart.js';
import type { Theme } from './theme.js';

/** The one way from a panel to chart.js, for PNG and page alike. @param size CSS pixels of the canvas */
export function panelChart(
  panel: PanelSpec,
  theme: Theme,
  size: { width: number; height: number },
): ChartConfig {
  return panel.kind === 'lines' ? lineChart(panel, theme, size) : barChart(panel, theme, size);
}
