import { renderReport } from '../../report/render-report.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readRuns } from '../find-runs.js';
import { reportFolder } from './report-folder.js';

/** Carries out `interdom report`. */
export async function drawReport({
  options,
  positionals,
  terminal,
}: Invocation): Promise<ExitCode> {
  const results = await readRuns(positionals);
  const paths = await renderReport(results, options.text('out') ?? reportFolder(results));
  if (!terminal.quiet) await terminal.print(`${paths.join('\n')}\n`);
  return EXIT.ok;
}
