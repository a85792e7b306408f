import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import type { Validation } from '../../judge/validation/validation.js';
import { claimsOnRealXen } from '../../report/claims/claims-on-real-xen.js';
import { outcomesMarkdown } from '../../report/validation/render-validation.js';
import { standingClaims, standingOutcomes } from './standing-validation.js';

const ROOT = new URL('../../../../', import.meta.url);

describe('what breaks, in the model and in all recorded cells of real Xen', () => {
  let validation: Validation;
  before(async () => {
    validation = await standingOutcomes();
  });

  it('agrees, or is explained', () => {
    const { outcomes, summary } = validation;
    assert.deepEqual(
      outcomes.filter(({ verdict }) => verdict === 'differs' || verdict === 'not compared'),
      [],
    );
    assert.ok(summary.holds && summary.outcomes.cells >= 72);
  });

  it('is what docs/failure.md says (node scripts/validation-table.mjs writes it)', () => {
    const text = readFileSync(new URL('docs/failure.md', ROOT), 'utf8');
    const shown = outcomesMarkdown(validation);
    assert.ok(text.includes(`\n${shown}\n`), 'docs/failure.md is not up to date');
  });

  it('answers the claims alike on both sides, as docs/claims.md says', async () => {
    const { model, both } = await standingClaims();
    const answers = new Map(model.answers.map(({ id, parts }) => [id, parts]));
    const real = both.answers.flatMap(({ id, onRealXen }) =>
      onRealXen.map(({ label, verdict }) => ({ id, label, verdict })),
    );
    assert.ok(real.length >= 18);
    assert.deepEqual(
      real.map(({ id, label }) => ({
        id,
        label,
        verdict: answers.get(id)?.find((part) => part.label === label)?.verdict,
      })),
      real,
    );
    const text = readFileSync(new URL('docs/claims.md', ROOT), 'utf8');
    const shown = claimsOnRealXen(model, both);
    assert.ok(text.includes(`\n${shown}\n`), 'docs/claims.md is not up to date');
  });
});
