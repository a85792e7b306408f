import yargs, { type Argv } from 'yargs';
import { nearest, unknownName } from '../base/did-you-mean.js';
import { UserError } from '../base/errors.js';
import type { Command, OptionSpec } from './command.js';
import { examplesText } from './help-examples.js';
import { EVERYWHERE } from './options/everywhere.js';
import type { Given } from './options/option-values.js';

/** What the words of a command line say. */
export type ParsedCommandLine =
  /** Help or version was wanted: this is its text. */
  | { readonly shown: string }
  /** No command at all: help, and a mistake. */
  | { readonly usage: string }
  | {
      readonly command: Command;
      readonly positionals: readonly string[];
      readonly given: ReadonlyMap<string, Given>;
    };

type Arguments = Readonly<Record<string, unknown>>;

/** Longer lines are hard to read. */
const MOST_COLUMNS = 110;

/** Reads a command line. Throws UserError for what is no command or option. */
export function parseCommandLine(
  words: readonly string[],
  commands: readonly Command[],
  version: string,
  width: number,
): ParsedCommandLine {
  const columns = Math.min(width, MOST_COLUMNS);
  let described: Command | undefined;
  let called: { command: Command; args: Arguments } | undefined;
  let shown = '';
  const parser = program(commands, version, columns, {
    describing: (command) => {
      described = command;
    },
    calling: (command, args) => {
      called = { command, args };
    },
  });
  try {
    parser.parse(
      withDashes(withoutSeparator(withHelp(words), commands)),
      (error: Error | undefined | null, _args: unknown, output: string) => {
        if (error) throw error;
        shown = output;
      },
    );
  } catch (error) {
    if ((error as Error).name !== 'YError') throw error;
    throw incomplete(error as Error, words, commands);
  }
  if (shown !== '') {
    const [word = '-'] = withHelp(words);
    const names = commands.map(({ name }) => name);
    // Help was asked for a command that there is not.
    if (!word.startsWith('-') && word !== 'help' && !names.includes(word))
      throw unknownName('a command', word, names, 'the command line');
    const isHelp = described !== undefined && shown.trim() !== version;
    const examples = isHelp ? examplesText(described?.examples ?? [], columns) : '';
    return {
      shown: `${withoutEmptyDefault(shown.trimEnd())}\n${examples === '' ? '' : `\n${examples}`}`,
    };
  }
  if (called !== undefined)
    return { command: called.command, ...taken(called.command, called.args) };
  return { usage: helpOf(commands, version, width) };
}

/** To yargs, a list of words is empty by default, which says nothing; the rest stands at the right, and stays there. */
function withoutEmptyDefault(help: string): string {
  return help.replace(
    /(\[array\](?: \[required\])?)( \[default: none\])/g,
    (_, kind: string, shown: string) => ' '.repeat(shown.length) + kind,
  );
}

function program(
  commands: readonly Command[],
  version: string,
  columns: number,
  on: {
    /** A command's options are wanted, to read them or to show them. */
    readonly describing: (command: Command) => void;
    readonly calling: (command: Command, args: Arguments) => void;
  },
): Argv {
  const parser = yargs()
    .scriptName('interdom')
    .detectLocale(false)
    .usage(
      '$0 <command> [options]\n\nCompares the ways two Xen domains can move bytes to each other.',
    )
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
    })
    .exitProcess(false)
    .version(version)
    .alias('help', 'h')
    .alias('version', 'V')
    .wrap(columns)
    .epilogue(EPILOGUE);
  for (const command of commands) {
    parser.command(
      usageOf(command),
      command.summary,
      (own) => {
        on.describing(command);
        return describeCommand(own, command);
      },
      (args) => on.calling(command, args),
    );
  }
  // Words that begin no command end up here, and are answered with the command that was meant.
  parser.command(
    '$0 [words..]',
    false,
    (own) => own,
    (args) => {
      const word = (args['words'] as string[] | undefined)?.[0];
      const names = commands.map(({ name }) => name);
      if (word !== undefined) throw unknownName('a command', word, names, 'the command line');
      const option = Object.keys(args).find(
        (key) => !['_', '$0', 'words', 'config', 'verbose'].includes(key),
      );
      if (option !== undefined) {
        throw new UserError(`the option ${dashed(option)} stands before no command`, {
          where: 'the command line',
          remedy: `name the command first: ${names.join(', ')}`,
        });
      }
    },
  );
  return parser;
}

const EPILOGUE = `Lists are separated by commas; sizes are bytes or 4k, 1m; 4k..1m is every power of two.
Every option can also stand in interdom.config.json or, as INTERDOM_RING_SIZE, in the environment.
Exit codes: 0 well, 1 internal error, 2 wrong input, 3 regression or a model that does not hold, \
4 inconclusive, 5 not comparable, 6 nothing measured or a measurement that is not sound, 130 interrupted.`;

