/** Between two columns. */
const GAP = 2;
/** What the last column has at least, where nothing fits. */
const LEAST_ROOM = 30;

/**
 * Rows as aligned columns. Where they are wider than the terminal the widest columns wrap at words; no word is broken, so
 * some tables are too wide all the same.
 * @param width columns of the terminal
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const all = [header, ...rows];
  const widths = fittingWidths(
    header.map((_, column) => all.map((row) => row[column] ?? '')),
    width,
  );
  const wrappedRows = all.map((row) => widths.map((room, i) => wrapped(row[i] ?? '', room)));
  // Words that went to the next line have left room.
  const used = widths.map((_, i) => longest(wrappedRows.flatMap((row) => row[i] ?? [])));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd((used[i] as number) + GAP))
      .join('')
      .trimEnd();
  const linesOf = (row: readonly (readonly string[])[]): string[] =>
    Array.from({ length: longest(row) }, (_, k) => line(row.map((parts) => parts[k] ?? '')));
  const [head = [], ...body] = wrappedRows;
  const rule = line(used.map((one) => '-'.repeat(one)));
  return `${[...linesOf(head), rule, ...body.flatMap(linesOf)].join('\n')}\n`;
}

/** The length of the longest of these. */
function longest(things: readonly { readonly length: number }[]): number {
  return things.reduce((most, { length }) => Math.max(most, length), 0);
}

/**
 * As wide as the texts, or less where that is too wide: the widest column gives way first, down to its longest word. Where
 * even words are too wide (ids of cells), only the last column gives way: broken lines beside a line that is too long help nobody.
 */
function fittingWidths(columns: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map(longest);
  const least = columns.map((texts) => longest(texts.flatMap((text) => text.split(' '))));
  const total = (all: readonly number[]): number => all.reduce((sum, one) => sum + one + GAP, -GAP);
  const last = columns.length - 1;
  if (total(least) > width) {
    const room = Math.max(least[last] ?? 0, LEAST_ROOM, width - total(widths.slice(0, last)) - GAP);
    return widths.map((one, i) => (i < last ? one : Math.min(one, room)));
  }
  for (let over = total(widths) - width; over > 0; over--) {
    const shrinking = [...widths.keys()].filter((i) => (widths[i] ?? 0) > (least[i] ?? 0));
    const widest = shrinking.reduce((a, b) => ((widths[b] ?? 0) >= (widths[a] ?? 0) ? b : a));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Words in lines of at most so many characters; a longer word has a line of its own. */
export function wrapped(text: string, room: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
