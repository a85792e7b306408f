import { stackedPanels } from './bar-figures.js';
import type { FigureSpec, TableSpec } from './chart-spec.js';
import { barNotes, sourceLine } from './figure-parts.js';
import { compareText, workloadTitle } from './labels.js';
import { formatQuantity, formatShare } from './quantity.js';
import { metricOf, type ReportCell, type ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { competitorsAt, type Workload, workloadsForBars } from './workloads.js';

/** Time of both threads of a live cell, nanoseconds a message; undefined where nothing was injected. */
function partsOf(cell: ReportCell): Readonly<Record<string, number>> | undefined {
  const injected = metricOf(cell, 'injectedNsPerMessage');
  const share = metricOf(cell, 'injectedShare');
  if (injected === undefined || share === undefined || injected <= 0 || share <= 0)
    return undefined;
  return { injected, real: Math.max(0, injected / share - injected) };
}

/** Of live cells: how much of the time was injected, and how much was this machine's own. */
export function injectedFigure(
  data: ReportData,
  workloads: readonly Workload[],
  selection: Selection,
): FigureSpec | undefined {
  const shown = workloadsForBars(workloads);
  const { panels, legend } = stackedPanels(shown, partsOf, {
    unit: 'ns',
    axis: 'Time of both threads a message',
    order: compareText,
    label: (part) => part,
    hatch: () => 'none',
  });
  if (panels.length === 0) return undefined;
  return {
    id: 'injected-time',
    title: 'How much of the time was injected',
    subtitle:
      'Time of both threads a message, medians of the rounds. Injected: what only a hypervisor does, by the profile. Real: all else, waiting included.',
    columns: panels.length === 1 ? 1 : 2,
    panels,
    legend,
    notes: barNotes(shown),
    source: sourceLine(data, selection),
    table: injectedTable(workloads),
  };
}

function injectedTable(workloads: readonly Workload[]): TableSpec {
  const rows = workloads.flatMap(({ slot, scenario }) =>
    competitorsAt(slot).flatMap(({ competitor, cell }) => {
      const parts = partsOf(cell);
      if (parts === undefined) return [];
      const { injected = 0, real = 0 } = parts;
      return [
        [
          workloadTitle(scenario),
          competitor,
          formatQuantity(injected, 'ns'),
          formatQuantity(real, 'ns'),
          formatShare(injected / (injected + real)),
        ],
      ];
    }),
  );
  return {
    caption: 'Injected and real time a message',
    columns: ['Workload', 'Transport', 'Injected', 'Real', 'Injected, of all'],
    rows,
    best: [],
  };
}
