import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../terminal.js';

/** Folder of package.json: this file lies in dist/src/cli/xen. */
const ROOT = new URL('../../../../', import.meta.url);

/** Where the Xen testbed keeps what it boots from, and finds what it compiles. */
export interface XenFolders {
  readonly cacheDirectory: string;
  readonly guestSourceDirectory: string;
  readonly temporaryDirectory: string;
}

/** @param cache what the user says; else the XDG cache folder */
export function xenFolders(cache: string | undefined, environment: Environment): XenFolders {
  const base = environment['XDG_CACHE_HOME'];
  const usual = base === undefined || base === '' ? join(homedir(), '.cache') : base;
  return {
    cacheDirectory: cache ?? join(usual, 'interdom', 'xen'),
    guestSourceDirectory: fileURLToPath(new URL('guest', ROOT)),
    temporaryDirectory: tmpdir(),
  };
}

/** The folder with recorded counts and published figures. */
export function referenceFolder(): string {
  return fileURLToPath(new URL('results/reference', ROOT));
}
