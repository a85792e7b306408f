import { type Validation, validate } from '../../judge/validation/validation.js';
import type { Cell, ResultsFile } from '../../results/types.js';
import { html, type Markup } from '../view/markup.js';
import { tableMarkup } from '../view/table-markup.js';
import { validationTables } from './validation-tables.js';
import { answer } from './validation-words.js';

/** What the page and its Markdown show: what is outside, what comes nearest to it, and what is not compared and why. */
export const REPORTED = { all: false, details: false } as const;

/** The model beside real Xen, where these results have both under one profile; judged as `interdom validate` does it. */
export function validationOf(results: readonly ResultsFile[]): Validation | undefined {
  const cells = results.flatMap((file) => file.cells);
  const real = cells.filter(({ testbed, verdict }) => testbed === 'xen' && verdict === 'valid');
  const profiles = new Set(real.map(({ profile }) => profile));
  const model = cells.filter(
    ({ testbed, profile }) => testbed === 'model' && profiles.has(profile),
  );
  const validation = validate({
    model: model.filter((cell) => !isBreaking(cell)),
    recorded: real.filter((cell) => !isBreaking(cell)),
    fresh: [],
    published: [],
    breaking: { model: model.filter(isBreaking), real: real.filter(isBreaking) },
  });
  return validation.rows.length + validation.outcomes.length === 0 ? undefined : validation;
}

/** Cells in which something breaks are compared by what became of them. */
function isBreaking({ outcome }: Cell): boolean {
  return Object.hasOwn(outcome ?? {}, 'finding');
}

/** The answer, and the tables behind it. */
export function validationMarkup(validation: Validation): Markup {
  const tables = validationTables(validation, REPORTED);
  return html`<p class="summary">${answer(validation)}</p>
${tables.map(({ title, head, rows }) => tableMarkup({ caption: title, columns: head, rows, best: [] }))}`;
}
