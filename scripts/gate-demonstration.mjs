// Writes the output of the demonstrations of the gate into the pages that show them. Build first.
//
//     node scripts/gate-demonstration.mjs
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demonstrate, PAGES, withOutputs } from '../dist/test/gate/demonstration.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'interdom-demonstration-'));
try {
  for (const page of PAGES) {
    const path = join(root, page);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, withOutputs(text, await demonstrate(text, folder)));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
