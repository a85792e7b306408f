import { nearest } from '../../base/did-you-mean.js';
import type { OptionSpec } from '../command.js';
import type { Environment } from '../terminal.js';
import type { Given } from './option-values.js';

const PREFIX = 'INTERDOM_';
/** Not options: read where they matter. */
const OTHERS = [
  'INTERDOM_DEBUG',
  'INTERDOM_PRELOAD_CONNECT',
  'INTERDOM_PRELOAD_LISTEN',
  'INTERDOM_PRELOAD_TOKEN',
];

/** The variable that sets an option: "ring-size" as INTERDOM_RING_SIZE. */
export function variableOf(option: string): string {
  return PREFIX + option.toUpperCase().replaceAll('-', '_');
}

/** Options that the environment sets. */
export function readEnvironment(
  environment: Environment,
  options: readonly OptionSpec[],
): ReadonlyMap<string, Given> {
  const values = new Map<string, Given>();
  for (const { name, commandLineOnly } of options) {
    const where = variableOf(name);
    const text = environment[where];
    if (text === undefined || text === '' || commandLineOnly === true) continue;
    values.set(name, { texts: [text], where });
  }
  return values;
}

/** What to say of variables that look like slips: they set nothing, and nobody would notice. */
export function suspiciousVariables(
  environment: Environment,
  allOptions: readonly OptionSpec[],
): readonly string[] {
  const known = [...allOptions.map(({ name }) => variableOf(name)), ...OTHERS];
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith(PREFIX) || known.includes(name)) return [];
    // Without what all have in common: it would make everything look alike.
    const meant = nearest(
      name.slice(PREFIX.length),
      known.map((one) => one.slice(PREFIX.length)),
    );
    return meant === undefined ? [] : [`${name} sets no option: did you mean ${PREFIX}${meant}?`];
  });
}
