import { stringify } from 'csv-stringify/sync';
import { orderedParameterNames } from './cell-id.js';
import type { Cell, MetricValue } from './types.js';

/** Columns before and after those of the parameters. */
const LEADING_COLUMNS = [
  'id',
  'testbed',
  'profile',
  'transport',
  'scenario',
  'verdict',
  'reason',
] as const;
const TRAILING_COLUMNS = [
  'effectiveRingSizeBytes',
  'metric',
  'value',
  'unit',
  'better',
  'assume',
  'determinedBy',
  'intervalLow',
  'intervalHigh',
] as const;

const RESERVED: ReadonlySet<string> = new Set([...LEADING_COLUMNS, ...TRAILING_COLUMNS]);

type Field = string | number | boolean | undefined;

/**
 * Cells as tidy CSV: one row a cell and metric, metrics in code-unit order; a cell without metrics
 * (skipped, say) has one row with the reason. A parameter that no other cell has leaves its column
 * empty elsewhere; one that is named like a column gets "parameter." before its name. Text that a
 * spreadsheet would run as a formula is prefixed with an apostrophe.
 */
export function cellsToCsv(cells: readonly Cell[]): string {
  return [...csvPieces(cells)].join('');
}

/** Cells at a time: the text of a hundred thousand in one string would be longer than one may be. */
const PIECE = 500;

/** The same, piece by piece. */
export function* csvPieces(cells: readonly Cell[]): Generator<string> {
  const names = new Set<string>();
  for (const cell of cells) for (const name of Object.keys(cell.parameters)) names.add(name);
  const parameters = orderedParameterNames(names);
  yield csvLines([
    [
      ...LEADING_COLUMNS,
      ...parameters.map((name) => (RESERVED.has(name) ? `parameter.${name}` : name)),
      ...TRAILING_COLUMNS,
    ],
  ]);
  for (let from = 0; from < cells.length; from += PIECE) {
    yield csvLines(cells.slice(from, from + PIECE).flatMap((cell) => rowsOf(cell, parameters)));
  }
}

function rowsOf(cell: Cell, parameters: readonly string[]): Field[][] {
  const start = [
    ...leadingFields(cell),
    ...parameters.map((name) => own(cell.parameters, name)),
    own(cell.effective, 'ringSizeBytes'),
  ];
  const metrics = Object.keys(cell.metrics).sort();
  if (metrics.length === 0) return [[...start, ...metricFields(undefined, undefined)]];
  return metrics.map((name) => [...start, ...metricFields(name, cell.metrics[name])]);
}

function csvLines(rows: readonly Field[][]): string {
  return stringify([...rows], {
    escape_formulas: true,
    record_delimiter: '\n',
    cast: { boolean: (value) => String(value) },
  });
}

function leadingFields(cell: Cell): Field[] {
  return LEADING_COLUMNS.map((name) => cell[name]);
}

function metricFields(name: string | undefined, metric: MetricValue | undefined): Field[] {
  return [
    name,
    metric?.value,
    metric?.unit,
    metric?.better,
    metric?.assume,
    metric?.determinedBy,
    metric?.interval?.[0],
    metric?.interval?.[1],
  ];
}

/** Not what the record inherits: a parameter may be called "toString". */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
