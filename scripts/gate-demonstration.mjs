// Writes the output of the demonstrations of docs/gate.md into the page. Build first.
//
//     node scripts/gate-demonstration.mjs
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demonstrate, withOutputs } from '../dist/test/gate/demonstration.js';

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'gate.md');
const page = readFileSync(path, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'interdom-demonstration-'));
try {
  writeFileSync(path, withOutputs(page, await demonstrate(page, folder)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
