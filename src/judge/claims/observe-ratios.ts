import type { Cell } from '../../results/types.js';
import type { RatioTest } from './claim.js';
import type { CellIndex } from './claim-cells.js';
import { figureOf, figureText } from './figure.js';
import { type Observation, placeKey, placeOf } from './observation.js';
import { cellsOfSide, TRAFFIC } from './sides.js';
import { EQUAL_RING_SHARE, meets } from './thresholds.js';

/**
 * Pairs of cells that differ in nothing but the transport (and the grant mode, where the test sets
 * the sides apart in it), of one testbed, profile, seed and draw, with rings of equal effective
 * size. What only one transport knows (a setting of V4V) tells cases apart and does not hinder.
 */
export function observeRatios(test: RatioTest, cells: CellIndex): readonly Observation[] {
  const found: Observation[] = [];
  for (const scenario of test.scenarios ?? TRAFFIC) {
    const mine = cellsOfSide(cells, test.of, [scenario], test.where);
    const its = cellsOfSide(cells, test.to, [scenario], test.where);
    const [mineOnly, itsOnly] = [unknownTo(mine, its), unknownTo(its, mine)];
    const byKey = new Map(its.map((cell) => [pairKey(cell, itsOnly), cell]));
    for (const cell of mine) {
      const other = byKey.get(pairKey(cell, mineOnly));
      if (other === undefined || !haveEqualRings(cell, other)) continue;
      if (test.metric !== 'connections' && (wasStopped(cell) || wasStopped(other))) continue;
      const case_ = ratioOf(test, cell, other);
      if (case_ !== undefined) found.push(case_);
    }
  }
  return found;
}

/** Parameters that some cells of one side have and no cell of the other. */
function unknownTo(cells: readonly Cell[], others: readonly Cell[]): ReadonlySet<string> {
  const own = namesIn(cells);
  for (const name of namesIn(others)) own.delete(name);
  return own;
}

function namesIn(cells: readonly Cell[]): Set<string> {
  const names = new Set<string>();
  for (const { parameters } of cells) for (const name of Object.keys(parameters)) names.add(name);
  return names;
}

function pairKey(cell: Cell, unknown: ReadonlySet<string>): string {
  const without = new Set([...unknown, 'grantMode']);
  const { messages = '', draw = '' } = cell.parameters;
  return `${placeKey(placeOf(cell, without))}@${cell.scenarioVersion},${messages},${draw}`;
}

/** A limit kept some of the senders out: what the others did is not the same work. */
function wasStopped({ outcome }: Cell): boolean {
  const by = outcome?.['stoppedBy'];
  return by !== undefined && by !== 'nothing';
}

function haveEqualRings(a: Cell, b: Cell): boolean {
  const [one, other] = [a, b].map(
    ({ effective, parameters }) => effective['ringSizeBytes'] ?? parameters['ringSizeBytes'],
  );
  if (typeof one !== 'number' || typeof other !== 'number') return true;
  return Math.abs(one - other) <= EQUAL_RING_SHARE * Math.max(one, other);
}

function ratioOf(test: RatioTest, cell: Cell, other: Cell): Observation | undefined {
  const mine = figureOf(cell, test.metric);
  const its = figureOf(other, test.metric);
  if (mine === undefined || its === undefined) return undefined;
  const ratio = mine.value === its.value ? 1 : mine.value / its.value;
  return {
    at: placeOf(cell, new Set(['grantMode'])),
    figure: { value: ratio, unit: 'x' },
    holds: meets(test.threshold, ratio),
    behind: `${figureText(mine)} against ${figureText(its)}`,
    cells: [cell.id, other.id],
  };
}
