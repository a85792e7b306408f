// Writes what `interdom validate` says into docs/cost-model.md, between its markers.
//
//     node scripts/validation-table.mjs           after a change of the model or the recorded counts (build first)
//     node scripts/validation-table.mjs --check   exit 1 where the text is not up to date
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { standingValidation } from '../dist/src/cli/validate/standing-validation.js';
import { validationMarkdown } from '../dist/src/report/validation/render-validation.js';

const document = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'cost-model.md');
const BEGIN = '<!-- validation: written by scripts/validation-table.mjs -->';
const END = '<!-- end of validation -->';

const text = readFileSync(document, 'utf8');
const from = text.indexOf(BEGIN);
const to = text.indexOf(END);
if (from < 0 || to < from) throw new Error(`${document} has not the markers ${BEGIN} and ${END}`);
const table = validationMarkdown(await standingValidation(), { all: false, details: false });
const updated = `${text.slice(0, from + BEGIN.length)}\n\n${table}\n${text.slice(to)}`;
if (process.argv.includes('--check')) {
  if (updated !== text) {
    console.error('docs/cost-model.md is not up to date: node scripts/validation-table.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(document, updated);
}
