import { outcomeLabel, type Validation, validate } from '../../judge/validation/validation.js';
import type { Cell, ResultsFile } from '../../results/types.js';
import { html, type Markup } from '../view/markup.js';
import { tableMarkup } from '../view/table-markup.js';
import { validationTables } from './validation-tables.js';
import { answer } from './validation-words.js';

/** What the page and its Markdown show: what is outside, what comes nearest to it, and what is not compared and why. */
export const REPORTED = { all: false, details: false } as const;

/**
 * The model beside real Xen, where these results have both; judged as `interdom validate` does it. Counts are compared
 * under one profile. What becomes of things that break depends on no price: where the model has been asked under several
 * profiles, the one that is named last counts.
 */
export function validationOf(results: readonly ResultsFile[]): Validation | undefined {
  const cells = results.flatMap((file) => file.cells);
  const real = cells.filter(({ testbed, verdict }) => testbed === 'xen' && verdict === 'valid');
  const profiles = new Set(real.map(({ profile }) => profile));
  const model = cells.filter(({ testbed }) => testbed === 'model');
  const breaking = new Map(
    model.filter(isBreaking).map((cell) => [outcomeLabel(cell), cell] as const),
  );
  const validation = validate({
    model: model.filter((cell) => !isBreaking(cell) && profiles.has(cell.profile)),
    recorded: real.filter((cell) => !isBreaking(cell)),
    fresh: [],
    published: [],
    breaking: { model: [...breaking.values()], real: real.filter(isBreaking) },
  });
  return validation.rows.length + validation.outcomes.length === 0 ? undefined : validation;
}

/** Cells in which something breaks are compared by what became of them. Drawn prices change nothing in that. */
function isBreaking({ outcome, parameters }: Cell): boolean {
  return Object.hasOwn(outcome ?? {}, 'finding') && parameters['draw'] === undefined;
}

/** The answer, and the tables behind it. */
export function validationMarkup(validation: Validation): Markup {
  const tables = validationTables(validation, REPORTED);
  return html`<p class="summary">${answer(validation)}</p>
${tables.map(({ title, head, rows }) => tableMarkup({ caption: title, columns: head, rows, best: [] }))}`;
}
