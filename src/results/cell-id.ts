import { invariant, UserError } from '../base/errors.js';
import type { ParameterValue } from './types.js';

/** What a cell's id is made of; every Cell is one. */
export interface CellKey {
  readonly testbed: string;
  readonly profile: string;
  readonly transport: string;
  readonly scenario: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

/** A cell id taken apart. Ids carry no types: every parameter comes back as text. */
export interface ParsedCellId {
  readonly testbed: string;
  readonly profile: string;
  readonly transport: string;
  readonly scenario: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * These come first, since people look for them; all others follow in code-unit order of their
 * names.
 */
const LEADING_PARAMETERS: readonly string[] = ['ringSizeBytes', 'messageSizeBytes'];

/** Names of parameters in the order of ids, tables and CSV columns. */
export function orderedParameterNames(names: Iterable<string>): string[] {
  return [...new Set(names)].sort((a, b) => {
    const byRank = rank(a) - rank(b);
    if (byRank !== 0) return byRank;
    return a < b ? -1 : 1;
  });
}

function rank(name: string): number {
  const place = LEADING_PARAMETERS.indexOf(name);
  return place < 0 ? LEADING_PARAMETERS.length : place;
}

/**
 * The canonical id: "testbed/profile/transport/scenario/name=value,name=value". Two cells have the
 * same id exactly when they have the same key (parameters compared as text). What would blur the
 * borders is percent-encoded.
 */
export function cellId(key: CellKey): string {
  const path = [key.testbed, key.profile, key.transport, key.scenario].map(escapeText).join('/');
  const parameters: string[] = [];
  for (const name of orderedParameterNames(Object.keys(key.parameters))) {
    const value = key.parameters[name] as ParameterValue;
    invariant(typeof value !== 'number' || Number.isFinite(value), 'a parameter is not finite', {
      name,
      value,
    });
    parameters.push(`${escapeText(name)}=${escapeText(String(value))}`);
  }
  return parameters.length === 0 ? path : `${path}/${parameters.join(',')}`;
}

/** Takes an id apart. Throws UserError where it is not one. */
export function parseCellId(id: string, where = 'cell id'): ParsedCellId {
  const parts = id.split('/');
  if (parts.length < 4 || parts.length > 5) {
    throw new UserError(`"${id}" is not a cell id`, {
      where,
      remedy: 'write testbed/profile/transport/scenario/name=value,name=value',
    });
  }
  const [testbed, profile, transport, scenario] = parts.map((part) => unescapeText(part, where));
  const parameters = new Map<string, string>();
  for (const pair of parts[4]?.split(',') ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 0) throw new UserError(`"${pair}" in "${id}" is not name=value`, { where });
    const name = unescapeText(pair.slice(0, equals), where);
    if (parameters.has(name)) throw new UserError(`"${id}" says ${name} twice`, { where });
    parameters.set(name, unescapeText(pair.slice(equals + 1), where));
  }
  return {
    testbed: testbed as string,
    profile: profile as string,
    transport: transport as string,
    scenario: scenario as string,
    parameters,
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not stay in an id
const BORDERS = /[%/,=\s\u0000-\u001f\u007f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const EVERY_BORDER = /[%/,=\s\u0000-\u001f\u007f]/g;

function escapeText(text: string): string {
  return BORDERS.test(text) ? text.replace(EVERY_BORDER, (char) => encodeURIComponent(char)) : text;
}

function unescapeText(text: string, where: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new UserError(`"${text}" has a percent sign that encodes nothing`, { where, cause });
  }
}
