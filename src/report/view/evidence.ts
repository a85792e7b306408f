import { PROGRAM_SCENARIO } from '../../results/program-scenario.js';
import type { TableSpec } from './chart-spec.js';
import { compareText, dimensionLabel, workloadTitle } from './labels.js';
import { formatParameter } from './quantity.js';
import type { ReportCell, ReportData } from './report-data.js';
import { transportOrder } from './series-style.js';

/** More rows than this are left to the table of every number. */
const MOST_ROWS = 60;
/** Fields of an outcome that are told elsewhere, or are too long for a table: the details of the cell have them. */
const NOT_TOLD: ReadonlySet<string> = new Set(['hypothetical', 'byKind']);

/**
 * What protocols did under faults and at limits, one row a scenario and outcome. Undefined where no cell says more than
 * that all was delivered.
 */
export function outcomeTable(data: ReportData): TableSpec | undefined {
  const counts = new Map<string, { cell: ReportCell; outcome: string; count: number }>();
  for (const cell of data.cells) {
    // They have a table of their own.
    if (cell.scenario === PROGRAM_SCENARIO) continue;
    const entries = Object.entries(cell.outcome ?? {}).filter(([name]) => !NOT_TOLD.has(name));
    if (entries.every(([, value]) => value === true || value === 'delivered')) continue;
    const outcome = entries
      .sort((a, b) => compareText(a[0], b[0]))
      .map(([name, value]) => `${dimensionLabel(name)}: ${formatParameter(name, value)}`)
      .join(', ');
    const { testbed, scenario, transport, verdict } = cell;
    const key = JSON.stringify([testbed, scenario, transport, verdict, outcome]);
    const known = counts.get(key);
    counts.set(key, { cell, outcome, count: (known?.count ?? 0) + 1 });
  }
  if (counts.size === 0) return undefined;
  const isMixed = new Set([...counts.values()].map(({ cell }) => cell.testbed)).size > 1;
  const rows = [...counts.values()].sort(
    (a, b) =>
      compareText(a.cell.scenario, b.cell.scenario) ||
      transportOrder(a.cell.transport, b.cell.transport) ||
      compareText(a.cell.testbed, b.cell.testbed) ||
      b.count - a.count,
  );
  return {
    caption: 'What each transport did',
    columns: [
      'Scenario',
      'Transport',
      ...(isMixed ? ['Testbed'] : []),
      'Verdict',
      'Cells',
      'Outcome',
    ],
    rows: rows
      .slice(0, MOST_ROWS)
      .map(({ cell, outcome, count }) => [
        workloadTitle(cell.scenario),
        cell.transport,
        ...(isMixed ? [cell.testbed] : []),
        cell.verdict,
        String(count),
        outcome,
      ]),
    best: [],
  };
}
