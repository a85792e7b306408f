import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from './terminal.js';

/**
 * The path of a program, as a shell finds it; undefined where there is none.
 *
 * @param further folders that are looked at behind those of PATH
 */
export function findInPath(
  name: string,
  environment: Environment,
  further: readonly string[] = [],
): string | undefined {
  return [...(environment['PATH'] ?? '').split(delimiter), ...further]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Whether a path is that of a file that may be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
