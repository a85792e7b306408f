import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Whether a program of that name can be started. */
export function onPath(path: readonly string[], name: string): boolean {
  return path.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
