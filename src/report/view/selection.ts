import { UserError } from '../../base/errors.js';
import { grouped } from '../../base/grouped.js';
import type { ParameterValue } from '../../results/types.js';
import { own } from './labels.js';
import { dimensionValue, type ReportCell, type ReportData } from './report-data.js';

/** Dimensions of which a chart shows one value at a time, in the order in which they are chosen. */
export const FACET_KEYS = [
  'run',
  'testbed',
  'profile',
  'guestType',
  'placement',
  'grantMode',
] as const;

/** Scenarios that compare the values of a facet, and so show all of them. */
const SWEPT_FACETS: Readonly<Record<string, readonly string[]>> = { 'grant-mode': ['grantMode'] };

export interface Facet {
  readonly key: string;
  /** In the order in which the cells name them. */
  readonly values: readonly ParameterValue[];
}

/** The chosen value of each facet, as text. A facet that is missing is not narrowed. */
export type Selection = Readonly<Record<string, string>>;

/** The facets that have something to choose. Runs are chosen between only where they measured the same scenario. */
export function facetsOf(data: ReportData): readonly Facet[] {
  return kept(facets, data, () => findFacets(data));
}

const facets = new WeakMap<ReportData, readonly Facet[]>();

function findFacets(data: ReportData): readonly Facet[] {
  return FACET_KEYS.filter((key) => key !== 'run' || runsOverlap(data))
    .map((key) => ({ key, values: distinct(data.cells, key) }))
    .filter((facet) => facet.values.length > 1);
}

/** True where a scenario is in two runs; otherwise they complete one another, like the quick and the failure suite. */
function runsOverlap({ cells }: ReportData): boolean {
  const runOf = new Map<string, number>();
  return cells.some(({ scenario, run }) => {
    const first = runOf.get(scenario) ?? run;
    runOf.set(scenario, first);
    return first !== run;
  });
}

/** A value of a facet as a reader knows it: runs by their id. */
export function facetText(data: ReportData, key: string, value: unknown): string {
  return key === 'run' ? (data.runs[Number(value)]?.id ?? String(value)) : String(value);
}

/** The distinct values of a dimension in the order of first appearance. */
export function distinct(cells: readonly ReportCell[], key: string): readonly ParameterValue[] {
  const seen = new Set<ParameterValue>();
  for (const cell of cells) {
    const value = dimensionValue(cell, key);
    if (value !== undefined) seen.add(value);
  }
  return [...seen];
}

/** The selection with which a report opens: facet by facet, the value with the most valid cells. */
export function defaultSelection(data: ReportData): Selection {
  const selection: Record<string, string> = {};
  let remaining = data.cells;
  for (const { key, values } of facetsOf(data)) {
    const best = mostValid(remaining, key) ?? values[0];
    selection[key] = String(best);
    remaining = remaining.filter((cell) => matches(cell, key, String(best)));
  }
  return selection;
}

/**
 * The selection with which a report opens where its reader wants to see something else first: `wanted` by facet, the rest chosen
 * among what remains. Throws UserError for what the runs do not have.
 *
 * @param where what the user wrote it in, for the error
 */
export function wantedSelection(
  data: ReportData,
  wanted: Readonly<Record<string, string>>,
  where: string,
): Selection {
  const given: Record<string, string> = {};
  for (const [name, text] of Object.entries(wanted)) {
    const key = FACET_KEYS.find((facet) => simple(facet) === simple(name));
    if (key === undefined) {
      throw new UserError(`"${name}" is nothing that a report shows one value of`, {
        where,
        remedy: `there are: ${FACET_KEYS.join(', ')}`,
      });
    }
    const values = distinct(data.cells, key);
    const label = (value: ParameterValue): string => facetText(data, key, value);
    const found = values.find((value) => label(value) === text);
    if (found === undefined) {
      throw new UserError(`no cell has the ${key} "${text}"`, {
        where,
        remedy: `there are: ${values.map(label).join(', ')}`,
      });
    }
    given[key] = String(found);
  }
  const cells = data.cells.filter((cell) =>
    Object.entries(given).every(([key, value]) => matches(cell, key, value)),
  );
  const facets = new Set(facetsOf(data).map(({ key }) => key));
  const chosen = Object.entries(given).filter(([key]) => facets.has(key));
  // Facets that only the whole data has are narrowed too: every control of the page needs a value.
  return {
    ...defaultSelection(data),
    ...defaultSelection({ ...data, cells }),
    ...Object.fromEntries(chosen),
  };
}

const simple = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');

/** The value of a dimension that most valid cells have; undefined where no cell knows it. */
export function mostValid(cells: readonly ReportCell[], key: string): ParameterValue | undefined {
  const counts = new Map<ParameterValue, number>();
  for (const cell of cells) {
    const value = dimensionValue(cell, key);
    if (value === undefined) continue;
    counts.set(value, (counts.get(value) ?? 0) + (cell.verdict === 'valid' ? 1 : 0));
  }
  let best: ParameterValue | undefined;
  for (const [value, count] of counts) {
    if (best === undefined || count > (counts.get(best) ?? 0)) best = value;
  }
  return best;
}

/** A cell that does not know the facet is shown under every value of it. */
export function matches(cell: ReportCell, key: string, wanted: string): boolean {
  const value = dimensionValue(cell, key);
  return value === undefined || String(value) === wanted;
}

/** The facet values that a scenario compares, and which a selection therefore leaves alone. */
export function sweptFacets(scenario: string): readonly string[] {
  return own(SWEPT_FACETS, scenario) ?? [];
}

/** The cells of one scenario under a selection, whatever their verdict. */
export function selectCells(
  data: ReportData,
  selection: Selection,
  scenario: string,
): readonly ReportCell[] {
  const swept = sweptFacets(scenario);
  const wanted = FACET_KEYS.filter((key) => Object.hasOwn(selection, key) && !swept.includes(key));
  const profile = wanted.includes('profile') ? selection['profile'] : undefined;
  const byProfile = cellsByScenario(data).get(scenario) ?? new Map<string, readonly ReportCell[]>();
  const cells = profile === undefined ? [...byProfile.values()].flat() : byProfile.get(profile);
  return (cells ?? []).filter((cell) =>
    wanted.every((key) => matches(cell, key, selection[key] as string)),
  );
}

/** The scenarios of the cells, in the order in which they first come. */
export function scenariosOf(data: ReportData): readonly string[] {
  return [...cellsByScenario(data).keys()];
}

const groups = new WeakMap<ReportData, CellsByScenario>();

/** Cells by scenario, and in it by profile. */
type CellsByScenario = ReadonlyMap<string, ReadonlyMap<string, readonly ReportCell[]>>;

function cellsByScenario(data: ReportData): CellsByScenario {
  return kept(groups, data, () => {
    const scenarios = grouped(data.cells, ({ scenario }) => scenario);
    return new Map(
      [...scenarios].map(([name, cells]) => [name, grouped(cells, ({ profile }) => profile)]),
    );
  });
}

/** What is made of the data once, and kept as long as the data: every place of a run asks for it. */
function kept<T>(store: WeakMap<ReportData, T>, data: ReportData, make: () => T): T {
  const known = store.get(data);
  if (known !== undefined) return known;
  const made = make();
  store.set(data, made);
  return made;
}