function describeCommand(own: Argv, command: Command): Argv {
  own.usage(`$0 ${usageOf(command)}\n\n${command.summary}`);
  const { positional } = command;
  if (positional !== undefined) {
    own.positional(positional.name, {
      describe: positional.describe,
      type: 'string',
      ...(positional.many === true ? { defaultDescription: 'none' } : {}),
    });
  }
  own.group(
    command.options.map(({ name }) => name),
    'Options:',
  );
  for (const option of command.options) own.option(option.name, yargsOption(option));
  for (const option of EVERYWHERE)
    own.option(option.name, { ...yargsOption(option), group: 'Everywhere:' });
  own.group(['help', 'version'], 'Everywhere:');
  return own.epilogue('');
}

function yargsOption(option: OptionSpec) {
  return {
    describe: option.describe,
    ...(option.alias === undefined ? {} : { alias: option.alias }),
    ...(option.default === undefined ? {} : { defaultDescription: option.default }),
    ...(option.flag === true ? { boolean: true } : { string: true }),
  };
}

function usageOf(command: Command): string {
  const { positional, name } = command;
  if (positional === undefined) return name;
  const shown = positional.many === true ? `${positional.name}..` : positional.name;
  return `${name} ${positional.required === true ? `<${shown}>` : `[${shown}]`}`;
}

/** What yargs has found, by the options' own names. Throws UserError for options that are none. */
function taken(
  command: Command,
  args: Arguments,
): { positionals: readonly string[]; given: ReadonlyMap<string, Given> } {
  const options = [...command.options, ...EVERYWHERE];
  const given = new Map<string, Given>();
  const positional = command.positional?.name;
  for (const [key, value] of Object.entries(args)) {
    if (key === '_' || key === '$0' || key === positional || value === undefined) continue;
    const option = options.find(({ name, alias }) => name === key || alias === key);
    if (option === undefined) throw unknownOption(key, command, options);
    const where = dashed(option.name);
    given.set(option.name, { texts: (Array.isArray(value) ? value : [value]).map(String), where });
  }
  const rest = args['_'] as readonly (string | number)[];
  const surplus = rest.slice(1).map(String);
  const words = positional === undefined ? [] : [args[positional] ?? []].flat().map(String);
  if (command.positional?.behindDashes === true) {
    if (words.length === 0) return { positionals: surplus, given };
    throw new UserError(`"${words[0]}" stands in front of the two dashes`, {
      where: `interdom ${command.name}`,
      remedy: `put -- in front of ${words[0]}`,
    });
  }
  if (surplus.length > 0) {
    throw new UserError(`"${surplus[0]}" is one word too many`, {
      where: `interdom ${command.name}`,
      remedy: `see interdom ${command.name} --help`,
    });
  }
  return { positionals: words, given };
}

function unknownOption(key: string, command: Command, options: readonly OptionSpec[]): UserError {
  const meant = nearest(
    dashed(key),
    options.map(({ name }) => dashed(name)),
  );
  const help = `see interdom ${command.name} --help`;
  return new UserError(`"${dashed(key)}" is not an option of ${command.name}`, {
    where: `interdom ${command.name}`,
    remedy: meant === undefined ? help : `did you mean "${meant}"? (${help})`,
  });
}

/** What yargs itself refuses: words that are missing, and whatever else it may find. */
function incomplete(
  error: Error,
  words: readonly string[],
  commands: readonly Command[],
): UserError {
  const command = commands.find(({ name }) => words.includes(name));
  const { positional } = command ?? {};
  if (command === undefined || positional === undefined || !/non-option/.test(error.message)) {
    return new UserError(error.message, {
      where: 'the command line',
      remedy: 'see interdom --help',
      cause: error,
    });
  }
  return new UserError(`${command.name} needs to be told: ${positional.describe}`, {
    where: `interdom ${command.name}`,
    remedy: command.examples?.[0]?.[0] ?? `interdom ${command.name} --help`,
    cause: error,
  });
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** "help run" is what people also type for "run --help". */
function withHelp(words: readonly string[]): readonly string[] {
  return words[0] === 'help' && words.length > 1 ? [...words.slice(1), '--help'] : words;
}

/**
 * Behind "--" come words that are no options: so are names of runs and scenarios anyway, wherever they stand. Only a
 * command that runs another program needs to know where that begins.
 */
function withoutSeparator(words: readonly string[], commands: readonly Command[]): string[] {
  const at = words.indexOf('--');
  const [before, behind] = at < 0 ? [words, []] : [words.slice(0, at), words.slice(at + 1)];
  const command = commands.find(({ name }) => before.includes(name));
  const isPlain = behind.every((word) => !word.startsWith('-'));
  return command?.positional?.behindDashes === true || !isPlain
    ? [...words]
    : [...before, ...behind];
}

/** To yargs, a lone dash after an option is a word of its own; to people, it is the option's value. */
function withDashes(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1) ?? '';
    if (word === '-' && /^--[^=]+$/.test(last)) joined[joined.length - 1] = `${last}=-`;
    else joined.push(word);
  }
  return joined;
}

function helpOf(commands: readonly Command[], version: string, width: number): string {
  const parsed = parseCommandLine(['--help'], commands, version, width);
  return 'shown' in parsed ? parsed.shown : '';
}
