// Runs the tests: node scripts/test.mjs [--long | --xen | --all] [part of a path ...]
//
// Without an option: the tests that need nothing and take no time. `--long` runs the others: *.long.test.js,
// *.browser.test.js and *.xen.test.js, of which those skip, and say so, that need what this machine has not. `--xen` runs
// *.xen.test.js alone. Fails when a test fails, and when none ran: silence must not look like success.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const CONCURRENCY = 2;
const KINDS = ['long', 'browser', 'xen'];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const options = process.argv.slice(2).filter((word) => word.startsWith('-'));
const parts = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = options.find((option) => !['--long', '--xen', '--all'].includes(option));
if (unknown !== undefined) fail(`${unknown} is not known: say --long, --xen or --all`);

if (!existsSync(dist)) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const files = readdirSync(dist, { recursive: true })
  .filter((path) => path.endsWith('.test.js') && isWanted(path))
  .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
  // A compiled test whose source is gone has been renamed or removed.
  .filter((path) => existsSync(join(root, path.replace(/\.js$/, '.ts'))))
  .sort(wholeProgramFirst)
  .map((path) => join(dist, path));
if (files.length === 0) fail('no test file was found');

let passed = 0;
let failed = 0;
let broken = false;
const skipped = [];
const results = run({ files, concurrency: CONCURRENCY });
results.on('test:pass', (test) => {
  if (!isTest(test)) return;
  if (test.skip === undefined) passed++;
  else skipped.push(`${test.name}${typeof test.skip === 'string' ? `: ${test.skip}` : ''}`);
});
results.on('test:fail', (test) => {
  if (test.todo !== undefined) return;
  broken = true;
  if (test.details.type !== 'suite') failed++;
});
// The reporter's "end" comes after the last event.
results.compose(new spec()).on('end', report).pipe(process.stdout);

function report() {
  for (const test of skipped) process.stderr.write(`SKIPPED ${test}\n`);
  process.stderr.write(
    `${files.length} files: ${passed} passed, ${failed} failed, ${skipped.length} skipped\n`,
  );
  if (broken) process.exitCode = 1;
  else if (passed + skipped.length === 0) fail('no test ran');
}

function isWanted(path) {
  const kind = KINDS.find((one) => path.endsWith(`.${one}.test.js`));
  if (options.includes('--all')) return true;
  if (options.includes('--xen')) return kind === 'xen';
  if (options.includes('--long')) return kind !== undefined;
  return kind === undefined;
}

/** They take longest: begun last, one of them would run alone at the end. */
function wholeProgramFirst(a, b) {
  const rank = (path) => (path.startsWith('test') ? 0 : 1);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** Not a suite, and not the file itself, which counts as a test where it has none. */
function isTest(test) {
  return test.details.type !== 'suite' && !files.includes(test.name);
}

function fail(why) {
  process.stderr.write(`test: ${why}\n`);
  process.exit(1);
}
