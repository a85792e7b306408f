import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withoutDraws, writtenDocuments } from './documents.js';

const folder = mkdtempSync(join(tmpdir(), 'interdom-documents-'));
after(() => rmSync(folder, { recursive: true }));

it('docs/failure.md and docs/claims.md say what the program says, but for drawn prices (node scripts/failure-documents.mjs writes it)', async () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  for (const [path, page] of await writtenDocuments(folder, root, false)) {
    const committed = readFileSync(join(root, path), 'utf8');
    assert.equal(withoutDraws(committed), withoutDraws(page), path);
  }
});
