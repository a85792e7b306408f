import { readFileSync } from 'node:fs';
import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import { fileFault } from '../../results/file-fault.js';
import { findJsonFault } from '../../results/json-fault.js';
import type { Command } from '../command.js';
import type { Given } from './option-values.js';

/** Read from the current folder where --config names no other file. */
export const CONFIG_FILE = 'interdom.config.json';

/** What the regression gate allows, see docs/gate.md: no options, and not of one command. */
const POLICY_SECTION = 'policy';
const NOT_COMMANDS = ['$schema', POLICY_SECTION];

/**
 * Options of one command from a configuration file: an object with a section a command, in which
 * the options stand under the names that they have on the command line. Throws UserError, with the
 * place, for what is not that.
 *
 * @param path undefined: the usual file, which need not be there
 */
export function readConfig(
  path: string | undefined,
  command: Command,
  commands: readonly Command[],
): ReadonlyMap<string, Given> {
  const file = path ?? CONFIG_FILE;
  const text = readText(file, path === undefined);
  if (text === undefined) return new Map();
  const document = parse(text, file);
  for (const section of Object.keys(document)) {
    if (NOT_COMMANDS.includes(section) || commands.some(({ name }) => name === section)) continue;
    const known = [...commands.map(({ name }) => name), POLICY_SECTION];
    throw unknownName('a section of the configuration', section, known, file);
  }
  const section = document[command.name];
  if (section === undefined) return new Map();
  if (!isObject(section))
    throw new UserError(`"${command.name}" is not an object`, { where: file });
  return optionsOf(section, command, file);
}

/**
 * The policy of the regression gate in a configuration file; undefined where it has none. Throws
 * UserError.
 */
export function readPolicySection(
  path: string | undefined,
): { readonly value: unknown; readonly where: string } | undefined {
  const file = path ?? CONFIG_FILE;
  const text = readText(file, path === undefined);
  const value = text === undefined ? undefined : parse(text, file)[POLICY_SECTION];
  return value === undefined ? undefined : { value, where: `${file}: ${POLICY_SECTION}` };
}

function readText(file: string, mayBeMissing: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (mayBeMissing && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileFault('read', file, error);
  }
}

function parse(text: string, file: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const fault = findJsonFault(text);
    const place = fault === undefined ? '' : `: ${fault.reason}`;
    const where =
      fault === undefined ? file : `${file}, line ${fault.line}, column ${fault.column}`;
    throw new UserError(`not valid JSON${place}`, { where, cause });
  }
  if (isObject(document)) return document;
  throw new UserError('a configuration is an object with a section a command', {
    where: file,
    remedy: 'write for example { "run": { "transport": "libvchan" } }',
  });
}

function optionsOf(
  section: Record<string, unknown>,
  command: Command,
  file: string,
): ReadonlyMap<string, Given> {
  const values = new Map<string, Given>();
  for (const [name, value] of Object.entries(section)) {
    const where = `${file}: ${command.name}.${name}`;
    const spec = command.options.find((option) => option.name === name);
    if (spec === undefined || spec.commandLineOnly === true) {
      const known = command.options.filter((option) => option.commandLineOnly !== true);
      const names = known.map((option) => option.name);
      throw unknownName(
        `an option of ${command.name} that a configuration may set`,
        name,
        names,
        where,
      );
    }
    values.set(name, { texts: textsOf(value, where), where });
  }
  return values;
}

/** A value, a list of values, or for `set` an object of values. */
function textsOf(value: unknown, where: string): readonly string[] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      textsOf(inner, where).map((text) => `${key}=${text}`),
    );
  }
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => {
    if (['string', 'number', 'boolean'].includes(typeof item)) return String(item);
    throw new UserError('a text, a number, true or false, or a list of them is wanted', { where });
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
