import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRecorded } from './reference-files.js';
import { standingOutcomes } from './standing-validation.js';

describe('what became of real domains when something broke', () => {
  it('was recorded of every transport and scenario, and every cell is sound', async () => {
    const { breaking } = await readRecorded(undefined);
    assert.deepEqual(
      breaking.filter(({ verdict }) => verdict !== 'valid').map(({ id }) => id),
      [],
    );
    const kinds = new Set(breaking.map(({ scenario, transport }) => `${scenario} ${transport}`));
    assert.equal(kinds.size, 4 * 3);
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
    assert.ok(summary.holds && summary.outcomes.agree >= 30);
    const zombies = outcomes.filter(({ fields }) =>
      fields.some(({ name, real }) => name === 'finding' && real === 'zombie'),
    );
    assert.deepEqual([...new Set(zombies.map(({ transport }) => transport))].sort(), [
      'libvchan',
      'v2v',
    ]);
  });
});
