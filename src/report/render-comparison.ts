import { stringify } from 'csv-stringify/sync';
import { canonicalJson } from '../base/canonical-json.js';
import { UserError } from '../base/errors.js';
import { emulationNote } from '../results/emulated.js';
import type { ResultsFile } from '../results/types.js';
import { collectReportData } from './collect.js';
import {
  type ComparedRow,
  type ComparedTable,
  type ComparedValue,
  type ComparisonRequest,
  columnMeans,
  compareCells,
  leadOf,
} from './comparison.js';
import type { Dimensions } from './dimensions.js';
import { text as markdownText, rawTable } from './markdown.js';
import type { SampledDifference } from './sampled-rows.js';
import { sparkline, type TerminalCell, terminalTable, wrapText } from './terminal-table.js';
import { dimensionLabel, dimensionWord, workloadTitle } from './view/labels.js';
import { formatRatio, formatScaled, scaleFor } from './view/quantity.js';
import type { ReportData } from './view/report-data.js';
import { isEstablished } from './view/standings.js';

export interface ComparisonOptions extends ComparisonRequest {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
  readonly format: 'table' | 'md' | 'csv' | 'json';
}

/**
 * One run: its transports side by side at equal effective ring size. Two runs: before and after, with the change. Rows,
 * columns and metric can be chosen. Throws UserError for names that the results do not have.
 */
export function renderComparison(
  results: readonly ResultsFile[],
  options: ComparisonOptions,
): string {
  const data = collectReportData(results, { samples: true });
  const { tables, dimensions } = compareCells(data, options);
  if (tables.length === 0) throw nothingToCompare(data);
  const remarks = [emulationNote(data.cells)].filter((note) => note !== undefined);
  switch (options.format) {
    case 'json':
      return `${canonicalJson({ tables: tables.map((table) => jsonTable(table, dimensions)) }, 2)}\n`;
    case 'csv':
      return csvTables(tables, dimensions);
    case 'md':
      return `${[...tables.map((table) => markdownTable(table, dimensions)), ...remarks].join('\n\n')}\n`;
    case 'table':
      return [
        ...tables.map((table) => {
          const { title, head, keys, rows, foot } = grid(table, dimensions);
          const notes = notesOf(table).map((note) => `${wrapText(note, options.width)}\n`);
          return (
            terminalTable({ title, head, keys, rows, foot }, options.width, options.colour) +
            notes.join('')
          );
        }),
        ...remarks.map((remark) => `${wrapText(remark, options.width)}\n`),
      ].join('\n');
  }
}

/** The transports of one run side by side, a Markdown table a scenario that has figures. */
export function transportTables(data: ReportData): readonly string[] {
  const { tables, dimensions } = compareCells(data, {});
  return tables.map((table) => markdownTable(table, dimensions));
}

function nothingToCompare({ cells }: ReportData): UserError {
  const broken = cells.every(({ outcome }) => outcome?.['finding'] !== undefined);
  return new UserError('there is nothing to compare: no cell has such a figure', {
    remedy: broken
      ? 'these cells say what happened when something broke: see interdom report'
      : 'choose another metric or filter',
  });
}

/** The table in text, for terminals and Markdown alike. */
function grid(
  table: ComparedTable,
  dimensions: Dimensions,
): {
  title: string;
  head: readonly string[];
  keys: number;
  rows: readonly (readonly TerminalCell[])[];
  foot: readonly (readonly TerminalCell[])[];
} {
  const scenario = table.scenario === undefined ? '' : `${workloadTitle(table.scenario)}: `;
  const way = table.metric.better === 'none' ? '' : `, ${table.metric.better} is better`;
  const keys = Math.max(1, table.rowKeys.length);
  const rowHead = table.rowKeys.length === 0 ? [''] : table.rowKeys.map(keyLabel);
  const columns = table.columns.map((column) =>
    column.map((value, i) => dimensions.text(table.colKeys[i] ?? '', value)).join(' '),
  );
  let last: readonly string[] = [];
  const rows = table.rows.map((row) => {
    const names = table.rowKeys.map((key, i) => dimensions.text(key, row.keys[i]));
    const shown = names.map((name, i) =>
      i < names.length - 1 && names.slice(0, i + 1).every((n, k) => n === last[k]) ? '' : name,
    );
    last = names;
    return [...(shown.length === 0 ? [''] : shown).map(plain), ...rowCells(table, row)];
  });
  return {
    title: `${scenario}${table.metric.label}${way}`,
    head: [...rowHead, ...columns, table.isBeforeAfter ? 'change' : 'lead'],
    keys,
    rows,
    foot: footOf(table, keys),
  };
}

const plain = (text: string): TerminalCell => ({ text });

