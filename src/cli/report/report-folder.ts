import { join } from 'node:path';
import type { ResultsFile } from '../../results/types.js';

/** Reports go here, seen from the current folder, unless the user says otherwise. */
const REPORTS_FOLDER = join('reports', 'out');
const LONGEST_NAME = 200;

/** The folder for a report of these runs. Ids come out of files, and must not lead out of it. */
export function reportFolder(results: readonly ResultsFile[]): string {
  const names = results.map(({ run }) => run.id.replace(/[^\w.-]+/g, '_').replace(/^\.+/, '_'));
  return join(REPORTS_FOLDER, names.join('+').slice(0, LONGEST_NAME));
}
