import type { Scenario } from '../../scenario/contract.js';
import type { CellNames } from '../cell-identity.js';
import type { PlanningRules } from '../contract.js';

/** How cells are planned for the testbed `live`. */
export const LIVE_RULES: PlanningRules = {
  refusal({ scenario, parameters }: CellNames, declared: Scenario): string | undefined {
    if (!declared.isOfTwoEnds) {
      return `live carries out what two connected domains do, and ${scenario} is not of that kind`;
    }
    return parameters.placement === 'shared'
      ? 'live cannot put two threads on one CPU: placement is the operating system’s'
      : undefined;
  },
};
