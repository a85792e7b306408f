import type { Cell } from '../../results/types.js';
import { percentile, sortedAscending } from '../../stats/quantile.js';

/**
 * What the software of one event takes on this machine, from a round trip: the model, in which it is free, against what was
 * measured. Each of the two messages is one event.
 *
 * @returns nanoseconds; 0 where either was not measured, or the model is no quicker
 */
export function softwareOfAnEvent(model: Cell, live: Cell | undefined): number {
  const modelled = model.metrics['latencyNsP50']?.value;
  const measured = live?.metrics['latencyNsP50'];
  if (modelled === undefined || measured === undefined) return 0;
  // Other load only ever adds: the best tenth of the rounds.
  const best = percentile(sortedAscending(measured.samples ?? [measured.value]), 10);
  return Math.max(0, (best - modelled) / 2);
}
