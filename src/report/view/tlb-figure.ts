import { countersPerMessage } from './breakdown.js';
import type { BarPanelSpec, FigureSpec, LegendItem, TableSpec } from './chart-spec.js';
import { barNotes, sourceLine } from './figure-parts.js';
import { counterLabel, own, present, workloadTitle } from './labels.js';
import { formatQuantity } from './quantity.js';
import { messagesOf, metricOf, type ReportCell, type ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { transportOrder, transportStyle } from './series-style.js';
import { competitorsAt, type Workload, workloadsForBars } from './workloads.js';

interface Measure {
  readonly title: string;
  readonly unit: string;
  readonly of: (cell: ReportCell) => number | undefined;
}

/** A counter of the TLB group a message, where no metric says it. */
function tlbCounter(cell: ReportCell, name: string): number | undefined {
  const counts = cell.counters?.tlb;
  const messages = messagesOf(cell);
  const count = counts === undefined ? undefined : (own(counts, name) ?? 0);
  // Threads of one process flush nothing, whatever the transport: their zero is none of the transport.
  if (cell.testbed === 'live' && count === 0) return undefined;
  return count === undefined || messages === undefined ? undefined : count / messages;
}

const MEASURES: readonly Measure[] = [
  {
    title: 'TLB flushes requested, a message',
    unit: '1',
    of: (cell) => metricOf(cell, 'tlbFlushesPerMessage') ?? tlbCounter(cell, 'flushRequests'),
  },
  {
    title: 'TLB misses, a message',
    unit: '1',
    of: (cell) => metricOf(cell, 'tlbMissesPerMessage') ?? tlbCounter(cell, 'misses'),
  },
  {
    title: 'TLB cost, a message',
    unit: 'ns',
    of: (cell) => metricOf(cell, 'tlbNsPerMessage'),
  },
];

/** Flushes, misses and what they cost: one panel a measure, workloads side by side. */
export function tlbFigure(
  data: ReportData,
  workloads: readonly Workload[],
  selection: Selection,
): FigureSpec | undefined {
  const shown = workloadsForBars(workloads);
  const names = new Map<string, string>();
  for (const { slot } of shown) {
    for (const { competitor, cell } of competitorsAt(slot)) names.set(competitor, cell.transport);
  }
  const competitors = [...names].sort(
    (a, b) => transportOrder(a[1], b[1]) || (a[0] < b[0] ? -1 : 1),
  );
  const panels = MEASURES.map(
    (measure): BarPanelSpec => ({
      kind: 'bars',
      title: measure.title,
      categories: shown.map(({ scenario }) => workloadTitle(scenario)),
      value: { title: measure.title, scale: 'linear', unit: measure.unit },
      stacked: false,
      bars: competitors.map(([competitor, transport]) => {
        const style = transportStyle(transport);
        const values = shown.map(({ slot }) => {
          const cell = slot.points.get(competitor)?.cells[0];
          return (cell && measure.of(cell)) ?? null;
        });
        return {
          label: competitor,
          light: style.light,
          dark: style.dark,
          values,
          hatch: values.map(() => 'none' as const),
        };
      }),
    }),
  ).filter((panel) => panel.bars.some((bar) => bar.values.some((value) => value !== null)));
  panels.push(...present([grantModePanel(workloads)]));
  if (panels.length === 0) return undefined;
  const legend = competitors.map(([label, transport]): LegendItem => {
    const { light, dark } = transportStyle(transport);
    return { kind: 'patch', label, light, dark, hatch: 'none' };
  });
  return {
    id: 'tlb',
    title: 'TLB: flushes, misses and their cost a message',
    subtitle: 'Fewer is better. Flush requests are those Xen makes; the table has the rest.',
    columns: panels.length === 1 ? 1 : panels.length === 3 ? 3 : 2,
    panels,
    legend,
    notes: barNotes(shown),
    source: sourceLine(data, selection),
    table: tlbTable(workloads),
  };
}

/** Flushes by grant mode: what the proposal says of mapping pages on each transfer. */
function grantModePanel(workloads: readonly Workload[]): BarPanelSpec | undefined {
  const workload = workloads.find(({ scenario }) => scenario === 'grant-mode');
  if (workload === undefined) return undefined;
  const rows = competitorsAt(workload.slot);
  const flushes = MEASURES[0] as Measure;
  const transports = [...new Set(rows.map(({ cell }) => cell.transport))];
  return {
    kind: 'bars',
    title: `By grant mode (${workload.verdict.at})`,
    categories: rows.map(({ competitor }) => competitor),
    value: { title: flushes.title, scale: 'linear', unit: flushes.unit },
    stacked: true,
    bars: transports.map((transport) => {
      const { light, dark } = transportStyle(transport);
      const values = rows.map(({ cell }) =>
        cell.transport === transport ? (flushes.of(cell) ?? null) : null,
      );
      return { label: transport, light, dark, values, hatch: values.map(() => 'none' as const) };
    }),
  };
}

function tlbTable(workloads: readonly Workload[]): TableSpec {
  const rows: string[][] = [];
  for (const { slot, scenario } of workloads) {
    for (const { competitor, cell } of competitorsAt(slot)) {
      const counts = countersPerMessage(cell, 'tlb');
      const [flushes, misses, cost] = MEASURES.map((measure) => ({
        unit: measure.unit,
        value: measure.of(cell),
      })).map(({ unit, value }) => (value === undefined ? '-' : formatQuantity(value, unit)));
      if (counts === undefined && flushes === '-' && misses === '-') continue;
      const rest = Object.entries(counts ?? {})
        .filter(([name]) => name !== 'flushRequests' && name !== 'misses' && !name.endsWith('Ps'))
        .map(([name, count]) => `${counterLabel(name)} ${formatQuantity(count, '1')}`);
      rows.push([
        workloadTitle(scenario),
        competitor,
        flushes ?? '-',
        misses ?? '-',
        cost ?? '-',
        rest.join(', ') || 'none',
      ]);
    }
  }
  return {
    caption: 'TLB a message',
    columns: ['Workload', 'Transport', 'Flush requests', 'Misses', 'Cost', 'Besides'],
    rows,
    best: [],
  };
}
