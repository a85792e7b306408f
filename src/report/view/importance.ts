import type { ReportCell, ReportData } from './report-data.js';
import type { Workload } from './workloads.js';

/**
 * All cells, those first that a reader must see if there is room for few: what the verdicts rest on, then what went wrong,
 * then what the pictures show, then the rest; skipped cells last.
 */
export function byImportance(
  data: ReportData,
  workloads: readonly Workload[],
): readonly ReportCell[] {
  const first = new Set<ReportCell>();
  const shown = new Set<ReportCell>();
  for (const { slot, sweep } of workloads) {
    for (const point of slot.points.values()) for (const cell of point.cells) first.add(cell);
    for (const cell of sweep.cells) shown.add(cell);
  }
  const rank = (cell: ReportCell): number => {
    if (first.has(cell)) return 0;
    if (cell.verdict === 'invalid' || cell.verdict === 'unknown') return 1;
    if (cell.verdict === 'skipped') return 4;
    return shown.has(cell) ? 2 : 3;
  };
  const groups: ReportCell[][] = [[], [], [], [], []];
  for (const cell of data.cells) groups[rank(cell)]?.push(cell);
  return groups.flat();
}
