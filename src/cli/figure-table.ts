/** Between two columns, and in front of the first. */
const GAP = '  ';

/** A figure of a cell, as a row. */
export interface FigureRow {
  readonly cell: string;
  readonly texts: readonly string[];
}

/**
 * Figures under the cells that they belong to, cells in the order in which they come first: the id of a cell is too long to
 * be a column, and must stay whole, since it is what other commands are given.
 */
export function figureTable(header: readonly string[], rows: readonly FigureRow[]): string {
  const all = [header, ...rows.map(({ texts }) => texts)];
  const widths = header.map((_, i) => Math.max(...all.map((texts) => (texts[i] ?? '').length)));
  const line = (texts: readonly string[]): string =>
    (GAP + texts.map((text, i) => text.padEnd(widths[i] ?? 0)).join(GAP)).trimEnd();
  const byCell = new Map<string, string[]>();
  for (const { cell, texts } of rows) {
    const lines = byCell.get(cell) ?? [];
    byCell.set(cell, [...lines, line(texts)]);
  }
  const lines = [...byCell].flatMap(([cell, own]) => [cell, ...own]);
  return `${[line(header), ...lines].join('\n')}\n`;
}
