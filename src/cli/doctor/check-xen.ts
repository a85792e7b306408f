import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatBytes, GIB, MIB } from '../../base/units.js';
import { REQUIREMENTS } from '../../testbed/xen/image/packages.js';
import { findInPath } from '../find-in-path.js';
import type { Environment } from '../terminal.js';
import { xenFolders } from '../xen/folders.js';
import type { Finding } from './checks.js';

/** What the cache takes at most, with two images and machines. */
const ROOM_BYTES = 2 * GIB;

/** What real Xen needs here: what must be installed, what is fetched when it is first used, and what is there already. */
export function checkXen(packages: string[], environment: Environment): Finding[] {
  return [checkParts(packages, environment), checkCache(environment), checkHost()];
}

function checkParts(packages: string[], environment: Environment): Finding {
  const what = 'testbed xen';
  const missing = REQUIREMENTS.filter(({ files }) => !files.every((file) => existsSync(file)));
  const toInstall = missing.filter(({ unpackable }) => !unpackable);
  const toFetch = missing.filter(({ unpackable }) => unpackable);
  packages.push(...toInstall.map((one) => one.package));
  const isThere = (name: string): boolean => findInPath(name, environment) !== undefined;
  if (toFetch.length > 0 && !(isThere('apt-get') && isThere('dpkg-deb'))) {
    return {
      what,
      state: 'missing',
      detail: 'takes its parts from Debian packages: use Debian 12',
    };
  }
  const parts = [
    ...toInstall.map((one) => `${one.purpose} (${one.package}) is missing`),
    ...(toFetch.length === 0
      ? []
      : [
          `fetched when first used, not installed: ${toFetch.map((one) => one.package).join(', ')}`,
        ]),
  ];
  if (parts.length === 0) parts.push('all that it needs is installed');
  return { what, state: toInstall.length === 0 ? 'ok' : 'missing', detail: parts.join('; ') };
}

function checkCache(environment: Environment): Finding {
  const what = 'cache of xen';
  const { cacheDirectory } = xenFolders(undefined, environment);
  const names = existsSync(cacheDirectory) ? readdirSync(cacheDirectory) : [];
  const machines = names.filter((name) => name.startsWith('machine-'));
  const room = freeBytes(cacheDirectory);
  if (machines.length === 0 && room < ROOM_BYTES) {
    const detail = `${cacheDirectory}: ${inMib(room)} free, and ${formatBytes(ROOM_BYTES)} are needed`;
    return { what, state: 'missing', detail };
  }
  const detail =
    machines.length === 0
      ? 'empty: the first run takes a minute or two longer, or now: interdom xen prepare'
      : `${machines.length} machines saved, ${inMib(sizeOf(cacheDirectory, machines))}`;
  return { what, state: 'ok', detail: `${detail} (${cacheDirectory})` };
}

function inMib(bytes: number): string {
  return formatBytes(Math.round(bytes / MIB) * MIB);
}

/** Free bytes where a folder is or will be. */
function freeBytes(folder: string): number {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  return bavail * bsize;
}

function sizeOf(folder: string, machines: readonly string[]): number {
  const states = machines.map((name) => join(folder, name, 'state')).filter(existsSync);
  return states.reduce((sum, file) => sum + statSync(file).size, 0);
}

function checkHost(): Finding {
  let capabilities = '';
  try {
    capabilities = readFileSync('/proc/xen/capabilities', 'utf8');
  } catch {
    // no Xen below this system
  }
  return {
    what: 'Xen host',
    state: 'ok',
    detail: capabilities.includes('control_d')
      ? 'this is dom0: --testbed xen --on host measures real times here'
      : 'this is no dom0: real Xen runs in an emulated machine, where counts are exact and times mean nothing',
  };
}
