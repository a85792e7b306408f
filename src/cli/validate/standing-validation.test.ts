import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import type { Validation } from '../../judge/validation/validation.js';
import { validationMarkdown } from '../../report/validation/render-validation.js';
import { standingValidation } from './standing-validation.js';

const ROOT = new URL('../../../../', import.meta.url);

describe('the model against all that was recorded', () => {
  let validation: Validation;
  before(async () => {
    validation = await standingValidation();
  });

  it('holds, in more than forty cells of every transport with guests of both types', () => {
    const { summary, rows } = validation;
    const outside = rows.filter(({ verdict, detail }) => verdict === 'outside' && !detail);
    assert.deepEqual(
      outside.map(
        ({ cell, label, model, recorded }) => `${cell}: ${label} ${model}, not ${recorded}`,
      ),
      [],
    );
    assert.ok(summary.holds);
    assert.ok(summary.cells >= 40);
    assert.equal(summary.groups.length, 6);
  });

  it('leaves little out, and never without a reason', () => {
    const left = validation.rows.filter(({ verdict }) => verdict === 'not compared');
    assert.ok(left.every(({ reason }) => (reason ?? '').length > 20));
    assert.ok(validation.summary.notCompared < validation.summary.compared / 10);
  });

  it('is what docs/cost-model.md says (node scripts/validation-table.mjs writes it)', () => {
    const text = readFileSync(new URL('docs/cost-model.md', ROOT), 'utf8');
    const shown = validationMarkdown(validation, { all: false, details: false });
    assert.ok(text.includes(`\n${shown}\n`), 'docs/cost-model.md is not up to date');
  });
});
