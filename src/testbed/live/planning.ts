import type { Scenario } from '../../scenario/contract.js';
import type { CellNames } from '../cell-identity.js';
import type { PlanningRules } from '../contract.js';

/** The name under which cells without injected costs stand: no profile has a part in them. */
export const BARE_MACHINE = 'bare-machine';

/** Why live cannot carry out a cell; undefined where it can. */
function refusal(
  { scenario, parameters, draw }: CellNames,
  declared: Scenario,
): string | undefined {
  if (declared.isOfTwoEnds !== true) {
    return `live carries out what two connected domains do, and ${scenario} is not of that kind`;
  }
  if (parameters.placement === 'shared') {
    return 'live keeps each domain on a CPU of its own: there is no placement "shared"';
  }
  if (draw !== undefined) return 'live measures: there are no prices to be drawn from their ranges';
  return Number(parameters.settings['copyBits'] ?? 0) > 0
    ? 'a copy width that this machine does not have can only be modelled'
    : undefined;
}

/** How cells are planned where the prices of a profile are paid as delays. */
export const INJECTING_RULES: PlanningRules = { refusal };

/** How cells are planned for the bare machine. */
export const BARE_RULES: PlanningRules = { profiles: [BARE_MACHINE], refusal };
