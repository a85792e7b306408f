import type { ReportData } from './report-data.js';
import { facetsOf, type Selection } from './selection.js';
import type { ElsewhereRow } from './verdict-markup.js';
import { workloadsOf } from './workloads.js';

/** Facets whose other values a reader must know of before believing a verdict. */
const VARIED = ['testbed', 'profile', 'guestType'] as const;

/** More combinations than this are left to the controls of the page. */
const MOST_ROWS = 24;

/** A choice under which a run was measured, and the words that tell it from the others ("zen4-2023, pv"). */
export interface Place {
  readonly name: string;
  readonly selection: Selection;
}

/** Every combination of testbed, profile and guest type, the other facets as selected. Empty where there is only one. */
export function placesOf(data: ReportData, selection: Selection): readonly Place[] {
  let combinations: Selection[] = [selection];
  for (const facet of facetsOf(data)) {
    if (!VARIED.some((key) => key === facet.key)) continue;
    combinations = combinations.flatMap((known) =>
      facet.values.map((value) => ({ ...known, [facet.key]: String(value) })),
    );
  }
  if (combinations.length < 2) return [];
  return combinations.slice(0, MOST_ROWS).map((combination) => ({
    name: VARIED.flatMap((key) => combination[key] ?? []).join(', '),
    selection: combination,
  }));
}

/** The verdicts under every place that has some. */
export function verdictsElsewhere(data: ReportData, selection: Selection): readonly ElsewhereRow[] {
  return placesOf(data, selection).flatMap((place) => {
    const workloads = workloadsOf(data, place.selection);
    if (workloads.length === 0) return [];
    const verdicts = new Map(workloads.map(({ scenario, verdict }) => [scenario, verdict]));
    return [{ name: place.name, verdicts }];
  });
}
