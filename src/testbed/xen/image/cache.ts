import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** File whose date says when an entry of the cache was used last. The file system sets it: no clock is read. */
export const USED_FILE = 'used';

/** Marks an entry of the cache as used now. A cache that cannot be written serves all the same. */
export async function markUsed(entry: string): Promise<void> {
  await writeFile(join(entry, USED_FILE), 'used\n').catch(() => undefined);
}

/**
 * Removes the entries with this prefix that were longest unused, beyond so many. A saved machine has 300 MB, and each
 * change of the agent makes new ones.
 */
export async function pruneCache(directory: string, prefix: string, keep: number): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix));
  const entries = await Promise.all(
    names.map(async (name) => {
      const used = await stat(join(directory, name, USED_FILE)).catch(() => undefined);
      return { name, usedMs: used?.mtimeMs ?? 0 };
    }),
  );
  entries.sort((a, b) => b.usedMs - a.usedMs || (a.name < b.name ? -1 : 1));
  for (const { name } of entries.slice(keep)) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}
