import { emulationNote } from '../results/emulated.js';
import type { ResultsFile } from '../results/types.js';
import { collectReportData } from './collect.js';
import { openingChoice } from './render-report.js';
import {
  type TerminalCell,
  type TerminalTable,
  terminalTable,
  wrapText,
} from './terminal-table.js';
import { cpuTimePerMessage, entriesPerMessage, problemsOf } from './view/breakdown.js';
import { sweepTable } from './view/figure-parts.js';
import { type FindingsTable, findingsTable } from './view/findings.js';
import { metricLabel, own } from './view/labels.js';
import { withoutControls } from './view/plain-text.js';
import { formatQuantity, formatRatio, formatShare } from './view/quantity.js';
import { metricOf, type ReportCell, type ReportData } from './view/report-data.js';
import { facetsOf, type Selection } from './view/selection.js';
import { type Slot, slotsOf } from './view/standings.js';
import { sizeNote } from './view/verdict.js';
import {
  bestOf,
  levelText,
  summarySentence,
  surenessSentence,
  transportsIn,
} from './view/verdict-markup.js';
import { competitorsAt, type Workload, workloadsOf } from './view/workloads.js';

export interface SummaryOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
}

/** Rows of the sweep that is printed: a table that is longer than the screen is not read. */
const MOST_SWEEP_ROWS = 12;

/**
 * What `run` prints at its end: transports at equal effective ring sizes, every workload at its reference size, what a
 * message costs and where the time went, and what did not come to a figure. Where a run has several profiles or guest
 * types, the first with most valid cells is shown, and the rest named.
 */
export function renderRunSummary(results: ResultsFile, options: SummaryOptions): string {
  const data = collectReportData([results]);
  const { selection } = openingChoice(data);
  const workloads = workloadsOf(data, selection);
  const table = (spec: TerminalTable): string => terminalTable(spec, options.width, options.colour);
  const parts: string[] = [shownLine(data, selection, options.width)];
  if (workloads.length > 0) {
    const sweep = sweepSummary(workloads);
    if (sweep !== undefined) parts.push(table(sweep));
    parts.push(table(scoreboard(workloads)));
    const known = costs(workloads);
    if (known.rows.length > 0) parts.push(table(known));
    const verdicts = workloads.map(({ verdict }) => verdict);
    parts.push(
      `${wrapText(`${summarySentence(verdicts)} ${surenessSentence(verdicts)} ${sizeNote(verdicts)}`.replace(/ +/g, ' ').trim(), options.width)}\n`,
    );
  }
  const findings = findingsTable(data.cells);
  if (findings !== undefined) parts.push(table(whatBecame(findings)));
  const note = emulationNote(data.cells);
  if (note !== undefined) parts.push(`${wrapText(note, options.width)}\n`);
  parts.push(verdictCounts(data, options.width));
  return parts.filter((part) => part !== '').join('\n');
}

/** Which of the run's profiles and the like the tables show. */
function shownLine(data: ReportData, selection: Selection, width: number): string {
  const first = data.cells[0];
  if (first === undefined) return 'No cell was carried out.\n';
  const facets = facetsOf(data);
  const shown = ['testbed', 'profile', 'guestType', 'placement', 'grantMode'].map(
    (key) =>
      selection[key] ??
      String(
        key === 'testbed' || key === 'profile' ? first[key] : (own(first.parameters, key) ?? ''),
      ),
  );
  const others = facets.map((facet) => {
    const rest = facet.values.map(String).filter((value) => value !== selection[facet.key]);
    return `${facet.key} ${rest.join(', ')}`;
  });
  const more = others.length === 0 ? '' : ` (also in the results: ${others.join('; ')})`;
  return `${wrapText(`Shown: ${shown.filter((part) => part !== '').join(', ')}${more}`, width)}\n`;
}

/** The sweep over ring sizes that stands for the run, at its reference message size. */
function whatBecame({ transports, rows }: FindingsTable): TerminalTable {
  return {
    title: 'What became of it when something broke',
    head: ['scenario', ...transports],
    keys: 1,
    words: transports.map((_, i) => i + 1),
    rows: rows.map(({ work, findings }) => [work, ...findings].map((text) => ({ text }))),
    foot: [],
  };
}

function sweepSummary(workloads: readonly Workload[]): TerminalTable | undefined {
  const workload = workloads.find(
    ({ sweep }) =>
      sweep.xKey === 'ringSizeBytes' && sweep.better === 'higher' && slotsOf(sweep).length > 2,
  );
  if (workload === undefined) return undefined;
  const { sweep, slot, verdict } = workload;
  const slots = slotsOf(sweep).filter(
    (other) => other.panel === slot.panel && other.variant === slot.variant,
  );
  const { columns, rows, best } = sweepTable({ ...sweep, panelKey: undefined }, few(slots), '');
  const where = verdict.at.split(', ').slice(1).join(', ');
  return {
    title: `${verdict.title}: ${metricLabel(sweep.metric).toLowerCase()} at equal effective ring size${where === '' ? '' : `, ${where}`}`,
    head: columns,
    keys: 1,
    rows: rows.map((row, r) => row.map((text, c): TerminalCell => ({ text, best: best[r] === c }))),
    foot: [],
  };
}

