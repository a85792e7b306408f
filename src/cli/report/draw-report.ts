import { renderReport } from '../../report/render-report.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readRuns } from '../find-runs.js';
import { pairsOf } from '../options/pairs.js';
import { reportFolder } from './report-folder.js';
import { writtenLines } from './written-lines.js';

/** Carries out `interdom report`. */
export async function drawReport({
  options,
  positionals,
  terminal,
}: Invocation): Promise<ExitCode> {
  const results = await readRuns(positionals);
  const show = pairsOf(options, 'show', '--show profile=zen4-2023');
  const paths = await renderReport(results, options.text('out') ?? reportFolder(results), {
    ...(show === undefined ? {} : { show }),
    each: options.flag('each'),
  });
  if (!terminal.quiet) await terminal.print(writtenLines(paths));
  return EXIT.ok;
}
