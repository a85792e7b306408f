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
  const names = new Set<string>();
  for (const cell of cells) for (const name of Object.keys(cell.parameters)) names.add(name);
  const parameters = orderedParameterNames(names);
  const header = [
    ...LEADING_COLUMNS,
    ...parameters.map((name) => (RESERVED.has(name) ? `parameter.${name}` : name)),
    ...TRAILING_COLUMNS,
  ];
  const rows: Field[][] = [header];
  for (const cell of cells) {
    const start = [...leadingFields(cell), ...parameters.map((name) => own(cell.parameters, name))];
    start.push(own(cell.effective, 'ringSizeBytes'));
    const metrics = Object.keys(cell.metrics).sort();
    if (metrics.length === 0) rows.push([...start, ...metricFields(undefined, undefined)]);
    for (const metric of metrics)
      rows.push([...start, ...metricFields(metric, cell.metrics[metric])]);
  }
  return stringify(rows, {
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
