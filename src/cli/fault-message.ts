import { UserError } from '../base/errors.js';
import { OtherSchema } from '../results/other-schema.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** Says what went wrong, in one message, and returns the exit code that belongs to it. */
export function reportFault(error: unknown, terminal: Terminal, verbose: boolean): ExitCode {
  if (error instanceof UserError) {
    terminal.complain(userMessage(error));
    if (verbose && error.stack !== undefined) terminal.complain(error.stack);
    return error instanceof OtherSchema ? EXIT.notComparable : EXIT.wrongInput;
  }
  if (isMachineFailure(error)) {
    terminal.complain(`interdom: real Xen came to nothing: ${error.message}`);
    if (error.consoleTail !== '') terminal.complain(error.consoleTail);
    terminal.complain('  try: once more; and `interdom doctor`, where it goes on like this');
    return EXIT.nothingMeasured;
  }
  const name = error instanceof Error ? error.name : 'Error';
  const what = error instanceof Error ? error.message : String(error);
  terminal.complain(`interdom: internal error: ${name === 'Error' ? '' : `${name}: `}${what}`);
  if (verbose && error instanceof Error) terminal.complain(error.stack ?? '');
  else terminal.complain('  try: --verbose shows where; please report it');
  return EXIT.internalError;
}

/** Known by its name: the class would load all of the emulator for every command. */
function isMachineFailure(error: unknown): error is Error & { readonly consoleTail: string } {
  return error instanceof Error && error.name === 'MachineFailure' && 'consoleTail' in error;
}

/** What, where, and what to do. */
export function userMessage(error: UserError): string {
  const lines = [`interdom: ${error.message}`];
  if (error.where !== undefined) lines.push(`  in ${error.where}`);
  if (error.remedy !== undefined) lines.push(`  try: ${error.remedy}`);
  return lines.join('\n');
}
