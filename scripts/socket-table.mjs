// Writes the table of docs/sockets.md from the rows that the test carries out: node scripts/socket-table.mjs, after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { semanticsTable } from '../dist/src/sockets/semantics.js';

const file = new URL('../docs/sockets.md', import.meta.url);
const text = readFileSync(file, 'utf8');
writeFileSync(
  file,
  text.replace(/(@TABLE@|\| situation \| TCP[\s\S]*?\n)(?=\n)/, (found) =>
    found === '@TABLE@' ? semanticsTable() : `${semanticsTable()}\n`,
  ),
);
