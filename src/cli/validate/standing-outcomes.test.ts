import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRecorded } from './reference-files.js';
import { standingOutcomes } from './standing-validation.js';

describe('what became of real domains when something broke', () => {
  it('was recorded, and every cell is sound', async () => {
    const { breaking } = await readRecorded(undefined);
    assert.ok(breaking.length >= 72);
    assert.deepEqual(
      breaking.filter(({ verdict }) => verdict !== 'valid').map(({ id }) => id),
      [],
    );
  });

  // The others take the model seconds: standing-outcomes.long.test.ts has them all.
  it('is what the model says when domains die, whoever goes first', async () => {
    const { outcomes, summary } = await standingOutcomes(({ scenario }) =>
      ['symmetric-crash', 'destroy-order'].includes(scenario),
    );
    assert.deepEqual(
      outcomes.flatMap(({ cell, fields }) =>
        fields
          .filter(({ agrees }) => !agrees)
          .map(({ name, model, real }) => `${cell}: ${name} is ${model}, not ${real}`),
      ),
      [],
    );
    assert.ok(summary.holds && summary.outcomes.agree >= 36);
  });
});
