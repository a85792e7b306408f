import { invariant } from '../base/errors.js';
import { identifyCell } from '../testbed/cell-identity.js';
import type { BatchTestbed } from '../testbed/contract.js';
import type { Execution } from './execute.js';
import { refusalOf } from './refusal.js';
import type { Catalogue, PlannedCell } from './request.js';
import { skippedCell } from './unmeasured-cell.js';

/** As for cells that are carried out one by one, and what goes on between them. */
export interface BatchExecution extends Execution {
  readonly onProgress: (text: string) => void;
}

/**
 * Has cells carried out by a testbed that takes them all at once. Those that transport, scenario or testbed cannot have
 * are skipped without asking it. Throws what the testbed throws; on abort it returns with what is done.
 */
export async function executeBatch(
  cells: readonly PlannedCell[],
  testbed: BatchTestbed,
  catalogue: Catalogue,
  { signal, onStart, onCell, onProgress }: BatchExecution,
): Promise<void> {
  const possible: PlannedCell[] = [];
  for (const planned of cells) {
    const why = refusalOf(planned, catalogue);
    if (why === undefined) possible.push(planned);
    else onCell(skippedCell(planned, why), planned);
  }
  const [first] = possible;
  if (first === undefined || signal.aborted) return;
  onStart?.(first);
  try {
    await testbed.run(possible, {
      signal,
      onProgress,
      onCell: (cell, index) => {
        const planned = possible[index];
        invariant(planned !== undefined, 'the testbed hands over a cell that nobody planned', {
          index,
        });
        // Resuming and comparing go by the plan's id.
        const { scenarioVersion } = planned;
        onCell({ ...cell, ...identifyCell(planned), scenarioVersion }, planned);
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
