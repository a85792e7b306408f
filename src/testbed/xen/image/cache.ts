import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../base/errors.js';

/** That nothing more fits into the cache. */
export function fullDisk(what: string, where: string, cause?: unknown): UserError {
  const remedy = 'free about 1 GiB, or choose another cache folder (--xen-cache)';
  return new UserError(what, { where, remedy, ...(cause === undefined ? {} : { cause }) });
}

/** A full disk deserves its own words, whoever met it - this program, tar or a compiler; other faults pass as they are. */
export function cacheFault(error: unknown, where: string): unknown {
  const text =
    error instanceof Error ? `${error.message} ${(error as NodeJS.ErrnoException).code ?? ''}` : '';
  if (!/ENOSPC|EDQUOT|No space left|quota exceeded/i.test(text)) return error;
  return fullDisk('the disk is full', where, error);
}

/** Folder of a cache into which packages are unpacked. */
export const PACKAGES = 'packages';

/** A part of an unpacked package that is no good is fetched again where its package is gone; other faults pass as they are. */
export function packageFault(error: unknown, cacheDirectory: string): unknown {
  if (!(error instanceof UserError) || error.where === undefined) return error;
  const packages = join(cacheDirectory, PACKAGES);
  if (!error.where.startsWith(packages)) return error;
  const [name = ''] = error.where.slice(packages.length + 1).split('/');
  const remedy = `remove ${join(packages, name)}: it is fetched again`;
  return new UserError(error.message, { where: error.where, remedy, cause: error });
}

/** File whose date says when an entry of the cache was used last. The file system sets it: no clock is read. */
export const USED_FILE = 'used';

/** Marks an entry of the cache as used now. A cache that cannot be written serves all the same. */
export async function markUsed(entry: string): Promise<void> {
  await writeFile(join(entry, USED_FILE), 'used\n').catch(() => undefined);
}

/** What is being built longer than this was left behind by a process that was killed. */
const LONGEST_BUILD_MS = 3_600_000;

/**
 * Removes the entries with this prefix that were longest unused, beyond so many, and what a killed process left half
 * built. A saved machine has 300 MB, and each change of the agent makes new ones.
 */
export async function pruneCache(directory: string, prefix: string, keep: number): Promise<void> {
  const all = await readdir(directory);
  const names = all.filter((name) => name.startsWith(prefix));
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
  // The entry that was used last was used just now, by whoever asks for this.
  const nowMs = entries[0]?.usedMs ?? 0;
  for (const name of all.filter((one) => one.startsWith(`.${prefix}`))) {
    const begun = await stat(join(directory, name)).catch(() => undefined);
    if (begun === undefined || nowMs - begun.mtimeMs < LONGEST_BUILD_MS) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Moves a finished entry to its place in the cache, at once or not at all. Where another process was quicker, its entry
 * stays: somebody may be using it.
 * @param isThere whether a sound entry is in that place
 */
export async function putInPlace(
  work: string,
  place: string,
  isThere: () => Promise<boolean>,
): Promise<void> {
  if (await isThere()) return;
  await rm(place, { recursive: true, force: true });
  try {
    await rename(work, place);
  } catch (error) {
    if (!(await isThere())) throw error;
  }
}
