import type { ClaimPart, ClaimVerdict, Quantifier } from './claim.js';
import { type Dependence, dependences } from './dependence.js';
import { type Figure, figureText } from './figure.js';
import { type Observation, placeText, varyingFields } from './observation.js';
import { commandFor } from './sides.js';
import { SHARES } from './thresholds.js';

/** The answer to one question of a claim. */
export interface PartAnswer {
  readonly label: string;
  readonly role: ClaimPart['role'];
  readonly verdict: ClaimVerdict;
  /** Cases for the statement, of all. */
  readonly holding: number;
  readonly cases: number;
  /** The figures in few words; empty where it was not tested. */
  readonly brief: string;
  /** What was seen, with figures and where; why it was not tested. */
  readonly text: string;
  readonly dependsOn: readonly Dependence[];
  /** The middle of the figures of all cases. */
  readonly median?: Figure;
  /** The most telling cells: those of the extreme cases. */
  readonly telling: readonly string[];
  readonly cells: readonly string[];
  /** What would measure it, where it was not tested. */
  readonly run?: string;
}

/** The verdict alone. */
export function verdictOf(cases: readonly Observation[], quantifier: Quantifier): ClaimVerdict {
  if (cases.length === 0) return 'not tested';
  const holding = cases.filter(({ holds }) => holds).length;
  switch (quantifier) {
    case 'some':
      return holding > 0 ? 'supported' : 'contradicted';
    case 'always':
      return holding === cases.length ? 'supported' : 'contradicted';
    case 'general': {
      const share = balancedShare(cases);
      if (share >= SHARES.supported) return 'supported';
      return share <= SHARES.contradicted ? 'contradicted' : 'depends';
    }
  }
}

/** The share of cases that hold, each scenario weighing the same. */
function balancedShare(cases: readonly Observation[]): number {
  const byScenario = new Map<unknown, { holding: number; all: number }>();
  for (const { at, holds } of cases) {
    const counts = byScenario.get(at['scenario']) ?? { holding: 0, all: 0 };
    counts.all++;
    if (holds) counts.holding++;
    byScenario.set(at['scenario'], counts);
  }
  let sum = 0;
  for (const { holding, all } of byScenario.values()) sum += holding / all;
  return sum / byScenario.size;
}

/** Judges one question. */
export function judgePart(part: ClaimPart, cases: readonly Observation[]): PartAnswer {
  const verdict = verdictOf(cases, part.quantifier);
  const { label, role } = part;
  if (verdict === 'not tested') return untested(part);
  const rising = [...cases].sort((a, b) => a.figure.value - b.figure.value);
  const middle = rising[(rising.length - 1) >> 1] as Observation;
  const holding = cases.filter(({ holds }) => holds).length;
  const split = holding > 0 && holding < cases.length;
  const ends = [rising[0], rising.at(-1)].filter((one) => one !== undefined);
  return {
    label,
    role,
    verdict,
    holding,
    cases: cases.length,
    brief: inBrief(part, cases, rising),
    text: seen(part, cases, rising),
    dependsOn: split && part.test.kind !== 'leads' ? dependences(cases) : [],
    median: middle.figure,
    telling: [...new Set(ends.flatMap(({ cells }) => cells.slice(0, 2)))],
    cells: [...new Set(cases.flatMap(({ cells }) => cells))],
  };
}

function untested(part: ClaimPart): PartAnswer {
  const { label, role, test } = part;
  const run = part.run ?? defaultRun(part);
  return {
    label,
    role,
    verdict: 'not tested',
    holding: 0,
    cases: 0,
    brief: '',
    text: test.kind === 'open' ? test.why : 'no cell of these runs measures it',
    dependsOn: [],
    telling: [],
    cells: [],
    ...(run === undefined ? {} : { run }),
  };
}

function defaultRun({ test }: ClaimPart): string | undefined {
  if (test.kind === 'leads') return 'interdom run --suite quick';
  if (test.kind === 'open' || test.kind === 'price') return undefined;
  return commandFor(test.scenarios ?? ['message-rate', 'ping-pong', 'buffer-size']);
}

/** "0.42x (0.09x to 1.59x; within 25 % in 2 of 10)"; of what is said of some case "0 to 67; at least one in 2 of 4". */
function inBrief(
  { test, quantifier }: ClaimPart,
  cases: readonly Observation[],
  rising: readonly Observation[],
): string {
  const count = countText(cases);
  if (test.kind === 'leads') return `${count}${ledText(cases)}`;
  if (test.kind === 'outcome' || test.kind === 'works') return `${count}${outcomesText(cases)}`;
  const [least, middle, most] = [rising[0], rising[(rising.length - 1) >> 1], rising.at(-1)].map(
    (one) => (one === undefined ? '' : figureText(one.figure)),
  );
  if (quantifier === 'some' && least !== most) {
    return `${least} to ${most}; ${wanted(test, count)}`;
  }
  const range = least === most ? '' : `${least} to ${most}; `;
  return `${middle} (${range}${wanted(test, count)})`;
}

/** The same with where the extremes were seen, and the figures behind them. */
function seen(
  part: ClaimPart,
  cases: readonly Observation[],
  rising: readonly Observation[],
): string {
  const { test } = part;
  const [least, most] = [rising[0] as Observation, rising.at(-1) as Observation];
  const hasNoRange = least.figure.value === most.figure.value;
  if (test.kind === 'outcome' || test.kind === 'works' || test.kind === 'leads' || hasNoRange) {
    const behind = cases.length === 1 && hasNoRange && 'threshold' in test ? behindText(least) : '';
    return `${inBrief(part, cases, rising)}${behind}`;
  }
  const middle = rising[(rising.length - 1) >> 1] as Observation;
  const varying = varyingFields(cases);
  return `middle ${figureText(middle.figure)}, from ${end(least, varying)} to ${end(most, varying)}; ${wanted(test, countText(cases))}`;
}

/** "within 25 % in 2 of 10". */
function wanted(test: ClaimPart['test'], count: string): string {
  return 'threshold' in test ? `${test.threshold.words} in ${count}` : count;
}

function countText(cases: readonly Observation[]): string {
  const holding = cases.filter(({ holds }) => holds).length;
  return `${holding} of ${cases.length}`;
}

function ledText(cases: readonly Observation[]): string {
  const needs = cases.filter(({ holds }) => holds).map(({ at }) => String(at['scenario']));
  return needs.length === 0 ? '' : `: ${[...new Set(needs)].join(', ')}`;
}

function end(case_: Observation, varying: readonly string[]): string {
  const place =
    case_.at['scenario'] === undefined
      ? Object.values(case_.at).map(String).join(', ')
      : placeText(case_.at, varying);
  const behind = case_.behind === '' ? '' : `: ${case_.behind}`;
  return `${figureText(case_.figure)} (${place}${behind})`;
}

function behindText({ behind }: Observation): string {
  return behind === '' ? '' : ` (${behind})`;
}

/** "; stalled 12, zombie 3": how often each outcome was seen. */
function outcomesText(cases: readonly Observation[]): string {
  const counts = new Map<string, number>();
  for (const { behind } of cases) {
    if (behind !== '') counts.set(behind, (counts.get(behind) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([words, n]) => `${words} (${n})`);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
