import type { Cell, Counters } from '../../results/types.js';
import type { CellPlan } from '../contract.js';
import { runModelCell } from './model-testbed.js';

/** Seeds, which move the guests' ticks to other places of their period. */
const PHASES = [1, 2, 3];

type Groups = Record<string, Record<string, number>>;

/**
 * What the cell's messages cost without start and end: the counts of twice as many messages less those of as many, as
 * real Xen is counted (src/testbed/xen/counting/fit.ts), the mean of three phases of the timer. Counters are of exactly
 * `parameters.messages` messages, and may be fractions; there are no metrics, since times are not what it is for.
 */
export function steadyCounts(plan: CellPlan): Cell {
  const sum: Groups = {};
  let cell: Cell | undefined;
  for (const seed of PHASES) {
    const parameters = { ...plan.parameters, seed };
    const shorter = runModelCell({ ...plan, parameters });
    const longer = runModelCell({
      ...plan,
      parameters: { ...parameters, messages: 2 * parameters.messages },
    });
    for (const one of [shorter, longer]) if (one.verdict !== 'valid') return one;
    addDifference(sum, longer.counters ?? {}, shorter.counters ?? {});
    cell ??= shorter;
  }
  const { histograms: _latency, attributionNs: _time, trace: _trace, ...rest } = cell as Cell;
  return { ...rest, metrics: {}, counters: sum as Counters };
}

function addDifference(
  sum: Groups,
  longer: Readonly<Record<string, Readonly<Record<string, number>>>>,
  shorter: Readonly<Record<string, Readonly<Record<string, number>>>>,
): void {
  for (const [group, counts] of Object.entries(longer)) {
    const members = sum[group] ?? {};
    sum[group] = members;
    for (const [name, count] of Object.entries(counts)) {
      const difference = count - (shorter[group]?.[name] ?? 0);
      members[name] = (members[name] ?? 0) + difference / PHASES.length;
    }
  }
}
