import type { TableSpec } from './chart-spec.js';
import { html, type Markup } from './markup.js';

/** A table that stands beside a picture. The best of each row is bold and said to screen readers. */
export function tableMarkup(table: TableSpec): Markup {
  const numeric = table.columns.map((_, column) =>
    table.rows.every((row) =>
      /^(?:[-~]|[-\d.]+(?:e[-+]?\d+)?x?(?: \S{1,5})?)$/.test(row[column] ?? ''),
    ),
  );
  const cell = (text: string, column: number, best: boolean): Markup => {
    const kind = numeric[column] === true ? 'number' : 'text';
    if (column === 0) return html`<th scope="row" class="${kind}">${text}</th>`;
    return best
      ? html`<td class="${kind} best">${text}<span class="hidden"> (best)</span></td>`
      : html`<td class="${kind}">${text}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${table.caption}"><table>
<caption>${table.caption}</caption>
<thead><tr>${table.columns.map((name, i) => html`<th scope="col" class="${numeric[i] === true ? 'number' : 'text'}">${name}</th>`)}</tr></thead>
<tbody>${table.rows.map(
    (row, r) => html`<tr>${row.map((text, c) => cell(text, c, table.best[r] === c))}</tr>
`,
  )}</tbody></table></div>`;
}
