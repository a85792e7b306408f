import type { ExitCode } from './exit-codes.js';
import type { OptionValues } from './options/option-values.js';
import type { Terminal } from './terminal.js';

/** What a value of an option or a position may be completed with. */
export type Candidates =
  | 'transports'
  | 'scenarios'
  | 'profiles'
  | 'testbeds'
  | 'metrics'
  | 'suites'
  | 'runs'
  | 'files'
  | readonly string[];

/** One option, as help, completion, environment, configuration and parser see it. */
export interface OptionSpec {
  /** As written after the two dashes. */
  readonly name: string;
  readonly alias?: string;
  /** True: it is there or not. Otherwise it has a value. */
  readonly flag?: boolean;
  readonly describe: string;
  /** The default, in words. */
  readonly default?: string;
  readonly candidates?: Candidates;
  /** What belongs to one invocation only cannot stand in the environment or the configuration. */
  readonly commandLineOnly?: boolean;
}

/** The words after the command. */
export interface PositionalSpec {
  readonly name: string;
  readonly describe: string;
  /** As many as one likes. */
  readonly many?: boolean;
  readonly required?: boolean;
  /** They stand behind "--", and are another program's. */
  readonly behindDashes?: boolean;
  readonly candidates?: Candidates;
}

/** A command as it was called. */
export interface Invocation {
  /** The words after the program's name, as typed. */
  readonly words: readonly string[];
  readonly options: OptionValues;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
}

/** One command. Modules of commands are light: what they need to run, they import when they run. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly positional?: PositionalSpec;
  readonly options: readonly OptionSpec[];
  readonly examples?: readonly (readonly [command: string, does: string])[];
  run(invocation: Invocation): Promise<ExitCode>;
}
