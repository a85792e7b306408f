// Writes into docs/failure.md what becomes of everything that breaks, and into docs/claims.md the answer sheet, as the
// program says today, at forty draws of the prices too. Takes ten minutes and more; build first.
//
//     node scripts/failure-documents.mjs
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writtenDocuments } from '../dist/test/failure/documents.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'interdom-documents-'));
try {
  for (const [path, page] of await writtenDocuments(folder, root, true)) {
    writeFileSync(join(root, path), page);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
