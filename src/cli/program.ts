import type { Command } from './command.js';
import { type ParsedCommandLine, parseCommandLine } from './command-line.js';
import { COMMANDS } from './commands/index.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { reportFault } from './fault-message.js';
import { packageVersion } from './program-version.js';
import type { Terminal } from './terminal.js';

/** Carries out a command line. Never throws: faults are reported. */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const verbose = words.includes('--verbose') || isSet(terminal.environment['INTERDOM_DEBUG']);
  try {
    if (words[0] === '--complete') return await completeWords(words.slice(1), terminal);
    const parsed = parseCommandLine(words, COMMANDS, packageVersion(), terminal.width);
    if ('shown' in parsed) {
      await terminal.print(parsed.shown);
      return EXIT.ok;
    }
    if ('usage' in parsed) {
      terminal.complain(parsed.usage.trimEnd());
      return EXIT.wrongInput;
    }
    return await carryOut(parsed, words, terminal);
  } catch (error) {
    return reportFault(error, terminal, verbose);
  }
}

async function carryOut(
  { command, given, positionals }: Extract<ParsedCommandLine, { readonly command: Command }>,
  words: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  // Loaded here, so that --help need not wait for it.
  const { gatherOptions } = await import('./options/gather.js');
  const { options, notes } = gatherOptions(command, given, terminal.environment, COMMANDS);
  terminal.quiet = options.flag('quiet');
  for (const note of notes) terminal.note(`interdom: ${note}`);
  return command.run({ words, options, positionals, terminal });
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '' && text !== '0';
}

/** For the completion scripts: what may stand at the cursor, a word a line. */
async function completeWords(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { complete } = await import('./completion/complete.js');
  const candidates = await complete(words, COMMANDS);
  await terminal.print(candidates.map((word) => `${word}\n`).join(''));
  return EXIT.ok;
}
