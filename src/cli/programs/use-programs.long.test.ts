import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ResultsFile } from '../../results/types.js';
import { findProgramOrServer } from './trial.js';
import { TRIALS } from './trials.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

function use(name: string, environment: NodeJS.ProcessEnv): ResultsFile {
  const folder = mkdtempSync(join(tmpdir(), 'interdom-programs-'));
  try {
    const output = join(folder, 'programs.json');
    spawnSync(process.execPath, [MAIN, 'programs', name, '-o', output], { env: environment });
    return JSON.parse(readFileSync(output, 'utf8')) as ResultsFile;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('interdom programs', () => {
  for (const { name, needs, packages, summary } of TRIALS) {
    const missing = needs.filter((one) => findProgramOrServer(one, process.env) === undefined);
    const skip = missing.length > 0 && `no ${missing.join(', ')}: install ${packages.join(' ')}`;
    it(`${name} works over each transport: ${summary}`, { skip }, (test) => {
      const { cells } = use(name, process.env);
      assert.equal(cells.length, 3);
      const [reason] = cells.flatMap((cell) => (cell.verdict === 'skipped' ? [cell.reason] : []));
      if (reason !== undefined) {
        test.skip(reason);
        return;
      }
      for (const { transport, outcome, metrics } of cells) {
        assert.equal(outcome?.['works'], true, `${transport}: ${outcome?.['why']}`);
        assert.ok((metrics['entriesPerMessage']?.value ?? 0) > 0, transport);
      }
    });
  }

  it('says what is not there', () => {
    const { cells } = use('http', { PATH: '/nonexistent' });
    assert.deepEqual([...new Set(cells.map(({ verdict }) => verdict))], ['skipped']);
    assert.match(String(cells[0]?.reason), /curl is not there: install curl/);
  });
});
