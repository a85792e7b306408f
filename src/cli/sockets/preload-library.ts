import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../base/errors.js';
import type { Environment } from '../terminal.js';

/** This file lies in dist/src/cli/sockets. */
const SOURCES = new URL('../../../../interpose/', import.meta.url);
const COMPILERS = ['gcc', 'cc'];
const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-fPIC', '-shared'];

/** The C compiler of this machine; undefined where there is none. */
export function findCompiler(): string | undefined {
  return COMPILERS.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Path of the preload library, which is compiled when it is first wanted and kept in the cache. Throws UserError. */
export function preloadLibrary(environment: Environment): string {
  const folder = fileURLToPath(SOURCES);
  const sources = readdirSync(folder)
    .filter((name) => /\.[ch]$/.test(name))
    .sort();
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const name of sources) hash.update(readFileSync(join(folder, name)));
  const cache = join(cacheFolder(environment), 'interpose');
  const library = join(cache, `interdom-${hash.digest('hex').slice(0, 16)}.so`);
  if (existsSync(library)) return library;
  const compiler = findCompiler();
  if (compiler === undefined) {
    throw new UserError('the preload library is compiled here, and there is no C compiler', {
      where: 'interdom exec',
      remedy: 'install gcc and libc6-dev; or use interdom tunnel, which needs none',
    });
  }
  mkdirSync(cache, { recursive: true });
  const units = sources.filter((name) => name.endsWith('.c')).map((name) => join(folder, name));
  const fresh = `${library}.${process.pid}`;
  const made = spawnSync(compiler, [...FLAGS, '-o', fresh, ...units, '-ldl'], { encoding: 'utf8' });
  if (made.status !== 0) {
    throw new UserError(`${compiler} cannot compile the preload library`, {
      where: folder,
      remedy: made.stderr.trim().split('\n').slice(0, 5).join('\n'),
    });
  }
  renameSync(fresh, library);
  return library;
}

function cacheFolder(environment: Environment): string {
  const base = environment['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'interdom');
}
