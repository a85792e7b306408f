import type { Cell } from '../results/types.js';
import { identifyCell } from '../testbed/cell-identity.js';
import type { PlannedCell } from './request.js';

/** A cell that came to nothing, for a reason that lies outside it. */
export function invalidCell(planned: PlannedCell, reason: string): Cell {
  return unmeasured(planned, 'invalid', reason);
}

/** A cell that was not tried, since it cannot be. */
export function skippedCell(planned: PlannedCell, reason: string): Cell {
  return unmeasured(planned, 'skipped', reason);
}

function unmeasured(planned: PlannedCell, verdict: Cell['verdict'], reason: string): Cell {
  return {
    ...identifyCell(planned),
    scenarioVersion: planned.scenarioVersion,
    effective: {},
    verdict,
    reason,
    metrics: {},
  };
}
