import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { readResultsFile } from '../results/store.js';
import type { ResultsFile } from '../results/types.js';
import { RUNS_FOLDER } from './run/destination.js';

/** Results files under the usual folder, oldest first: their names begin with the time. */
export function knownRuns(): readonly string[] {
  try {
    return readdirSync(RUNS_FOLDER)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(RUNS_FOLDER, name));
  } catch {
    return [];
  }
}

/** Reads the results files that the user names. Throws UserError. */
export async function readRuns(names: readonly string[]): Promise<readonly ResultsFile[]> {
  const results: ResultsFile[] = [];
  for (const name of names) results.push(await readResultsFile(pathOf(name)));
  return results;
}

function pathOf(name: string): string {
  if (name !== 'latest') return name;
  const newest = knownRuns().at(-1);
  if (newest !== undefined) return newest;
  throw new UserError(`there is no run under ${RUNS_FOLDER}`, {
    where: 'latest',
    remedy: 'start one with interdom run, or name a results file',
  });
}
