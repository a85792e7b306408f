import { HARNESS, type Side } from './side.js';

/** Why sampled figures of two sides cannot be compared; undefined where they can. */
export function hostDifference(before: Side, after: Side): string | undefined {
  if (before.hostClass === undefined)
    return 'the reference does not say on which host it was sampled';
  if (before.hostClass === after.hostClass) return undefined;
  return `it was sampled on another host: ${before.hostClass}; this is ${after.hostClass ?? 'none'}`;
}

/** Why two sides have not one cell in common; undefined where they have. */
export function nothingInCommon(before: Side, after: Side): string | undefined {
  for (const id of after.cells.keys()) if (before.cells.has(id)) return undefined;
  for (const field of ['testbed', 'profile', 'scenario', 'transport'] as const) {
    const old = names(before, field);
    const young = names(after, field);
    if (old.length === 0 || young.length === 0 || old.some((name) => young.includes(name)))
      continue;
    return `the reference has the ${field} ${old.join(', ')}, the run ${young.join(', ')}`;
  }
  return `not one cell stands in both: ${exampleOf(before, after)}`;
}

function names(
  { cells }: Side,
  field: 'testbed' | 'profile' | 'scenario' | 'transport',
): readonly string[] {
  const found = new Set<string>();
  for (const cell of cells.values()) if (cell.id !== HARNESS) found.add(cell[field]);
  return [...found];
}

/** Two cells that are nearly the same, and in what they differ: most likely an option. */
function exampleOf(before: Side, after: Side): string {
  for (const cell of after.cells.values()) {
    const near = [...before.cells.values()].find(
      ({ scenario, transport }) => scenario === cell.scenario && transport === cell.transport,
    );
    if (near === undefined) continue;
    const old = parts(near.id);
    const young = parts(cell.id);
    const gone = old.filter((part) => !young.includes(part));
    const added = young.filter((part) => !old.includes(part));
    return `for example ${gone.join(', ')} there, and ${added.join(', ')} here`;
  }
  return 'see the ids of their cells';
}

function parts(id: string): readonly string[] {
  return id.split(/[/,]/);
}
