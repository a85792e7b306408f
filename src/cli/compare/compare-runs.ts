import { UserError } from '../../base/errors.js';
import { renderComparison } from '../../report/render-comparison.js';
import type { ResultsFile } from '../../results/types.js';
import type { Invocation } from '../command.js';
import { COMPARE_FORMATS } from '../commands/compare.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readRuns } from '../find-runs.js';
import type { OptionValues } from '../options/option-values.js';
import { pairsOf } from '../options/pairs.js';
import { incomparable } from './comparable.js';

/** Carries out `interdom compare`. */
export async function compareRuns(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, terminal } = invocation;
  if (positionals.length > 2) {
    throw new UserError(`${positionals.length} runs are named, and two can be compared`, {
      where: 'interdom compare',
      remedy: 'name the one before and the one after',
    });
  }
  const results = await readRuns(positionals);
  const why = incomparable(results);
  if (why !== undefined) {
    terminal.complain(`interdom: not comparable: ${why}`);
    return EXIT.notComparable;
  }
  const empty = results.findIndex((one) => !hasFigures(one));
  if (empty >= 0) {
    terminal.complain(`interdom: nothing was measured: ${positionals[empty]} has no valid cell`);
    return EXIT.nothingMeasured;
  }
  const { width, colour } = terminal;
  const rows = joined(options, 'rows');
  const cols = joined(options, 'cols');
  const metric = joined(options, 'metric');
  const filter = pairsOf(options, 'filter', '--filter scenario=stream');
  const text = renderComparison(results, {
    ...(rows === undefined ? {} : { rows }),
    ...(cols === undefined ? {} : { cols }),
    ...(metric === undefined ? {} : { metric }),
    ...(filter === undefined ? {} : { filter }),
    width,
    colour,
    format: options.word('format', COMPARE_FORMATS) ?? 'table',
  });
  await terminal.print(text);
  return EXIT.ok;
}

function hasFigures({ cells }: ResultsFile): boolean {
  return cells.some(({ verdict }) => verdict === 'valid');
}

/** A list goes on as it was written: the comparison knows what may stand in it. */
function joined(options: OptionValues, name: string): string | undefined {
  return options.list(name)?.texts.join(',');
}
