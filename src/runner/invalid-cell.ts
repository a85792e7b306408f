import type { Cell } from '../results/types.js';
import { identifyCell } from '../testbed/cell-identity.js';
import type { PlannedCell } from './request.js';

/** A cell that came to nothing, for a reason that lies outside it. */
export function invalidCell(planned: PlannedCell, reason: string): Cell {
  return {
    ...identifyCell(planned),
    scenarioVersion: planned.scenarioVersion,
    effective: {},
    verdict: 'invalid',
    reason,
    metrics: {},
  };
}
