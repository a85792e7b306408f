import type { ParameterValue } from '../../results/types.js';
import { compareText, own } from './labels.js';
import { REPLICATE_KEYS } from './replicates.js';
import { dimensionValue, type ReportCell } from './report-data.js';
import { FACET_KEYS, sweptFacets } from './selection.js';

/** How the cells of a scenario are laid out. */
export interface Axes {
  readonly xKey: string;
  /** Makes one panel for each of its values. */
  readonly panelKey: string | undefined;
  /** Who competes is told by the transport and these: grant modes, options that only some transports have. */
  readonly competitorKeys: readonly string[];
  /** All else that varies: only cells that are equal in these compete. */
  readonly variantKeys: readonly string[];
}

const X_PREFERENCE: Readonly<Record<string, readonly string[]>> = {
  'ping-pong': ['messageSizeBytes'],
  paced: ['messagesPerSecond', 'messageSizeBytes'],
  'fan-in': ['senders'],
  'copy-locality': ['workingSetBytes', 'copyBits'],
};

/** Parameters that follow from others, or only say how long to measure. */
const NOT_AN_AXIS: readonly string[] = ['messages', 'transferBytes', 'warmupMessages'];

interface Varying {
  readonly key: string;
  readonly values: ReadonlySet<ParameterValue>;
  /** False for an option of some transports. */
  readonly everywhere: boolean;
}

/** The parameters that vary in these cells and are no facet and no repetition, those best for an x axis first. */
function varyingIn(scenario: string, cells: readonly ReportCell[]): readonly Varying[] {
  const swept = sweptFacets(scenario);
  const fixed = new Set<string>([...REPLICATE_KEYS, ...NOT_AN_AXIS]);
  for (const key of FACET_KEYS) if (!swept.includes(key)) fixed.add(key);
  const found = new Map<string, { values: Set<ParameterValue>; cells: number }>();
  for (const cell of cells) {
    for (const [key, value] of Object.entries(cell.parameters)) {
      if (fixed.has(key)) continue;
      const known = found.get(key) ?? { values: new Set<ParameterValue>(), cells: 0 };
      known.values.add(value);
      known.cells++;
      found.set(key, known);
    }
  }
  const preferred = [...(own(X_PREFERENCE, scenario) ?? []), 'ringSizeBytes', 'messageSizeBytes'];
  const rest = [...found.keys()].filter((key) => !preferred.includes(key)).sort(compareText);
  const varying: Varying[] = [];
  for (const key of new Set([...preferred, ...rest])) {
    const known = found.get(key);
    if (known === undefined || known.values.size < 2) continue;
    varying.push({ key, values: known.values, everywhere: known.cells === cells.length });
  }
  return varying;
}

/** Which of the parameters that vary goes along x, which makes panels, which name competitors, and which are left. */
export function axesOf(scenario: string, cells: readonly ReportCell[]): Axes {
  const varying = varyingIn(scenario, cells);
  const swept = sweptFacets(scenario);
  const competing = varying.filter(({ key, everywhere }) => !everywhere || swept.includes(key));
  const others = varying.filter((parameter) => !competing.includes(parameter));
  const x = others.find(isNumeric);
  const panel = others.find((parameter) => parameter !== x && isNumeric(parameter));
  const hasRing = cells.some((cell) => Object.hasOwn(cell.parameters, 'ringSizeBytes'));
  return {
    xKey: x?.key ?? (hasRing ? 'ringSizeBytes' : 'messageSizeBytes'),
    panelKey: panel?.key,
    competitorKeys: competing.map(({ key }) => key),
    variantKeys: others.filter((p) => p !== x && p !== panel).map(({ key }) => key),
  };
}

/** True where a log axis can have it. */
function isNumeric({ values }: Varying): boolean {
  return [...values].every((value) => typeof value === 'number' && value > 0);
}

/**
 * Where one parameter at a time was varied around a common point, a star and no grid, each ray by itself: a picture of
 * all of them would be mostly empty. Otherwise all the cells as they are.
 */
export function raysOf(
  scenario: string,
  cells: readonly ReportCell[],
): readonly (readonly ReportCell[])[] {
  const keys = varyingIn(scenario, cells).filter(({ everywhere }) => everywhere);
  if (keys.length < 2) return [cells];
  const tuples = new Map<string, readonly ParameterValue[]>();
  for (const cell of cells) {
    const tuple = keys.map(({ key }) => dimensionValue(cell, key) as ParameterValue);
    tuples.set(JSON.stringify(tuple), tuple);
  }
  const starSize = keys.reduce((sum, { values }) => sum + values.size - 1, 1);
  const gridSize = keys.reduce((product, { values }) => product * values.size, 1);
  if (tuples.size !== starSize || starSize === gridSize) return [cells];
  const centre = keys.map((_, i) => mostFrequent([...tuples.values()].map((tuple) => tuple[i])));
  return keys.map(({ key }, ray) =>
    cells.filter(
      (cell) =>
        keys.every((other, i) => i === ray || dimensionValue(cell, other.key) === centre[i]) &&
        dimensionValue(cell, key) !== 0,
    ),
  );
}

function mostFrequent<T>(items: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].reduce<readonly [T, number] | undefined>(
    (best, entry) => (best === undefined || entry[1] > best[1] ? entry : best),
    undefined,
  )?.[0];
}
