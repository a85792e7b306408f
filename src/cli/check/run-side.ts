import { type Side, sideOfResults } from '../../judge/gate/side.js';
import type { ResultsFile } from '../../results/types.js';
import { readRuns } from '../find-runs.js';

/** A run that is to be judged. */
export interface JudgedRun {
  readonly results: ResultsFile;
  readonly side: Side;
}

/** Reads the run that a user names. Throws UserError. */
export async function readJudgedRun(name: string, withHarness: boolean): Promise<JudgedRun> {
  const [results] = (await readRuns([name])) as [ResultsFile];
  return { results, side: sideOfResults(name, results, withHarness) };
}
