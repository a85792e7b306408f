import type { ResultsFile } from '../../results/types.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';

const MOST_SHOWN = 5;

/** The exit code of a complete run. Says which cells are not sound: then nothing is well. */
export function exitCodeOf({ run, cells }: ResultsFile, terminal: Terminal): ExitCode {
  const unsound = cells.filter(({ verdict }) => verdict === 'invalid' || verdict === 'unknown');
  for (const { verdict, id, reason } of unsound.slice(0, MOST_SHOWN)) {
    terminal.complain(`interdom: ${verdict}: ${id}: ${reason ?? 'no reason given'}`);
  }
  if (unsound.length > MOST_SHOWN) {
    terminal.complain(`interdom: and ${unsound.length - MOST_SHOWN} more are not sound`);
  }
  if (unsound.length > 0) return EXIT.nothingMeasured;
  if (cells.some(({ verdict }) => verdict === 'valid')) return EXIT.ok;
  if (run.shard !== undefined) {
    // Whether all shards together have measured something is asked when they are merged.
    terminal.note('interdom: this shard has no cell that could be measured');
    return EXIT.ok;
  }
  terminal.complain('interdom: nothing was measured: every cell was skipped');
  return EXIT.nothingMeasured;
}
