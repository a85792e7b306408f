import type { Cell, ResultsFile } from '../../results/types.js';

/**
 * Why two runs cannot be set against each other: not one cell of the same testbed, profile and
 * scenario version stands in both. Undefined where they can.
 */
export function incomparable([before, after]: readonly ResultsFile[]): string | undefined {
  if (before === undefined || after === undefined) return undefined;
  for (const field of ['testbed', 'profile', 'scenario'] as const) {
    const [old, young] = [before, after].map(({ cells }) => names(cells, field));
    // Where nothing was measured, nothing is other.
    if (!old?.length || !young?.length) continue;
    if (old.some((name) => young.includes(name))) continue;
    return `one has the ${field} ${old.join(', ')}, the other ${young.join(', ')}`;
  }
  return versionConflict(before.cells, after.cells);
}

function names(cells: readonly Cell[], field: 'testbed' | 'profile' | 'scenario'): string[] {
  return [...new Set(cells.map((cell) => cell[field]))];
}

/** The figures of a scenario mean something else in another version. */
function versionConflict(before: readonly Cell[], after: readonly Cell[]): string | undefined {
  const versions = new Map(before.map((cell) => [cell.scenario, cell.scenarioVersion]));
  for (const { scenario, scenarioVersion } of after) {
    const old = versions.get(scenario);
    if (old === undefined || old === scenarioVersion) continue;
    return `the scenario ${scenario} was of version ${old}, and is of version ${scenarioVersion}`;
  }
  return undefined;
}
