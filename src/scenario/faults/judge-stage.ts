import { allOf } from '../checkers/all-of.js';
import { checkDelivery } from '../checkers/delivery.js';
import { checkIsolation } from '../checkers/isolation.js';
import { checkLeaks } from '../checkers/leaks.js';
import type { Verdict } from '../contract.js';
import type { World } from '../world.js';
import type { Party } from './party.js';
import { Stage } from './stage.js';

/** What the plan of a scenario excuses, and what it does not. */
export interface Excuses {
  /** Whether the plan cuts the connection of this party short. By default it does. */
  readonly cutShort?: (party: Party) => boolean;
  /** Why something may be held at the end; where it is left out, nothing may. */
  readonly leaks?: string | undefined;
}

/**
 * Judges the history of a stage: delivery, isolation, leaks. Progress is no matter of soundness: who stands still is a
 * finding, which the scenario makes with checkProgress.
 */
export function judgeStage(world: World, excuses: Excuses = {}): Verdict {
  const stage = Stage.of(world);
  if (stage === undefined) return { verdict: 'unknown', reason: 'no history was kept' };
  const { cutShort = () => true, leaks } = excuses;
  return allOf([
    checkDelivery(
      stage.history,
      stage.parties.map((party) => ({ flow: party.outgoing, cutShort: cutShort(party) })),
    ),
    checkIsolation(world.machine),
    checkLeaks(stage.before, stage.after, leaks),
  ]);
}
