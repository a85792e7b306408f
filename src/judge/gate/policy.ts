import { nearest } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import { type Pattern, parsePattern } from './pattern.js';

/** How much worse a figure may become: the larger of what is given. */
export interface Allowance {
  /** Part of the old value, e.g. 0.05. */
  readonly relative?: number;
  /** In the unit of the metric. */
  readonly absolute?: number;
  /** Unit of `absolute`, where it was written. */
  readonly unit?: string;
  /** As written: "5 %", "200 ns". */
  readonly text: string;
}

export interface ThresholdEntry {
  readonly pattern: Pattern;
  readonly allowance: Allowance;
  readonly where: string;
}

export interface IgnoreEntry {
  readonly pattern: Pattern;
  readonly reason: string;
  /** The last day on which it holds, "2026-12-31". */
  readonly until: string;
  readonly where: string;
}

/** What a project has agreed on: later entries go before earlier ones. */
export interface Policy {
  readonly thresholds: readonly ThresholdEntry[];
  readonly ignores: readonly IgnoreEntry[];
}

export const NO_POLICY: Policy = { thresholds: [], ignores: [] };

/**
 * Reads the policy: `thresholds`, a list of "pattern <= 5 %", and `ignore`, a list of objects with
 * `match`, `reason` and `until`. Throws UserError, with the place.
 * @param where path of the file, and the field in it
 */
export function parsePolicy(value: unknown, where: string): Policy {
  if (!isObject(value)) throw fault('the policy is not an object', where);
  for (const key of Object.keys(value)) {
    if (key !== 'thresholds' && key !== 'ignore') throw unknownField(key, where, FIELDS);
  }
  return {
    thresholds: listOf(value, 'thresholds', where).map(threshold),
    ignores: listOf(value, 'ignore', where).map(ignore),
  };
}

const FIELDS = ['thresholds', 'ignore'];
const IGNORE_FIELDS = ['match', 'reason', 'until'];
const THRESHOLD = /^(?<pattern>.+?)\s*<=\s*(?<amount>\d+(?:\.\d+)?)\s*(?<unit>%|[A-Za-z0-9/]*)$/s;

function threshold([value, where]: Placed): ThresholdEntry {
  const groups = typeof value === 'string' ? THRESHOLD.exec(value.trim())?.groups : undefined;
  if (groups === undefined) {
    throw new UserError(`${JSON.stringify(value)} is not "pattern <= amount"`, {
      where,
      remedy: 'write for example "*/ping-pong/*:latencyNsP99 <= 5 %", or "<= 200 ns"',
    });
  }
  const { pattern = '', amount = '', unit = '' } = groups;
  const number = Number(amount);
  const text = unit === '' ? amount : `${amount} ${unit}`;
  const allowance: Allowance =
    unit === '%'
      ? { relative: number / 100, text }
      : { absolute: number, text, ...(unit === '' ? {} : { unit }) };
  return { pattern: parsePattern(pattern, where), allowance, where };
}

function ignore([value, where]: Placed): IgnoreEntry {
  if (!isObject(value)) throw fault('an entry of "ignore" is not an object', where);
  for (const key of Object.keys(value)) {
    if (!IGNORE_FIELDS.includes(key)) throw unknownField(key, where, IGNORE_FIELDS);
  }
  const { match, reason, until } = value as Record<string, unknown>;
  if (typeof match !== 'string') throw fault('"match", a pattern, is missing', where);
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw fault(`"reason" is missing: why may ${match} be ignored?`, where);
  }
  if (typeof until !== 'string' || !isDate(until)) {
    throw fault(`"until" is not a date like 2026-12-31: ${JSON.stringify(until)}`, where);
  }
  return { pattern: parsePattern(match, where), reason: reason.trim(), until, where };
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

type Placed = readonly [value: unknown, where: string];

function listOf(object: Record<string, unknown>, key: string, where: string): readonly Placed[] {
  const value = object[key];
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw fault(`"${key}" is not a list`, where);
  return value.map((item, i) => [item, `${where}.${key}[${i}]`]);
}

function unknownField(key: string, where: string, known: readonly string[]): UserError {
  const meant = nearest(key, known);
  const remedy =
    meant === undefined ? `there are: ${known.join(', ')}` : `did you mean "${meant}"?`;
  return new UserError(`"${key}" is not a field that may stand here`, { where, remedy });
}

function fault(what: string, where: string): UserError {
  return new UserError(what, { where, remedy: 'see docs/gate.md for the form of a policy' });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
