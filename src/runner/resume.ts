import { invariant, UserError } from '../base/errors.js';
import type { Cell, RunDescription } from '../results/types.js';
import type { PlannedCell } from './request.js';

/** A plan of which a part is done. */
export interface Continuation {
  /** Cells that the journal holds, by id. */
  readonly done: ReadonlyMap<string, Cell>;
  readonly todo: readonly PlannedCell[];
}

/** Splits a plan by what a journal holds. Throws UserError where the journal is of another plan. */
export function continuePlan(
  plan: readonly PlannedCell[],
  journalled: readonly Cell[],
  where: string,
): Continuation {
  const done = new Map(journalled.map((cell) => [cell.id, cell]));
  const planned = new Set(plan.map((cell) => cell.id));
  for (const cell of journalled) {
    if (planned.has(cell.id)) continue;
    throw new UserError(`the journal holds a cell that its options do not ask for: ${cell.id}`, {
      where,
      remedy: 'start the run anew',
    });
  }
  return { done, todo: plan.filter((cell) => !done.has(cell.id)) };
}

/** What must be the same for two parts of a run. */
export type Origin = Pick<RunDescription, 'version' | 'commit'>;

/**
 * Refuses to continue with another program than the one that began: its cells could differ from
 * those that are there. Throws UserError.
 */
export function checkSameOrigin(began: Origin, now: Origin, where: string): void {
  const field = differingOrigin(began, now);
  if (field === undefined) return;
  throw new UserError(
    `the run was begun by ${field} ${began[field] || '(unknown)'}, this is ${field} ${now[field] || '(unknown)'}`,
    { where, remedy: `go back to that ${field}, or start the run anew` },
  );
}

/** A run, and what it is called. */
export interface NamedOrigin {
  readonly name: string;
  readonly run: Origin;
}

/** Refuses runs that are to count as one and are of two programs. Throws UserError. */
export function checkOneProgram(first: NamedOrigin, other: NamedOrigin): void {
  const field = differingOrigin(first.run, other.run);
  if (field === undefined) return;
  const [known, found] = [first, other].map(({ run }) => run[field] || '(unknown)');
  throw new UserError(`its ${field} is ${found}, and that of ${first.name} is ${known}`, {
    where: other.name,
    remedy: 'name runs of one program',
  });
}

/** In what two programs differ, if they do. */
function differingOrigin(one: Origin, other: Origin): keyof Origin | undefined {
  return (['version', 'commit'] as const).find((field) => one[field] !== other[field]);
}

/** The cells in plan order: so a file does not depend on who finished first. */
export function inPlanOrder(
  plan: readonly PlannedCell[],
  cells: ReadonlyMap<string, Cell>,
): readonly Cell[] {
  const ordered: Cell[] = [];
  for (const planned of plan) {
    const cell = cells.get(planned.id);
    if (cell !== undefined) ordered.push(cell);
  }
  invariant(ordered.length === cells.size, 'a cell is not of the plan', {
    ordered: ordered.length,
    cells: cells.size,
  });
  return ordered;
}
