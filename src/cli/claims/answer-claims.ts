import { judgeClaims } from '../../judge/claims/judge-claims.js';
import { claimsJson } from '../../report/claims/claims-json.js';
import { claimsMarkdown } from '../../report/claims/claims-markdown.js';
import { claimsText } from '../../report/claims/claims-text.js';
import type { Invocation } from '../command.js';
import { CLAIMS_FORMATS } from '../commands/claims.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readRuns } from '../find-runs.js';

/** Carries out `interdom claims`. */
export async function answerClaims(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, terminal } = invocation;
  const format = options.word('format', CLAIMS_FORMATS) ?? 'text';
  const results = await readRuns(positionals);
  const sheet = judgeClaims(results, options.list('only')?.texts);
  switch (format) {
    case 'text':
      await terminal.print(claimsText(sheet, options.flag('details') || options.has('only')));
      break;
    case 'md':
      await terminal.print(claimsMarkdown(sheet));
      break;
    case 'json':
      await terminal.print(claimsJson(sheet));
  }
  if (sheet.cells === 0) {
    terminal.complain('interdom: nothing was measured: no cell is valid');
    return EXIT.nothingMeasured;
  }
  if (sheet.answers.every(({ verdict }) => verdict === 'not tested')) {
    terminal.complain('interdom: no cell of these runs bears on a claim that was asked for');
    return EXIT.nothingMeasured;
  }
  return EXIT.ok;
}
