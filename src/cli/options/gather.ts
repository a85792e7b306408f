import type { Command, OptionSpec } from '../command.js';
import type { Environment } from '../terminal.js';
import { readConfig } from './config-file.js';
import { readEnvironment, suspiciousVariables } from './environment.js';
import { EVERYWHERE } from './everywhere.js';
import { type Given, OptionValues } from './option-values.js';

/** The options of a command, and notes on variables that look like slips. */
export interface Gathered {
  readonly options: OptionValues;
  readonly notes: readonly string[];
}

/** The command line goes before the environment, and that before the configuration. Throws UserError. */
export function gatherOptions(
  command: Command,
  fromCommandLine: ReadonlyMap<string, Given>,
  environment: Environment,
  commands: readonly Command[],
): Gathered {
  const fromEnvironment = readEnvironment(environment, [...command.options, ...EVERYWHERE]);
  const stated = new OptionValues(new Map([...fromEnvironment, ...fromCommandLine]));
  const fromConfig = readConfig(stated.text('config'), command, commands);
  const every: readonly OptionSpec[] = [
    ...commands.flatMap(({ options }) => options),
    ...EVERYWHERE,
  ];
  return {
    options: new OptionValues(new Map([...fromConfig, ...fromEnvironment, ...fromCommandLine])),
    notes: suspiciousVariables(environment, every),
  };
}
