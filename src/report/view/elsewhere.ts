import type { ReportCell, ReportData } from './report-data.js';
import { facetsOf, matches, mostValid, type Selection } from './selection.js';
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

/**
 * Every combination of testbed, profile and guest type that has cells. The other facets are as selected, or, where nothing was
 * measured so, as most of its cells are: real Xen and the model may have been asked for other placements. Empty where there is
 * only one.
 */
export function placesOf(data: ReportData, selection: Selection): readonly Place[] {
  let combinations: { readonly selection: Selection; readonly cells: readonly ReportCell[] }[] = [
    { selection, cells: data.cells },
  ];
  const facets = facetsOf(data);
  const isVaried = (key: string): boolean => VARIED.some((varied) => varied === key);
  for (const { key, values } of facets.filter((facet) => isVaried(facet.key))) {
    combinations = combinations.flatMap((known) =>
      values.flatMap((value) => {
        const cells = known.cells.filter((cell) => matches(cell, key, String(value)));
        return cells.length === 0
          ? []
          : [{ selection: { ...known.selection, [key]: String(value) }, cells }];
      }),
    );
  }
  if (combinations.length < 2) return [];
  const others = facets.flatMap(({ key }) => (isVaried(key) ? [] : [key]));
  return combinations.slice(0, MOST_ROWS).map(({ selection: combination, cells }) => {
    const settled = others.reduce((known, key) => settle(known, key, cells), combination);
    const differing = others.flatMap((key) =>
      key === 'run' || settled[key] === selection[key] ? [] : (settled[key] ?? []),
    );
    const names = [...VARIED.flatMap((key) => combination[key] ?? []), ...differing];
    return { name: names.join(', '), selection: settled };
  });
}

function settle(selection: Selection, key: string, cells: readonly ReportCell[]): Selection {
  const wanted = selection[key];
  const value = mostValid(cells, key);
  const isThere = wanted !== undefined && cells.some((cell) => matches(cell, key, wanted));
  return isThere || value === undefined ? selection : { ...selection, [key]: String(value) };
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
