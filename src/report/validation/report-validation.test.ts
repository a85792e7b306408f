import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Cell, ResultsFile } from '../../results/types.js';
import { validationMarkup, validationOf } from './report-validation.js';

const recorded = JSON.parse(
  readFileSync(new URL('../../../../results/reference/stock.json', import.meta.url), 'utf8'),
) as ResultsFile;

/** The recorded cells, told as the model's; `factor` is by how much its entries differ. */
function model(factor: number): ResultsFile {
  const cells = recorded.cells.map((cell): Cell => {
    const entries = cell.metrics['entriesPerMessage'];
    if (entries === undefined) return { ...cell, testbed: 'model' };
    const metrics = {
      ...cell.metrics,
      entriesPerMessage: { ...entries, value: entries.value * factor },
    };
    return { ...cell, testbed: 'model', metrics };
  });
  return { ...recorded, cells };
}

test('a model that counts what real Xen counts holds, whichever run has which', () => {
  const validation = validationOf([model(1), recorded]);
  assert.ok(validation);
  assert.match(
    validationMarkup(validation).text,
    /<p class="summary">The model holds: \d+ counts of \d+ cells are met/,
  );
});

test('a model that does not is told, with what is outside', () => {
  const validation = validationOf([recorded, model(2)]);
  assert.ok(validation);
  const { text } = validationMarkup(validation);
  assert.match(text, /The model does not hold: \d+ of \d+ counts are outside/);
  assert.match(text, /<td[^>]*>\+100 %<\/td>/);
});

test('runs of one testbed, or of another machine, are not set against each other', () => {
  assert.equal(validationOf([recorded]), undefined);
  assert.equal(validationOf([model(1)]), undefined);
  const elsewhere = model(1).cells.map((cell) => ({ ...cell, profile: 'skylake-2017' }));
  assert.equal(validationOf([recorded, { ...recorded, cells: elsewhere }]), undefined);
});

test('what breaks is compared under any profile, and each difference is shown', () => {
  const broke = JSON.parse(
    readFileSync(new URL('../../../../results/reference/failure.json', import.meta.url), 'utf8'),
  ) as ResultsFile;
  const asModel = (change: (outcome: Cell['outcome'] & object) => Cell['outcome'] & object) => ({
    ...broke,
    cells: broke.cells.map(
      (cell): Cell => ({
        ...cell,
        testbed: 'model',
        profile: 'skylake-2017',
        outcome: change(cell.outcome ?? {}),
      }),
    ),
  });
  const same = validationOf([asModel((outcome) => outcome), broke]);
  assert.equal(same?.outcomes.length, broke.cells.length);
  assert.ok(same.summary.holds);
  assert.match(validationMarkup(same).text, /What breaks: model and real Xen/);
  const other = validationOf([
    asModel((outcome) => ('clientTold' in outcome ? { ...outcome, clientTold: 'maybe' } : outcome)),
    broke,
  ]);
  assert.ok(other);
  assert.equal(other.summary.holds, false);
  assert.match(validationMarkup(other).text, /NOT EXPLAINED/);
});