function few(slots: readonly Slot[]): readonly Slot[] {
  if (slots.length <= MOST_SWEEP_ROWS) return slots;
  const step = (slots.length - 1) / (MOST_SWEEP_ROWS - 1);
  return Array.from({ length: MOST_SWEEP_ROWS }, (_, i) => slots[Math.round(i * step)] as Slot);
}

function scoreboard(workloads: readonly Workload[]): TerminalTable {
  const verdicts = workloads.map(({ verdict }) => verdict);
  const transports = transportsIn(verdicts);
  return {
    title: 'Every workload at its reference size (* best)',
    head: ['Workload', 'At', ...transports, 'Lead', 'How sure'],
    keys: 2,
    rows: verdicts.map((verdict) => [
      { text: `${verdict.title}, ${metricLabel(verdict.metric).toLowerCase()}` },
      { text: verdict.at },
      ...transports.map((name): TerminalCell => {
        const standing = bestOf(verdict, name);
        return {
          text: standing?.text ?? '-',
          best: standing !== undefined && standing.competitor === verdict.winner,
        };
      }),
      { text: leadRatio(verdict) },
      { text: levelText(verdict) },
    ]),
    foot: [],
  };
}

function leadRatio({ standings, winner }: Workload['verdict']): string {
  const second = standings[1];
  if (second === undefined) return '-';
  return winner === undefined ? '~' : formatRatio(second.timesWorse);
}

function costs(workloads: readonly Workload[]): TerminalTable {
  const rows: TerminalCell[][] = [];
  for (const { slot, verdict } of workloads) {
    let title = verdict.title;
    for (const { competitor, cell } of competitorsAt(slot)) {
      const known = costCells(cell);
      if (known.every((text) => text === '-')) continue;
      rows.push([title, competitor, ...known].map((text) => ({ text })));
      title = '';
    }
  }
  return {
    title:
      'What a message costs there: hypervisor entries, TLB flushes and misses, CPU time (a round trip is two)',
    head: [
      'Workload',
      'Transport',
      'Entries',
      'Flushes',
      'Misses',
      'TLB cost',
      'CPU time',
      'of which',
    ],
    keys: 2,
    words: [7],
    rows,
    foot: [],
  };
}

/** How many causes of CPU time are named. */
const TOP_CAUSES = 3;

function costCells(cell: ReportCell): readonly string[] {
  const figure = (value: number | undefined, unit: string): string =>
    value === undefined ? '-' : formatQuantity(value, unit);
  const time = cpuTimePerMessage(cell);
  const top = Object.entries(time?.busy ?? {})
    .sort((a, b) => b[1] - a[1])
    .slice(0, TOP_CAUSES)
    .map(([cause, ns]) => `${cause} ${formatShare(ns / (time?.totalNs ?? 1))}`);
  return [
    figure(entriesPerMessage(cell), '1'),
    figure(metricOf(cell, 'tlbFlushesPerMessage'), '1'),
    figure(metricOf(cell, 'tlbMissesPerMessage'), '1'),
    figure(metricOf(cell, 'tlbNsPerMessage'), 'ns'),
    figure(time?.totalNs, 'ns'),
    top.join(', ') || '-',
  ];
}

/** "98 cells: 90 valid, 8 skipped", and each reason once. */
function verdictCounts(data: ReportData, width: number): string {
  const counts = new Map<string, number>();
  for (const cell of data.cells) counts.set(cell.verdict, (counts.get(cell.verdict) ?? 0) + 1);
  const listed = [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
  const run = data.runs[0];
  const state =
    run?.complete === false ? ' The run was interrupted: not all planned cells are here.' : '';
  const noun = data.cells.length === 1 ? 'cell' : 'cells';
  const count = `${data.cells.length} ${noun}${listed === '' ? '' : `: ${listed}`}.`;
  const lines = [wrapText(`${count}${state}`, width)];
  for (const problem of problemsOf(data.cells)) {
    const head = `${problem.count} ${problem.verdict}, ${problem.transport}: ${problem.reason}`;
    lines.push(`  ${wrapText(head, width - 2, '      ')}`);
    if (problem.verdict !== 'skipped')
      lines.push(`      first: ${withoutControls(problem.example)}`);
  }
  return `${lines.join('\n')}\n`;
}
