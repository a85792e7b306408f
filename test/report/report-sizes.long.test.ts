import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plausibleResults } from './plausible-results.js';

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'interdom-sizes-'));
after(() => rmSync(root, { recursive: true, force: true }));

interface Sizes {
  readonly cells: number;
  readonly page: number;
  readonly markdown: number;
  readonly csv: number;
  /** The most memory that the program had, bytes. */
  readonly memory: number;
}

/** Draws a report of so many profiles, each of 576 cells, in a process of its own. */
function reportOf(profiles: number): Sizes {
  const results = plausibleResults({
    profiles: Array.from({ length: profiles }, (_, i) => `profile-${i}`),
    guestTypes: ['pv', 'pvh'],
    noise: true,
  });
  const file = join(root, 'results.json');
  const out = join(root, `report-${profiles}`);
  writeFileSync(file, JSON.stringify(results));
  const script = `process.argv.splice(1, 0, ${JSON.stringify(PROGRAM)}); process.on('exit', () => process.stderr.write('maxRSS=' + process.resourceUsage().maxRSS)); import(${JSON.stringify(PROGRAM)});`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['-e', script, 'report', file, '--out', out, '--quiet'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const sizeOf = (name: string): number => statSync(join(out, name)).size;
  return {
    cells: results.cells.length,
    page: sizeOf('index.html'),
    markdown: readFileSync(join(out, 'report.md'), 'utf8').length,
    csv: sizeOf('cells.csv'),
    memory: Number(/maxRSS=(\d+)/.exec(stderr)?.[1]) * 1024,
  };
}

const MB = 1_000_000;
const said = ({ cells, page, csv, memory }: Sizes): string =>
  `${cells} cells: page ${(page / MB).toFixed(1)} MB, cells.csv ${(csv / MB).toFixed(1)} MB, memory ${(memory / MB).toFixed(0)} MB`;

test('as many cells as the full suite has take less than 500 MB of memory', (context) => {
  const sizes = reportOf(2);
  context.diagnostic(said(sizes));
  assert.ok(sizes.cells >= 1000);
  assert.ok(sizes.memory < 500 * MB, said(sizes));
});

for (const [profiles, least] of [
  [18, 10_000],
  [173, 99_000],
] as const) {
  test(`a report of ${least} cells and more has a page below 5 MB and Markdown below 60,000 characters`, (context) => {
    const sizes = reportOf(profiles);
    context.diagnostic(said(sizes));
    assert.ok(sizes.cells >= least);
    assert.ok(sizes.page < 5 * MB, said(sizes));
    assert.ok(sizes.markdown <= 60_000, said(sizes));
    assert.ok(sizes.csv > sizes.cells * 1000, said(sizes));
  });
}
