import type { Verdict } from '../contract.js';
import { grownSince, type Holdings } from '../faults/holdings.js';

/**
 * Nothing is held after the end that was not held before the beginning.
 *
 * @param excused why the plan itself makes a leak possible (a peer that does not let go); then a leak is a finding
 */
export function checkLeaks(
  before: Holdings | undefined,
  after: Holdings | undefined,
  excused?: string,
): Verdict {
  if (before === undefined || after === undefined) {
    return { verdict: 'unknown', reason: 'what was held was not read' };
  }
  const grown = grownSince(before, after);
  if (grown === undefined || excused !== undefined) return { verdict: 'valid' };
  return { verdict: 'invalid', reason: `leaked: ${grown}` };
}