function keyLabel(key: string): string {
  return key === 'ringSizeBytes' ? 'Effective ring' : dimensionLabel(key);
}

function rowCells(table: ComparedTable, row: ComparedRow): readonly TerminalCell[] {
  const known = row.values.filter((value) => value !== undefined);
  const scale = scaleFor(
    known.map((value) => value.value),
    table.metric.unit,
  );
  const most = Math.max(...known.map((value) => value.cells));
  const cells = row.values.map((value, i): TerminalCell => {
    if (value === undefined) return plain(row.missing[i] ?? '-');
    const figure = `${formatScaled(value.value, scale)} ${scale.suffix}`.trim();
    const range = value.byReplicate.size > 1 || value.low < value.high ? ` ±${spread(value)}` : '';
    const fewer = value.cells < most ? ' †' : '';
    return { text: figure + range + fewer, best: !table.isBeforeAfter && i === row.best };
  });
  const last = table.isBeforeAfter
    ? change(table, row)
    : row.best >= 0
      ? formatRatio(leadOf(row, table.metric.better) as number)
      : known.length > 1
        ? '~'
        : '-';
  return [...cells, plain(last)];
}

/** Half of the range in percent of the value. */
function spread(value: ComparedValue): string {
  const share =
    value.value === 0 ? 0 : ((value.high - value.low) / 2 / Math.abs(value.value)) * 100;
  return `${share < 10 ? share.toFixed(1) : share.toFixed(0)}%`;
}

/** New against old in percent, and "~" where the difference is not established. */
function change(table: ComparedTable, row: ComparedRow): string {
  const [before, after] = row.values;
  if (before === undefined || after === undefined) return '-';
  if (row.sampled !== undefined) return sampledChange(table, row.sampled);
  if (before.value === after.value) return '=';
  const better = table.metric.better === 'none' ? 'higher' : table.metric.better;
  const established =
    isChange(before, after) ||
    isEstablished({ better }, before, after) ||
    isEstablished({ better }, after, before);
  if (!established) return '~';
  if (before.value === 0) return `from 0${directionOf(table, after.value)}`;
  const percent = (after.value / before.value - 1) * 100;
  return percentText(percent) + directionOf(table, percent);
}

/** "+12% ±1.3 worse": the ratio of medians, and half of its 95 % interval in points. */
function sampledChange(table: ComparedTable, { established, ratio }: SampledDifference): string {
  if (!established || ratio === undefined) return '~';
  const [low, middle, high] = ratio;
  const percent = (middle - 1) * 100;
  const half = ((high - low) / 2) * 100;
  return `${percentText(percent)} ±${half.toFixed(half < 10 ? 1 : 0)}${directionOf(table, percent)}`;
}

function percentText(percent: number): string {
  // A difference that is established must not read as none.
  if (percent !== 0 && Math.abs(percent) < 0.005) return percent > 0 ? '+<0.01%' : '-<0.01%';
  return `${percent > 0 ? '+' : ''}${percent.toFixed(Math.abs(percent) < 10 ? 2 : 0)}%`;
}

function directionOf({ metric }: ComparedTable, percent: number): string {
  if (metric.better === 'none') return '';
  return percent > 0 === (metric.better === 'higher') ? ' better' : ' worse';
}

/** Two exact figures of one repetition each differ when they are not equal, however little. */
function isChange(before: ComparedValue, after: ComparedValue): boolean {
  const single = (value: ComparedValue): boolean =>
    value.byReplicate.size === 1 && value.low === value.high;
  return single(before) && single(after) && before.value !== after.value;
}

function footOf(table: ComparedTable, keys: number): readonly (readonly TerminalCell[])[] {
  const pad = Array.from({ length: keys - 1 }, () => plain(''));
  const foot: TerminalCell[][] = [];
  const means = columnMeans(table);
  const known = means.filter((mean) => mean !== undefined);
  if (known.length > 0) {
    const scale = scaleFor(known, table.metric.unit);
    const figures = means.map((mean) =>
      plain(mean === undefined ? '-' : `${formatScaled(mean, scale)} ${scale.suffix}`.trim()),
    );
    const [before, after] = means;
    const last =
      table.isBeforeAfter && before !== undefined && after !== undefined
        ? `${after >= before ? '+' : ''}${((after / before - 1) * 100).toFixed(2)}%`
        : '';
    foot.push([plain('geomean'), ...pad, ...figures, plain(last)]);
  }
  if (table.rowKeys.length === 1 && table.rows.length >= 4 && table.rows.length <= 24) {
    const lines = table.columns.map((_, i) =>
      plain(sparkline(table.rows.map((row) => row.values[i]?.value))),
    );
    foot.push([plain('course'), ...pad, ...lines, plain('')]);
  }
  return foot;
}

