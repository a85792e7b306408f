import { invariant } from '../base/errors.js';
import { refusal } from '../testbed/cell-identity.js';
import type { Catalogue, PlannedCell } from './request.js';

/** Why transport, scenario or testbed cannot have a cell; undefined where they can. */
export function refusalOf(
  planned: PlannedCell,
  { transports, scenarios, rules }: Catalogue,
): string | undefined {
  const transport = named(transports, planned.transport);
  const scenario = named(scenarios, planned.scenario);
  return refusal(transport, scenario, planned.parameters) ?? rules?.refusal?.(planned, scenario);
}

/** The one of that name. */
export function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  invariant(found !== undefined, 'a plan names what is not in the catalogue', { name });
  return found;
}
