import { readFileSync } from 'node:fs';
import { UserError } from '../../base/errors.js';
import { type Side, sideOfResults } from '../../judge/gate/side.js';
import type { ResultsFile } from '../../results/types.js';
import { readRuns } from '../find-runs.js';
import { refuseOtherSchema } from './reference.js';

/** A run that is to be judged. */
export interface JudgedRun {
  readonly results: ResultsFile;
  readonly side: Side;
}

/**
 * Reads the run that a user names. Throws UserError, and OtherSchema where the file is sound but of
 * another version.
 */
export async function readJudgedRun(name: string, withHarness: boolean): Promise<JudgedRun> {
  try {
    const [results] = (await readRuns([name])) as [ResultsFile];
    return { results, side: sideOfResults(name, results, withHarness) };
  } catch (error) {
    if (error instanceof UserError && name !== 'latest') refuseOtherSchema(parsed(name), name);
    throw error;
  }
}

/** The document of a file that was refused, if it is one at all. */
function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
