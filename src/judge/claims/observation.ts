import type { Cell, ParameterValue } from '../../results/types.js';
import { type Figure, parameterText } from './figure.js';

/** One case of a test: what was seen, and whether it is for the statement. */
export interface Observation {
  /** Where it was seen: scenario, profile, sizes and all else that tells cases apart. */
  readonly at: Readonly<Record<string, ParameterValue>>;
  /** What is compared with the threshold; a ratio has the unit "x". */
  readonly figure: Figure;
  readonly holds: boolean;
  /** The figures behind a ratio ("2.00 against 0.008"), the words of an outcome; else empty. */
  readonly behind: string;
  readonly cells: readonly string[];
}

/** Parameters that say nothing of where a case was seen. */
const NOT_PLACES: ReadonlySet<string> = new Set(['messages', 'draw']);

/** Where a cell was measured, without what its transport alone knows (see `placeOfPair`). */
export function placeOf(cell: Cell, without: ReadonlySet<string> = new Set()): Observation['at'] {
  const at: Record<string, ParameterValue> = {
    testbed: cell.testbed,
    profile: cell.profile,
    scenario: cell.scenario,
  };
  for (const [name, value] of Object.entries(cell.parameters)) {
    if (!NOT_PLACES.has(name) && !without.has(name)) at[name] = value;
  }
  return at;
}

/** The same place gives the same text, in whatever order its fields came. */
export function placeKey(at: Observation['at']): string {
  return Object.keys(at)
    .sort()
    .map((name) => `${name}=${String(at[name])}`)
    .join(',');
}

const WORDS: Readonly<Record<string, string>> = {
  ringSizeBytes: 'ring',
  messageSizeBytes: 'message',
  guestType: 'guests',
  grantMode: 'grants',
  workingSetBytes: 'working set',
  transferBytes: 'transfer',
  messagesPerSecond: 'messages/s',
  copyBits: 'copy bits',
};

/** The name of a dimension as a sentence says it. */
export function placeWord(name: string): string {
  const known = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
  return known ?? name;
}

const NAMED_BY_VALUE: ReadonlySet<string> = new Set([
  'scenario',
  'profile',
  'testbed',
  'guestType',
]);

/** Those of the fields that tell cases of one scenario apart, in the order of a reader's interest. */
export function varyingFields(cases: readonly Observation[]): readonly string[] {
  const firsts = new Map<string, ParameterValue>();
  const varying = new Set<string>();
  for (const { at } of cases) {
    for (const [name, value] of Object.entries(at)) {
      const key = `${name} of ${name === 'scenario' ? '' : String(at['scenario'])}`;
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, value);
      else if (first !== value) varying.add(name);
    }
  }
  return [...varying].sort((a, b) => fieldOrder(a) - fieldOrder(b) || (a < b ? -1 : 1));
}

const FIELD_ORDER = ['scenario', 'ringSizeBytes', 'messageSizeBytes', 'guestType', 'placement'];

function fieldOrder(name: string): number {
  if (name === 'profile') return FIELD_ORDER.length + 1;
  const place = FIELD_ORDER.indexOf(name);
  return place < 0 ? FIELD_ORDER.length : place;
}

/** "buffer-size, ring 64 KiB, message 1 KiB": the scenario, and what else tells this case apart. */
export function placeText(at: Observation['at'], varying: readonly string[]): string {
  const fields = varying.includes('scenario') ? varying : ['scenario', ...varying];
  return fields
    .filter((name) => at[name] !== undefined && name !== 'seed')
    .map((name) => {
      const text = parameterText(name, at[name] as ParameterValue);
      return NAMED_BY_VALUE.has(name) ? text : `${placeWord(name)} ${text}`;
    })
    .join(', ');
}
