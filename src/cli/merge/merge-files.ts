import { countText } from '../../base/units.js';
import { resultsText, writeResultsFile } from '../../results/store.js';
import { mergeRuns, type Part } from '../../runner/merge.js';
import type { Invocation } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { readRuns } from '../find-runs.js';
import { destinationOf } from '../run/destination.js';
import { exitCodeOf } from '../run/soundness.js';

/** Carries out `interdom merge`. */
export async function mergeFiles({
  options,
  positionals,
  terminal,
  words,
}: Invocation): Promise<ExitCode> {
  const parts: Part[] = [];
  for (const name of positionals) {
    const [results] = await readRuns([name]);
    if (results !== undefined) parts.push({ name, results });
  }
  const command = ['interdom', ...words].join(' ').slice(0, 65_536);
  const merged = mergeRuns(parts, { command, partial: options.flag('partial') });
  const { resultsPath } = destinationOf(options.text('output'), merged.run.id);
  if (resultsPath === undefined) {
    for (const piece of resultsText(merged)) await terminal.print(piece);
  } else {
    writeResultsFile(resultsPath, merged);
    terminal.note(
      `results: ${resultsPath}: ${countText(merged.cells.length, 'cell')} of ${parts.length} parts`,
    );
  }
  return exitCodeOf(merged, terminal);
}
