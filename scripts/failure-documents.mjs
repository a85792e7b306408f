// Writes into docs/failure.md what becomes of everything that breaks, and into docs/claims.md the answer sheet, as the
// program says today, at forty draws of the prices too. Takes ten minutes and more; build first.
//
//     node scripts/failure-documents.mjs [FOLDER]
//
// A folder keeps the results files; those that are in it already are not measured again.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writtenDocuments } from '../dist/test/failure/documents.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kept = process.argv[2];
const folder =
  kept === undefined ? mkdtempSync(join(tmpdir(), 'interdom-documents-')) : resolve(kept);
try {
  mkdirSync(folder, { recursive: true });
  for (const [path, page] of await writtenDocuments(folder, root, true)) {
    writeFileSync(join(root, path), page);
  }
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}
