import type { Candidates, Command, OptionSpec } from '../command.js';
import { EVERYWHERE } from '../options/everywhere.js';

/**
 * The words that may stand at the cursor.
 * @param words those after the program's name up to the cursor; the last is the one being typed
 */
export async function complete(
  words: readonly string[],
  commands: readonly Command[],
): Promise<readonly string[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commands.find(({ name }) => name === before[0]);
  if (command === undefined)
    return startingWith(
      commands.map(({ name }) => name),
      typed,
    );
  const options = [...command.options, ...EVERYWHERE];
  const [assigned, value] = splitOnce(typed, '=');
  if (typed.startsWith('--') && value !== undefined) {
    const option = options.find(({ name }) => `--${name}` === assigned);
    return listItems(await wordsOf(option?.candidates), value, `${assigned}=`);
  }
  const waiting = valueWaitedFor(before, options);
  if (waiting !== undefined) return listItems(await wordsOf(waiting.candidates), typed, '');
  if (typed.startsWith('-')) {
    const names = [...options.map(({ name }) => `--${name}`), '--help'];
    return startingWith(names, typed);
  }
  return listItems(await wordsOf(command.positional?.candidates), typed, '');
}

/** The option before the cursor, where it wants a value. */
function valueWaitedFor(
  before: readonly string[],
  options: readonly OptionSpec[],
): OptionSpec | undefined {
  const last = before.at(-1) ?? '';
  return options.find(
    ({ name, alias, flag }) => flag !== true && (last === `--${name}` || last === `-${alias}`),
  );
}

/** What may follow in a list of which a part is typed. */
function listItems(candidates: readonly string[], typed: string, prefix: string): string[] {
  const comma = typed.lastIndexOf(',') + 1;
  const begun = typed.slice(0, comma);
  return startingWith(candidates, typed.slice(comma)).map((word) => prefix + begun + word);
}

function startingWith(words: readonly string[], typed: string): string[] {
  return words.filter((word) => word.startsWith(typed));
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Loads what it takes to name the candidates. */
async function wordsOf(candidates: Candidates | undefined): Promise<readonly string[]> {
  if (candidates === undefined || candidates === 'files') return [];
  if (typeof candidates !== 'string') return candidates;
  if (candidates === 'runs') return ['latest', ...(await import('../find-runs.js')).knownRuns()];
  if (candidates === 'testbeds') {
    return (await import('../testbeds.js')).TESTBEDS.map(({ name }) => name);
  }
  if (candidates === 'metrics') {
    return (await import('../list/metric-list.js')).allMetrics().map(({ name }) => name);
  }
  const { CATALOGUE } = await import('../catalogue.js');
  if (candidates === 'suites') {
    return (await import('../../runner/sweep.js')).suiteNames(CATALOGUE.scenarios);
  }
  return CATALOGUE[candidates].map(({ name }) => name);
}
