import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { neededLibraries } from './elf.js';

const LIBRARY_FOLDERS = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'lib64', 'usr/lib64'];

/** The dynamic linker: asked for by address, not by DT_NEEDED, so it is named here. */
export const DYNAMIC_LINKER = 'ld-linux-x86-64.so.2';

export interface LibrarySearch {
  /** Library name -> file. */
  readonly found: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
}

/**
 * Finds the shared libraries that programs need, and those that these need. Does what ldd does, without running the
 * programs, and in several roots.
 * @param extra libraries that are loaded by name at run time
 */
export async function findLibraries(
  programs: readonly string[],
  extra: readonly string[],
  roots: readonly string[],
): Promise<LibrarySearch> {
  const found = new Map<string, string>();
  const missing = new Set<string>();
  const pending = [DYNAMIC_LINKER, ...extra];
  for (const program of programs)
    pending.push(...neededLibraries(await readFile(program), program));
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name) || missing.has(name)) continue;
    const file = findFile(name, roots);
    if (file === undefined) {
      missing.add(name);
      continue;
    }
    found.set(name, await realpath(file));
    pending.push(...neededLibraries(await readFile(file), file));
  }
  return { found, missing: [...missing].sort() };
}

function findFile(name: string, roots: readonly string[]): string | undefined {
  for (const root of roots) {
    for (const folder of LIBRARY_FOLDERS) {
      const candidate = join(root, folder, basename(name));
      if (existsSync(candidate)) return candidate;
    }
  }
  return undefined;
}
