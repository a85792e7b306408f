// Writes what `interdom validate` says into docs/cost-model.md (counts) and docs/failure.md (what breaks), between markers,
// and into docs/claims.md what that means for the claims.
//
//     node scripts/validation-table.mjs           after a change of the model or of what was recorded (build first)
//     node scripts/validation-table.mjs --check   exit 1 where a text is not up to date
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  standingClaims,
  standingOutcomes,
  standingValidation,
} from '../dist/src/cli/validate/standing-validation.js';
import { claimsOnRealXen } from '../dist/src/report/claims/claims-on-real-xen.js';
import {
  outcomesMarkdown,
  validationMarkdown,
} from '../dist/src/report/validation/render-validation.js';

// A word that is not known is refused: nothing is written then.
const { check: checks } = parseArgs({ options: { check: { type: 'boolean' } } }).values;

const BEGIN = '<!-- validation: written by scripts/validation-table.mjs -->';
const END = '<!-- end of validation -->';
const documents = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');

put(
  'cost-model.md',
  validationMarkdown(await standingValidation(), { all: false, details: false }),
);
put('failure.md', outcomesMarkdown(await standingOutcomes()));
const { model, both } = await standingClaims();
put('claims.md', `${claimsOnRealXen(model, both)}\n`);

function put(name, table) {
  const document = join(documents, name);
  const text = readFileSync(document, 'utf8');
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${document} has not the markers ${BEGIN} and ${END}`);
  const updated = `${text.slice(0, from + BEGIN.length)}\n\n${table}\n${text.slice(to)}`;
  if (updated === text) return;
  if (checks) {
    console.error(`docs/${name} is not up to date: node scripts/validation-table.mjs`);
    process.exitCode = 1;
  } else {
    writeFileSync(document, updated);
  }
}
