/**
 * Rows as aligned columns; the last column takes what is left of the width, and wraps at words.
 * @param width columns of the terminal
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const all = [header, ...rows];
  const last = header.length - 1;
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + 2, 0);
  const room = Math.max(30, width - before);
  const lines: string[] = [];
  all.forEach((row, index) => {
    const start = widths.slice(0, last).map((one, column) => (row[column] ?? '').padEnd(one + 2));
    wrapped(row[last] ?? '', room).forEach((part, line) => {
      lines.push(((line === 0 ? start.join('') : ' '.repeat(before)) + part).trimEnd());
    });
    if (index === 0) {
      lines.push(
        widths.map((one, i) => '-'.repeat(i < last ? one : Math.min(one, room))).join('  '),
      );
    }
  });
  return `${lines.join('\n')}\n`;
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
