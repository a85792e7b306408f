import type { Cell } from '../results/types.js';
import type { PlannedCell } from './request.js';

/** What whoever has cells carried out wants to know, and can say, meanwhile. */
export interface Execution {
  /** Aborted: nothing new is begun, what runs is given up. */
  readonly signal: AbortSignal;
  readonly onStart?: (planned: PlannedCell) => void;
  /** A cell is finished. Called in the order in which cells finish; what it throws ends the run. */
  readonly onCell: (cell: Cell, planned: PlannedCell) => void;
}

/**
 * Carries out cells one after the other, in their order, on this thread: for testbeds that use the
 * whole machine. Between two cells other things of this thread get their turn.
 */
export async function executeHere(
  cells: readonly PlannedCell[],
  carryOut: (planned: PlannedCell) => Promise<Cell>,
  execution: Execution,
): Promise<void> {
  for (const planned of cells) {
    await new Promise((resolve) => setImmediate(resolve));
    if (execution.signal.aborted) return;
    execution.onStart?.(planned);
    const cell = await carryOut(planned);
    if (execution.signal.aborted) return;
    execution.onCell(cell, planned);
  }
}