/** What a reader must know of a table. */
function notesOf(table: ComparedTable): readonly string[] {
  const notes: string[] = [];
  if (columnMeans(table).some((mean) => mean !== undefined)) {
    const whole = table.rows.filter((row) =>
      row.values.every((v) => v !== undefined && v.value > 0),
    );
    if (whole.length < table.rows.length) {
      notes.push(
        `geomean (geometric mean) over the ${whole.length} of ${table.rows.length} rows in which all columns have a figure`,
      );
    }
  }
  if (table.mergedOver.length > 0) {
    notes.push(
      `each figure is the geometric mean of cells that differ in ${table.mergedOver.map(dimensionWord).join(', ')}`,
    );
    const uneven = table.rows.some(
      (row) =>
        new Set(row.values.flatMap((value) => (value === undefined ? [] : [value.cells]))).size > 1,
    );
    if (uneven) notes.push('† over fewer cells than its neighbours: not the same work');
  }
  const sampled = table.rows.filter((row) => row.sampled !== undefined);
  if (sampled.length > 0) {
    const few = sampled.filter((row) => row.sampled?.adjustedP === undefined).length;
    const short =
      few === 0 ? '' : `; ${few} of ${sampled.length} rows have too few samples to tell`;
    notes.push(
      `sampled: ~ where the 95 % interval of the ratio of medians (block bootstrap) holds 1, or the rank test, adjusted for all figures compared, does not agree${short}`,
    );
  }
  for (const problem of table.problems) {
    const cells = problem.count === 1 ? '1 cell' : `${problem.count} cells`;
    notes.push(`${cells} ${problem.verdict}, ${problem.transport}: ${problem.reason}`);
  }
  return notes;
}

function markdownTable(table: ComparedTable, dimensions: Dimensions): string {
  const { title, head, rows, foot } = grid(table, dimensions);
  const cell = ({ text, best }: TerminalCell): string =>
    best === true ? `**${markdownText(text)}**` : markdownText(text);
  const notes = notesOf(table).map((note) => `- ${markdownText(note)}`);
  return [
    `### ${markdownText(title)}`,
    rawTable(
      head.map(markdownText),
      [...rows, ...foot].map((row) => row.map(cell)),
    ),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
  ].join('\n\n');
}

/** Tidy: one line a figure. */
function csvTables(tables: readonly ComparedTable[], dimensions: Dimensions): string {
  const rowKeys = [...new Set(tables.flatMap((table) => table.rowKeys))];
  const colKeys = [...new Set(tables.flatMap((table) => table.colKeys))];
  const lines: (string | number | boolean | undefined)[][] = [
    ['table', ...rowKeys, ...colKeys, 'metric', 'value', 'unit', 'low', 'high', 'cells', 'best'],
  ];
  for (const table of tables) {
    for (const row of table.rows) {
      row.values.forEach((value, i) => {
        const from = (
          keys: readonly string[],
          own: readonly string[],
          values: ComparedRow['keys'],
        ) =>
          keys.map((key) => {
            const at = own.indexOf(key);
            const found = at < 0 ? undefined : values[at];
            return key === 'run' ? dimensions.text(key, found) : found;
          });
        lines.push([
          table.scenario ?? '',
          ...from(rowKeys, table.rowKeys, row.keys),
          ...from(colKeys, table.colKeys, table.columns[i] ?? []),
          table.metric.name,
          value?.value,
          table.metric.unit,
          value?.low,
          value?.high,
          value?.cells ?? 0,
          i === row.best,
        ]);
      });
    }
  }
  return stringify(lines, {
    escape_formulas: true,
    record_delimiter: '\n',
    cast: { boolean: (value) => String(value) },
  });
}

function jsonTable(table: ComparedTable, dimensions: Dimensions): unknown {
  const named = (keys: readonly string[], values: ComparedRow['keys']) =>
    Object.fromEntries(
      keys.map((key, i) => [key, key === 'run' ? dimensions.text(key, values[i]) : values[i]]),
    );
  return {
    scenario: table.scenario,
    metric: table.metric.name,
    unit: table.metric.unit,
    better: table.metric.better,
    mergedOver: table.mergedOver,
    rows: table.rows.map((row) => ({
      ...named(table.rowKeys, row.keys),
      ...(row.sampled === undefined ? {} : { sampled: row.sampled }),
      best: row.best < 0 ? undefined : named(table.colKeys, table.columns[row.best] ?? []),
      figures: row.values.map((value, i) => ({
        ...named(table.colKeys, table.columns[i] ?? []),
        ...(value === undefined
          ? { verdict: row.missing[i] }
          : { value: value.value, low: value.low, high: value.high, cells: value.cells }),
      })),
    })),
    problems: table.problems,
  };
}
