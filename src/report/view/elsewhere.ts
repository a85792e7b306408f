import type { ReportData } from './report-data.js';
import { facetsOf, type Selection } from './selection.js';
import type { ElsewhereRow } from './verdict-markup.js';
import { workloadsOf } from './workloads.js';

/** Facets whose other values a reader must know of before believing a verdict. */
const VARIED = ['testbed', 'profile', 'guestType'] as const;

/** More combinations than this are left to the controls of the page. */
const MOST_ROWS = 24;

/** The verdicts under every combination of testbed, profile and guest type, the other facets as selected. */
export function verdictsElsewhere(data: ReportData, selection: Selection): readonly ElsewhereRow[] {
  let combinations: Selection[] = [selection];
  for (const facet of facetsOf(data)) {
    if (!VARIED.some((key) => key === facet.key)) continue;
    combinations = combinations.flatMap((known) =>
      facet.values.map((value) => ({ ...known, [facet.key]: String(value) })),
    );
  }
  if (combinations.length < 2) return [];
  const rows: ElsewhereRow[] = [];
  for (const combination of combinations.slice(0, MOST_ROWS)) {
    const workloads = workloadsOf(data, combination);
    if (workloads.length === 0) continue;
    const name = VARIED.map((key) => combination[key] ?? '').filter((part) => part !== '');
    rows.push({
      name: name.join(', '),
      verdicts: new Map(workloads.map(({ scenario, verdict }) => [scenario, verdict])),
    });
  }
  return rows;
}
