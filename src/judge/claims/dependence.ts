import { grouped } from '../../base/grouped.js';
import type { ParameterValue } from '../../results/types.js';
import { parameterText } from './figure.js';
import { type Observation, placeWord } from './observation.js';

/** What the cases for a statement have in common that those against it have not. */
export interface Dependence {
  /** A field of the place: "messageSizeBytes", "scenario". */
  readonly field: string;
  /** Sizes and counts: where the answer changes, between two neighbouring values. */
  readonly crossover?: readonly [below: number, above: number];
  /** "message: at 16 KiB and above 5 of 6, below 1 of 12". */
  readonly text: string;
}

/** What is worth naming: a field must sort out at least this share of all cases. */
const LEAST_GAIN = 0.04;
const MOST_FIELDS = 2;

/**
 * The fields, at most two, by which the cases for a statement are best told from those against it.
 * The second is sought within the groups that the first one makes. Empty where none helps.
 */
export function dependences(cases: readonly Observation[]): readonly Dependence[] {
  const found: Dependence[] = [];
  let groups: readonly (readonly Observation[])[] = [cases];
  const used = new Set<string>(NO_EXPLANATION);
  while (found.length < MOST_FIELDS) {
    const best = bestSplit(groups, cases.length, used);
    if (best === undefined) break;
    used.add(best.field);
    found.push(describe(best.field, cases));
    groups = groups.flatMap((group) => splitBy(best.field, group));
  }
  return found;
}

/** Not a parameter, but often what decides: how often a message fits into the ring. */
const MESSAGE_IN_RING = 'messages that fit the ring';

function valueAt({ at }: Observation, field: string): ParameterValue | undefined {
  if (field !== MESSAGE_IN_RING) return at[field];
  const { ringSizeBytes, messageSizeBytes } = at;
  if (typeof ringSizeBytes !== 'number' || typeof messageSizeBytes !== 'number') return undefined;
  return messageSizeBytes > 0 ? ringSizeBytes / messageSizeBytes : undefined;
}

/** Fields that never explain anything. */
const NO_EXPLANATION: readonly string[] = ['seed'];

function bestSplit(
  groups: readonly (readonly Observation[])[],
  count: number,
  used: ReadonlySet<string>,
): { field: string } | undefined {
  const fields = new Set([...groups.flat().flatMap(({ at }) => Object.keys(at)), MESSAGE_IN_RING]);
  const before = sorted(groups);
  let best: string | undefined;
  let most = before + Math.max(1, LEAST_GAIN * count) - 1e-9;
  for (const field of [...fields].sort(byInterest)) {
    if (used.has(field)) continue;
    const after = sorted(groups.flatMap((group) => splitBy(field, group)));
    // Strictly more: of two that explain the same, the one of more interest is named.
    if (after > most + (best === undefined ? -1e-9 : 1e-9)) {
      best = field;
      most = after;
    }
  }
  return best === undefined ? undefined : { field: best };
}

const INTEREST = ['scenario', 'messageSizeBytes', 'ringSizeBytes', 'guestType', 'placement'];

function byInterest(a: string, b: string): number {
  const place = (field: string): number => {
    const index = INTEREST.indexOf(field);
    return index < 0 ? INTEREST.length : index;
  };
  return place(a) - place(b) || (a < b ? -1 : 1);
}

/** How many cases are on the side of most of their group. */
function sorted(groups: readonly (readonly Observation[])[]): number {
  return groups.reduce((sum, group) => {
    const holding = group.filter(({ holds }) => holds).length;
    return sum + Math.max(holding, group.length - holding);
  }, 0);
}

type Values = readonly (ParameterValue | undefined)[];

function isNumeric(values: Values): values is readonly number[] {
  return values.every((value) => typeof value === 'number');
}

/** The cases by their value of a field, values in the order in which they first come. */
function groupsAt(
  field: string,
  cases: readonly Observation[],
): ReadonlyMap<ParameterValue | undefined, readonly Observation[]> {
  return grouped(cases, (one) => valueAt(one, field));
}

/** Two groups at the best bound where the field is a number, one a value where it is a word. */
function splitBy(field: string, cases: readonly Observation[]): (readonly Observation[])[] {
  const values: Values = [...new Set(cases.map((one) => valueAt(one, field)))];
  if (values.length < 2 || values.includes(undefined)) return [cases];
  if (!isNumeric(values)) {
    return [...groupsAt(field, cases).values()];
  }
  const { above } = bestBound(field, cases, values);
  const isAbove = (one: Observation): boolean => (valueAt(one, field) as number) >= above;
  return [cases.filter((one) => !isAbove(one)), cases.filter(isAbove)];
}

function bestBound(
  field: string,
  cases: readonly Observation[],
  values: readonly number[],
): { below: number; above: number } {
  const rising = [...values].sort((a, b) => a - b);
  let best = { below: rising[0] as number, above: rising[1] as number };
  let most = -1;
  for (let i = 1; i < rising.length; i++) {
    const above = rising[i] as number;
    const low = cases.filter((one) => (valueAt(one, field) as number) < above);
    const high = cases.filter((one) => (valueAt(one, field) as number) >= above);
    const right = sorted([low, high]);
    if (right > most) {
      most = right;
      best = { below: rising[i - 1] as number, above };
    }
  }
  return best;
}

function describe(field: string, cases: readonly Observation[]): Dependence {
  const present = cases.filter((one) => valueAt(one, field) !== undefined);
  const values: Values = [...new Set(present.map((one) => valueAt(one, field)))];
  const word = placeWord(field);
  if (isNumeric(values) && values.length > 1) {
    const { below, above } = bestBound(field, present, values);
    const low = present.filter((one) => (valueAt(one, field) as number) < above);
    const high = present.filter((one) => (valueAt(one, field) as number) >= above);
    return {
      field,
      crossover: [below, above],
      text: `${word}: ${share(low)} up to ${parameterText(field, below)}, ${share(high)} from ${parameterText(field, above)}`,
    };
  }
  return { field, text: `${word}: ${byShare(field, present)}` };
}

/** "yes ping-pong, paced; partly stream (1 of 2); no fan-in". */
function byShare(field: string, cases: readonly Observation[]): string {
  const yes: string[] = [];
  const partly: string[] = [];
  const no: string[] = [];
  for (const [value, group] of groupsAt(field, cases)) {
    const holding = group.filter(({ holds }) => holds).length;
    if (holding === group.length) yes.push(String(value));
    else if (holding === 0) no.push(String(value));
    else partly.push(`${String(value)} (${share(group)})`);
  }
  const named = [
    ['yes', yes],
    ['partly', partly],
    ['no', no],
  ] as const;
  return named
    .filter(([, names]) => names.length > 0)
    .map(([answer, names]) => `${answer} ${names.join(', ')}`)
    .join('; ');
}

function share(cases: readonly Observation[]): string {
  return `${cases.filter(({ holds }) => holds).length} of ${cases.length}`;
}
