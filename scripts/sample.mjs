// Makes the committed sample anew: results/sample/quick.json, reports/sample/, and the table in README.md.
// node scripts/sample.mjs            runs the quick suite and draws its report
// node scripts/sample.mjs --check    says whether the committed sample is what the program makes today; writes nothing
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// A word that is not known is refused: nothing is written then.
const { check: checks } = parseArgs({ options: { check: { type: 'boolean' } } }).values;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'dist', 'src', 'cli', 'main.js');
// Relative to the root, in which the program runs: no path of this machine goes into the sample.
const run = 'results/sample/quick.json';
const report = 'reports/sample';
const readme = join(root, 'README.md');
const BEGIN = '<!-- sample: written by scripts/sample.mjs -->';
const END = '<!-- end of sample -->';

const { renderRunSummary } = await import(join(root, 'dist/src/report/render-run-summary.js'));

if (checks) check();
else make();

function make() {
  interdom('run', '--suite', 'quick', '--no-harness', '--quiet', '--no-progress', '--output', run);
  rmSync(join(root, report), { recursive: true, force: true });
  interdom('report', run, '--out', report);
  writeFileSync(readme, withSample(readFileSync(readme, 'utf8')));
}

function check() {
  const folder = mkdtempSync(join(tmpdir(), 'interdom-sample-'));
  const stale = [];
  try {
    const fresh = join(folder, 'quick.json');
    interdom(
      'run',
      '--suite',
      'quick',
      '--no-harness',
      '--quiet',
      '--no-progress',
      '--output',
      fresh,
    );
    if (cells(fresh) !== cells(join(root, run))) stale.push('results/sample/quick.json');
    interdom('report', run, '--out', join(folder, 'report'));
    for (const name of readdirSync(join(folder, 'report'))) {
      // Letters are drawn by the same code everywhere, but not every processor rounds a curve alike.
      if (name.endsWith('.png')) continue;
      const made = readFileSync(join(folder, 'report', name), 'utf8');
      if (withoutPictures(made) !== withoutPictures(read(join(root, report, name)))) {
        stale.push(`reports/sample/${name}`);
      }
    }
    const text = readFileSync(readme, 'utf8');
    if (withSample(text) !== text) stale.push('README.md');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const name of stale)
    console.error(`${name} is not what the program makes: node scripts/sample.mjs`);
  process.exitCode = stale.length === 0 ? 0 : 1;
}

function interdom(...words) {
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
    cwd: root,
  });
  if (status !== 0) throw new Error(`interdom ${words.join(' ')}: exit code ${status}\n${stderr}`);
}

function cells(path) {
  return JSON.stringify(JSON.parse(readFileSync(path, 'utf8')).cells);
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Pictures are embedded in the page as data: URLs. */
function withoutPictures(text) {
  return text.replace(/data:image\/png;base64,[A-Za-z0-9+/=]+/g, '');
}

function withSample(text) {
  const table = renderRunSummary(JSON.parse(readFileSync(join(root, run), 'utf8')), {
    width: 110,
    colour: false,
  });
  const before = text.indexOf(BEGIN);
  const after = text.indexOf(END);
  if (before < 0 || after < before) throw new Error('README.md has lost the markers of its sample');
  const shown = table.slice(0, table.indexOf('What a message costs there'));
  const trimmed = shown
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
  return `${text.slice(0, before + BEGIN.length)}\n\n\`\`\`text\n${trimmed}\n\`\`\`\n\n${text.slice(after)}`;
}
