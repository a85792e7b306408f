import { invariant } from '../base/errors.js';
import type { Cell } from '../results/types.js';
import type { CellPlan, Testbed } from '../testbed/contract.js';
import { named } from './refusal.js';
import type { Catalogue, PlannedCell, PriceFractions } from './request.js';

/** What it takes to carry out planned cells. */
export interface Equipment {
  readonly testbed: Testbed;
  readonly catalogue: Catalogue;
  /** Of `--uncertainty`: draw number 1 is the first. */
  readonly draws: readonly PriceFractions[];
}

/** Carries out one cell. Throws UserError for what the user must change before anything can run. */
export async function carryOut(equipment: Equipment, planned: PlannedCell): Promise<Cell> {
  const cell = await equipment.testbed.run(cellPlan(equipment, planned));
  // Resuming and comparing go by the id: a testbed that names its cells otherwise would break both.
  invariant(cell.id === planned.id, 'the testbed names the cell otherwise than the plan', {
    planned: planned.id,
    named: cell.id,
  });
  return cell;
}

function cellPlan({ catalogue, draws }: Equipment, planned: PlannedCell): CellPlan {
  const { draw, parameters, transportOptions } = planned;
  return {
    profile: named(catalogue.profiles, planned.profile),
    transport: named(catalogue.transports, planned.transport),
    scenario: named(catalogue.scenarios, planned.scenario),
    parameters,
    transportOptions,
    ...(draw === undefined ? {} : { draw: { number: draw, fractions: drawNumber(draws, draw) } }),
  };
}

function drawNumber(draws: readonly PriceFractions[], number: number): PriceFractions {
  const fractions = draws[number - 1];
  invariant(fractions !== undefined, 'a plan names a draw that was not drawn', { number });
  return fractions;
}
