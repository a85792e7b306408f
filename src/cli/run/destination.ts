import { type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { fileFault } from '../../results/file-fault.js';

/** Where the dated results files go, seen from the current folder. */
export const RUNS_FOLDER = join('results', 'runs');

/** Where the results of a run go. */
export interface Destination {
  /** Undefined: standard output only. */
  readonly resultsPath: string | undefined;
  /** Where cells are kept while the run goes on; undefined where the results are no file. */
  readonly journalPath: string | undefined;
}

/**
 * Where the results go: what the user says, `-` for standard output, else a file named for the run.
 * A device or pipe gets no journal beside it. Throws UserError for a folder.
 */
export function destinationOf(output: string | undefined, runId: string): Destination {
  if (output === '-') return { resultsPath: undefined, journalPath: undefined };
  const resultsPath = output ?? join(RUNS_FOLDER, `${runId}.json`);
  const existing = statOf(resultsPath);
  if (existing?.isDirectory() === true) {
    throw new UserError(`cannot write ${resultsPath}: it is a folder`, {
      where: '--output',
      remedy: 'name a file in it',
    });
  }
  const isFile = existing === undefined || existing.isFile();
  return { resultsPath, journalPath: isFile ? journalBeside(resultsPath) : undefined };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw fileFault('write', path, cause);
  }
}

/** "results/runs/x.json" has its journal in "results/runs/x.ndjson". */
function journalBeside(resultsPath: string): string {
  return join(dirname(resultsPath), `${basename(resultsPath).replace(/\.json$/, '')}.ndjson`);
}

/** The journal that a user means: itself, or the results file beside it. Throws UserError. */
export function journalOf(given: string): string {
  if (!given.endsWith('.json')) return given;
  const journal = journalBeside(given);
  if (statOf(journal) !== undefined) return journal;
  throw new UserError(`${given} has no journal (${basename(journal)}) beside it`, {
    where: '--resume',
    remedy: 'a run that is complete has none; to measure again, start a new run',
  });
}

/** Where the results of a resumed run go, unless the user says otherwise. */
export function resultsBeside(journalPath: string): string {
  return join(dirname(journalPath), `${basename(journalPath).replace(/\.ndjson$/, '')}.json`);
}
