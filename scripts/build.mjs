// Compiles the project into dist/. Does nothing where there is no compiler to be had, as in an installed package,
// which carries its dist/ with it.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
let tsc;
try {
  tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
} catch {
  if (existsSync(join(root, 'dist'))) process.exit(0);
  console.error('interdom: no TypeScript compiler and no dist/: run `npm ci` first');
  process.exit(1);
}
if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')], {
  stdio: 'inherit',
});
// An installed package has no git: it says from which commit it comes.
const git = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
if (git.status === 0) writeFileSync(join(root, 'dist', 'commit.txt'), git.stdout);
process.exit(status ?? 1);
