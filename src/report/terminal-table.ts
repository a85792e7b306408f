import { withoutControls } from './view/plain-text.js';

/** Aligned tables for terminals: no colour codes unless asked for, and never wider than the terminal. */

export interface TerminalCell {
  readonly text: string;
  /** The best of its row: marked with a star, and bold where colour is allowed. */
  readonly best?: boolean;
}

export interface TerminalTable {
  readonly title: string;
  readonly head: readonly string[];
  /** How many columns at the left name the row. They stand in every block of a table that is too wide. */
  readonly keys: number;
  /** Columns of words besides the keys: aligned left, and the first to be cut where the terminal is narrow. */
  readonly words?: readonly number[];
  readonly rows: readonly (readonly TerminalCell[])[];
  /** Rows after a line: geometric means, sparklines. */
  readonly foot: readonly (readonly TerminalCell[])[];
}

const GAP = 2;
const NARROWEST_WORDS = 18;
const NARROWEST_KEY = 10;
const BOLD = '\u001b[1m';
const PLAIN = '\u001b[0m';

/** The table as lines without trailing blanks, each at most `width` columns wide where that can be had. */
export function terminalTable(table: TerminalTable, width: number, colour: boolean): string {
  const rows = [...table.rows, ...table.foot];
  const starred = table.head.map((_, column) => rows.some((row) => row[column]?.best === true));
  const texts = [
    table.head.map((name, column) => (starred[column] === true ? `${name}  ` : name)),
    ...rows.map((row) => row.map((cell, column) => cellText(cell, starred[column] === true))),
  ].map((row) => row.map(withoutControls));
  const widths = table.head.map((_, column) =>
    texts.reduce((most, row) => Math.max(most, columnsOf(row[column] ?? '')), 0),
  );
  const left = (column: number): boolean =>
    column < table.keys || table.words?.includes(column) === true;
  const natural = [...widths];
  narrow(widths, table.words ?? [], NARROWEST_WORDS, width);
  const keys = Array.from({ length: table.keys }, (_, i) => i);
  narrow(widths, keys, NARROWEST_KEY, width);
  const lines: string[] = table.title === '' ? [] : [wrapText(table.title, width)];
  blocks(widths, table.keys, width).forEach((columns, block) => {
    if (block > 0) lines.push('');
    const here = widened(widths, columns, natural, width);
    const line = (row: readonly string[], cells?: readonly TerminalCell[]): string =>
      columns
        .map((column) => {
          const aligned = align(row[column] ?? '', here[column] as number, left(column));
          return colour && cells?.[column]?.best === true ? `${BOLD}${aligned}${PLAIN}` : aligned;
        })
        .join(' '.repeat(GAP))
        .trimEnd();
    const rule = columns.map((column) => '-'.repeat(here[column] as number)).join('  ');
    lines.push(line(texts[0] as string[]), rule);
    texts.slice(1).forEach((row, i) => {
      if (i === table.rows.length) lines.push(rule);
      lines.push(line(row, rows[i]));
    });
  });
  return `${lines.join('\n')}\n`;
}

/** Figures of a column that has a best one leave room for its star, so that their digits stand in line. */
function cellText(cell: TerminalCell, starred: boolean): string {
  return cell.best === true ? `${cell.text} *` : starred ? `${cell.text}  ` : cell.text;
}

/** Takes width from the widest of some columns until the table fits or none of them can give more. */
function narrow(widths: number[], columns: readonly number[], least: number, width: number): void {
  const total = (): number => widths.reduce((sum, w) => sum + w + GAP, -GAP);
  while (total() > width) {
    let widest = -1;
    for (const i of columns) {
      const here = widths[i] as number;
      if (here > least && here > (widths[widest] ?? 0)) widest = i;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] as number) - 1;
  }
}

/** The widths in a block: its columns get back what they were cut by, as far as there is room. */
function widened(
  widths: readonly number[],
  columns: readonly number[],
  natural: readonly number[],
  width: number,
): readonly number[] {
  const wider = [...widths];
  let room = width - columns.reduce((sum, i) => sum + (widths[i] as number) + GAP, -GAP);
  for (const i of columns) {
    const more = Math.max(0, Math.min(room, (natural[i] as number) - (widths[i] as number)));
    wider[i] = (widths[i] as number) + more;
    room -= more;
  }
  return wider;
}

/** Columns of each block: the keys, and as many values as fit. At least one value, whatever the width. */
function blocks(widths: readonly number[], keys: number, width: number): readonly number[][] {
  const keyColumns = Array.from({ length: keys }, (_, i) => i);
  const keyWidth = keyColumns.reduce((sum, i) => sum + (widths[i] as number) + GAP, 0);
  const result: number[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (let column = keys; column < widths.length; column++) {
    const needs = (widths[column] as number) + GAP;
    if (used + needs - GAP > width) {
      result.push([...keyColumns]);
      used = keyWidth;
    }
    result.at(-1)?.push(column);
    used += needs;
  }
  return result.length === 0 ? [keyColumns] : result;
}

function columnsOf(text: string): number {
  return [...text].length;
}

function align(text: string, width: number, left: boolean): string {
  const letters = [...text];
  const cut = letters.length <= width ? text : `${letters.slice(0, width - 1).join('')}…`;
  const blanks = ' '.repeat(Math.max(0, width - letters.length));
  return left ? cut + blanks : blanks + cut;
}

const LEVELS = '▁▂▃▄▅▆▇█';

/** The course of some values in as many characters; a missing one is a blank. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const low = Math.min(...known);
  const high = Math.max(...known);
  return values
    .map((value) => {
      if (value === undefined) return ' ';
      const share = high === low ? 0.5 : (value - low) / (high - low);
      return LEVELS[Math.min(LEVELS.length - 1, Math.floor(share * LEVELS.length))];
    })
    .join('');
}

/** Breaks a paragraph at spaces so that it fits; further lines are indented. */
export function wrapText(text: string, width: number, indent = '  '): string {
  const lines: string[] = [];
  let line = '';
  for (const word of withoutControls(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= width || line === '') line = longer;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join('\n');
}
