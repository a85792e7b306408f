import { MIB } from '../../base/units.js';
import {
  causeOrder,
  countersPerMessage,
  cpuTimePerMessage,
  entriesPerMessage,
} from './breakdown.js';
import type {
  BarPanelSpec,
  BarSpec,
  FigureSpec,
  Hatch,
  LegendItem,
  TableSpec,
} from './chart-spec.js';
import { profileOf } from './confidence.js';
import { barNotes, sourceLine } from './figure-parts.js';
import { causeLabel, compareText, counterLabel, own, workloadTitle } from './labels.js';
import { type Certainty, certaintyOf } from './price-causes.js';
import { formatQuantity, formatShare } from './quantity.js';
import { metricOf, type ReportCell, type ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { partColour } from './series-style.js';
import { competitorsAt, type Workload, workloadsForBars } from './workloads.js';

const HATCH: Readonly<Record<Certainty, Hatch>> = {
  known: 'none',
  'partly-estimated': 'light',
  estimated: 'dense',
};

/** A cell's parts, or undefined where it has none to show. */
type PartsOf = (cell: ReportCell) => Readonly<Record<string, number>> | undefined;

/** Stacked bars, a panel for each workload, and the legend of all parts. Empty panels where no cell has parts. */
export function stackedPanels(
  workloads: readonly Workload[],
  partsOf: PartsOf,
  look: {
    readonly unit: string;
    readonly axis: string;
    readonly order: (a: string, b: string) => number;
    readonly label: (part: string) => string;
    readonly hatch: (part: string, cell: ReportCell) => Hatch;
  },
): { panels: readonly BarPanelSpec[]; legend: readonly LegendItem[] } {
  const all = new Map<string, number>();
  for (const { slot } of workloads) {
    for (const { cell } of competitorsAt(slot)) {
      for (const [part, value] of Object.entries(partsOf(cell) ?? {})) {
        all.set(part, Math.max(all.get(part) ?? 0, value));
      }
    }
  }
  const parts = [...all.keys()].sort(look.order);
  const colours = new Map(parts.map((part, i) => [part, partColour(part, i)]));
  const colourOf = (part: string): readonly [string, string] =>
    colours.get(part) ?? ['#888888', '#888888'];
  const legend = new Map<string, LegendItem>();
  const panels = workloads.map(({ slot, verdict }): BarPanelSpec => {
    const rows = competitorsAt(slot).map((row) => ({ ...row, parts: partsOf(row.cell) ?? {} }));
    const bars: BarSpec[] = [];
    for (const part of parts) {
      const values = rows.map((row) => own(row.parts, part) ?? null);
      if (values.every((value) => value === null)) continue;
      const [light, dark] = colourOf(part);
      const hatch = rows.map((row) => look.hatch(part, row.cell));
      bars.push({ label: look.label(part), light, dark, values, hatch });
      legend.set(part, {
        kind: 'patch',
        label: look.label(part),
        light,
        dark,
        hatch: hatch[0] ?? 'none',
      });
    }
    return {
      kind: 'bars',
      title: `${verdict.title} (${verdict.at})`,
      categories: rows.map((row) => row.competitor),
      value: { title: look.axis, scale: 'linear', unit: look.unit },
      stacked: true,
      bars,
    };
  });
  return {
    panels: panels.filter((panel) => panel.bars.length > 0),
    legend: parts.flatMap((part) => legend.get(part) ?? []),
  };
}

/** Where the CPU time of a message goes, by cause, on all physical CPUs together. */
export function attributionFigure(
  data: ReportData,
  workloads: readonly Workload[],
  selection: Selection,
): FigureSpec | undefined {
  const shown = workloadsForBars(workloads);
  const { panels, legend } = stackedPanels(shown, (cell) => cpuTimePerMessage(cell)?.busy, {
    unit: 'ns',
    axis: 'Busy CPU time a message, all CPUs',
    order: causeOrder,
    label: causeLabel,
    hatch: (cause, cell) => HATCH[certaintyOf(profileOf(data, cell), cause)],
  });
  if (panels.length === 0) return undefined;
  return {
    id: 'cpu-time',
    title: 'Where the CPU time goes',
    subtitle:
      'Busy time a message by cause, all CPUs together; shorter is better. Hatched: priced by estimates (sparse: some of its prices, dense: all).',
    columns: panels.length === 1 ? 1 : 2,
    panels,
    legend,
    notes: ['idle time is in the table only', ...barNotes(shown)],
    source: sourceLine(data, selection),
    table: attributionTable(workloads),
  };
}

function attributionTable(workloads: readonly Workload[]): TableSpec {
  const rows: string[][] = [];
  for (const { slot, scenario } of workloads) {
    for (const { competitor, cell } of competitorsAt(slot)) {
      const time = cpuTimePerMessage(cell);
      if (time === undefined) continue;
      const largest = Object.entries(time.busy).sort((a, b) => b[1] - a[1]);
      rows.push([
        workloadTitle(scenario),
        competitor,
        formatQuantity(time.totalNs, 'ns'),
        perMebibyte(cell),
        largest
          .map(
            ([cause, ns]) =>
              `${causeLabel(cause)} ${formatQuantity(ns, 'ns')} (${formatShare(ns / time.totalNs)})`,
          )
          .join(', '),
        formatQuantity(time.idleNs, 'ns'),
      ]);
    }
  }
  return {
    caption: 'CPU time a message',
    columns: ['Workload', 'Transport', 'Busy', 'Busy a MiB', 'By cause', 'Idle'],
    rows,
    best: [],
  };
}

/** The same for bytes, where the workload is told by them. */
function perMebibyte(cell: ReportCell): string {
  const perByte = metricOf(cell, 'cpuNsPerByte');
  return perByte === undefined ? '-' : formatQuantity(perByte * MIB, 'ns');
}

/**
 * Hypervisor entries (a PVH guest's are VMEXITs) a message, by reason. What the protocol determines is plain, what depends on
 * who is faster is hatched.
 */
export function entriesFigure(
  data: ReportData,
  workloads: readonly Workload[],
  selection: Selection,
): FigureSpec | undefined {
  const shown = workloadsForBars(workloads);
  const { panels, legend } = stackedPanels(shown, entryParts, {
    unit: '1',
    axis: 'Hypervisor entries a message',
    order: reasonOrder,
    label: (part) => (part === OWN_HYPERCALLS ? 'hypercall of the transport' : counterLabel(part)),
    hatch: (part, cell) => (isByProtocol(cell, part) ? 'none' : 'light'),
  });
  if (panels.length === 0) return undefined;
  return {
    id: 'hypervisor-entries',
    title: 'Hypervisor entries (VMEXITs of PVH guests) a message',
    subtitle:
      'By reason; fewer is better. Plain: determined by the protocol, the same however the two sides are timed. Hatched: by the schedule, by who is faster.',
    columns: panels.length === 1 ? 1 : 2,
    panels,
    legend,
    notes: ['a round trip is two messages', ...barNotes(shown)],
    source: sourceLine(data, selection),
    table: entriesTable(workloads),
  };
}

/** The transport's own hypercalls, where they are determined otherwise than those of the guest kernel. */
const OWN_HYPERCALLS = 'own-hypercall';

/** Entries by reason; hypercalls of the transport apart where the protocol determines how many there are. */
function entryParts(cell: ReportCell): Readonly<Record<string, number>> | undefined {
  const parts = countersPerMessage(cell, 'entries');
  const calls = own(cell.metrics, 'hypercallsPerMessage');
  const all = parts === undefined ? undefined : own(parts, 'hypercall');
  if (all === undefined || calls?.determinedBy !== 'protocol') return parts;
  const mine = Math.min(calls.value, all);
  return { ...parts, [OWN_HYPERCALLS]: mine, hypercall: all - mine };
}

function isByProtocol(cell: ReportCell, part: string): boolean {
  const metric = part === OWN_HYPERCALLS ? 'hypercallsPerMessage' : 'entriesPerMessage';
  return own(cell.metrics, metric)?.determinedBy === 'protocol';
}

const REASON_ORDER: readonly string[] = [
  OWN_HYPERCALLS,
  'hypercall',
  'pv-syscall',
  'pv-trap',
  'hlt',
  'external-interrupt',
  'eoi',
  'nm',
  'timer',
];

function reasonOrder(a: string, b: string): number {
  const place = (name: string): number => {
    const index = REASON_ORDER.indexOf(name);
    return index < 0 ? REASON_ORDER.length : index;
  };
  return place(a) - place(b) || compareText(a, b);
}

function entriesTable(workloads: readonly Workload[]): TableSpec {
  const rows: string[][] = [];
  for (const { slot, scenario } of workloads) {
    for (const { competitor, cell } of competitorsAt(slot)) {
      const total = entriesPerMessage(cell);
      if (total === undefined) continue;
      const reasons = Object.entries(countersPerMessage(cell, 'entries') ?? {}).sort(
        (a, b) => b[1] - a[1],
      );
      const calls = Object.entries(countersPerMessage(cell, 'hypercalls') ?? {}).sort(
        (a, b) => b[1] - a[1],
      );
      const list = (items: readonly (readonly [string, number])[]): string =>
        items.map(([name, n]) => `${counterLabel(name)} ${formatQuantity(n, '1')}`).join(', ');
      rows.push([
        workloadTitle(scenario),
        competitor,
        formatQuantity(total, '1'),
        list(reasons) || 'none',
        list(calls) || 'none',
        own(cell.metrics, 'entriesPerMessage')?.determinedBy ?? 'not stated',
      ]);
    }
  }
  return {
    caption: 'Hypervisor entries and hypercalls a message',
    columns: ['Workload', 'Transport', 'Entries', 'By reason', 'Hypercalls', 'Set by'],
    rows,
    best: [],
  };
}
