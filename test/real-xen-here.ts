import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installLine, REQUIREMENTS } from '../src/testbed/xen/image/packages.js';
import type { XenTestbedOptions } from '../src/testbed/xen/xen-testbed.js';

export const ROOT = join(fileURLToPath(import.meta.url), '../../..');

const missing = REQUIREMENTS.filter(
  ({ unpackable, files }) => !unpackable && !files.every((file) => existsSync(file)),
).map((requirement) => requirement.package);

/** Why real Xen cannot be booted here; false where it can. */
export const SKIP = missing.length > 0 ? `not installed: run ${installLine(missing)}` : false;
if (SKIP !== false) process.stderr.write(`SKIPPED real Xen: ${SKIP}\n`);

export const OPTIONS: XenTestbedOptions = {
  cacheDirectory:
    process.env['INTERDOM_XEN_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'interdom', 'xen'),
  guestSourceDirectory: join(ROOT, 'guest'),
  temporaryDirectory: tmpdir(),
  machines: 2,
};
