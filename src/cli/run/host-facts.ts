import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { HostFacts } from '../../results/provenance.js';

/** Folder of package.json: this file lies in dist/src/cli/run. */
const ROOT = new URL('../../../../', import.meta.url);

/** What the operating system says of this machine. */
export function hostFacts(): HostFacts {
  return {
    nodeVersion: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    cpuModels: cpus().map(({ model }) => model),
    memoryBytes: totalmem(),
  };
}

/**
 * The commit of the program: from git in a checkout, with "-dirty" where tracked files differ from
 * it; from a file that the build left, in a package; else empty.
 */
export function programCommit(): string {
  const checkout = fileURLToPath(ROOT);
  if (existsSync(new URL('.git', ROOT))) {
    const commit = git(checkout, 'rev-parse', 'HEAD');
    if (commit !== undefined) {
      const changes = git(checkout, 'status', '--porcelain', '--untracked-files=no');
      return commit + (changes === undefined || changes === '' ? '' : '-dirty');
    }
  }
  try {
    return readFileSync(new URL('dist/commit.txt', ROOT), 'utf8').trim();
  } catch {
    return '';
  }
}

/** What git prints; undefined where there is no git, or no repository. */
function git(folder: string, ...words: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', ['--no-optional-locks', '-C', folder, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
  return status === 0 ? stdout.trim() : undefined;
}
