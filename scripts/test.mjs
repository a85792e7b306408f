// Runs the tests: node scripts/test.mjs [--long | --xen | --all] [part of a path ...]
//
// Without an option: the tests that need nothing and take no time. `--long` runs the others: *.long.test.js,
// *.browser.test.js and *.xen.test.js, of which those skip, and say so, that need what this machine has not, and once
// more *.property.test.js with many times their runs and with other cases. `--xen` runs *.xen.test.js alone. Names each test where a part of a
// path is given or the run is a long one, else only those that fail or skip. Fails when a test fails, and when none ran:
// silence must not look like success.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A test of real Xen keeps all cores busy by itself. */
const CONCURRENCY = process.argv.includes('--xen') ? 1 : 2;
/** Test files beside the code share this many processes: starting one takes longer than most of their tests. */
const SHARED_PROCESSES = 8;
const KINDS = ['long', 'browser', 'xen'];
/** How many times the runs of `npm test` a property has in the long run. */
const PROPERTY_TIMES = 20;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const options = process.argv.slice(2).filter((word) => word.startsWith('-'));
const parts = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = options.find((option) => !['--long', '--xen', '--all'].includes(option));
if (unknown !== undefined) fail(`${unknown} is not known: say --long, --xen or --all`);
const isLong = options.includes('--long') || options.includes('--all');
if (isLong) {
  process.env.INTERDOM_PROPERTY_TIMES ??= String(PROPERTY_TIMES);
  process.env.INTERDOM_PROPERTY_SEED ??= String(randomInt(2 ** 31));
  const { INTERDOM_PROPERTY_SEED: seed } = process.env;
  process.stderr.write(
    `Cases of the properties: INTERDOM_PROPERTY_SEED=${seed} gives the same again.\n`,
  );
}

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
  .sort();
if (files.length === 0) fail('no test file was found');
const folder = mkdtempSync(join(tmpdir(), 'interdom-test-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const start = performance.now();
let passed = 0;
let failed = 0;
let broken = false;
const skipped = [];
const processes = processFiles();
const results = run({ files: processes, concurrency: CONCURRENCY });
results.on('test:pass', (test) => {
  if (!isTest(test)) return;
  if (test.skip === undefined) passed++;
  else skipped.push(`${test.name}${typeof test.skip === 'string' ? `: ${test.skip}` : ''}`);
  if (process.stderr.isTTY && !namesEach()) process.stderr.write(`\r${passed} tests passed`);
});
results.on('test:fail', (test) => {
  if (test.todo !== undefined) return;
  broken = true;
  if (test.details.type !== 'suite') failed++;
});
// The reporter's "end" comes after the last event.
results.compose(wanted).compose(new spec()).on('end', report).pipe(process.stdout);

function report() {
  if (process.stderr.isTTY && !namesEach()) process.stderr.write('\r');
  for (const test of skipped) process.stderr.write(`SKIPPED ${test}\n`);
  const seconds = Math.round((performance.now() - start) / 1000);
  process.stderr.write(
    `${files.length} files: ${passed} passed, ${failed} failed, ${skipped.length} skipped, in ${seconds} s\n`,
  );
  if (broken) process.exitCode = 1;
  else if (passed + skipped.length === 0) fail('no test ran');
}

/** What the reporter is to show: without the counts, which `report` gives. */
async function* wanted(events) {
  for await (const event of events) {
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) continue;
    if (namesEach() || event.type === 'test:fail' || event.type === 'test:stderr') yield event;
  }
}

function namesEach() {
  return parts.length > 0 || isLong || options.includes('--xen');
}

function isWanted(path) {
  const kind = KINDS.find((one) => path.endsWith(`.${one}.test.js`));
  if (options.includes('--all')) return true;
  if (options.includes('--xen')) return kind === 'xen';
  if (options.includes('--long')) return kind !== undefined || path.endsWith('.property.test.js');
  return kind === undefined;
}

/**
 * The files that are begun as processes. Whole programs first, which take longest: begun last, one of them would run alone
 * at the end. The tests beside the code follow, many to a process: a file that imports them.
 */
function processFiles() {
  const small = namesEach() ? [] : files.filter((path) => !path.startsWith('test'));
  const own = files.filter((path) => !small.includes(path)).map((path) => join(dist, path));
  const shared = Array.from({ length: SHARED_PROCESSES }, (_, i) =>
    small.filter((_path, place) => place % SHARED_PROCESSES === i),
  ).filter((group) => group.length > 0);
  const groups = shared.map((group, i) => {
    const path = join(folder, `${i + 1}.test.mjs`);
    const imports = group.map((one) => `import '${pathToFileURL(join(dist, one))}';\n`);
    writeFileSync(path, imports.join(''));
    return path;
  });
  return [...own, ...groups];
}

/** Not a suite, and not the file itself, which counts as a test where it has none. */
function isTest(test) {
  return test.details.type !== 'suite' && !processes.includes(test.name);
}

function fail(why) {
  process.stderr.write(`test: ${why}\n`);
  process.exit(1);
}
