import { cellId } from '../results/cell-id.js';
import type { Cell, ParameterValue } from '../results/types.js';
import { flatParameters } from '../testbed/model/model-testbed.js';
import type { PlannedCell } from './request.js';

/** What says which cell it is. */
export type Identity = Pick<
  Cell,
  'id' | 'testbed' | 'profile' | 'transport' | 'scenario' | 'parameters'
>;

/** The id that the testbed will give the cell, and the parameters as results files have them. */
export function identify(cell: Omit<PlannedCell, 'id' | 'scenarioVersion' | 'cost'>): Identity {
  const parameters: Record<string, ParameterValue> = {
    ...flatParameters(cell.parameters, cell.draw),
    ...cell.transportOptions,
  };
  const { testbed, profile, transport, scenario } = cell;
  const key = { testbed, profile, transport, scenario, parameters };
  return { id: cellId(key), ...key };
}

/** A cell that came to nothing, for a reason that lies outside it. */
export function invalidCell(planned: PlannedCell, reason: string): Cell {
  return {
    ...identify(planned),
    scenarioVersion: planned.scenarioVersion,
    effective: {},
    verdict: 'invalid',
    reason,
    metrics: {},
  };
}
