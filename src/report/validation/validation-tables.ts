import { formatSignificant } from '../../base/units.js';
import {
  PUBLISHED_TOLERANCE,
  type Validation,
  type ValidationRow,
} from '../../judge/validation/validation.js';
import { outcomeTables } from './outcome-tables.js';
import type { RowChoice, TextTable } from './text-table.js';
import { amount, percent, ROW_HEAD, reasons, rowTexts } from './validation-words.js';

/** Rows within tolerance that are shown where not all are wanted: those that come nearest to it. */
const NEAREST = 10;

/** All tables of a validation; those without rows are left out. */
export function validationTables(validation: Validation, choice: RowChoice): readonly TextTable[] {
  return [
    rowTable(validation, choice),
    medianTable(validation),
    groupTable(validation),
    curveTable(validation),
    pointTable(validation, choice),
    ...outcomeTables(validation, choice),
    reasonTable(validation),
  ].filter(({ rows }) => rows.length > 0);
}

function rowTable({ rows }: Validation, { all, details }: RowChoice): TextTable {
  const wanted = rows.filter(({ detail }) => details || !detail);
  const outside = wanted.filter(({ verdict }) => verdict === 'outside');
  const within = wanted.filter(
    ({ verdict, difference }) => verdict === 'within' && difference !== 0,
  );
  const chosen: readonly ValidationRow[] = all ? wanted : [...outside, ...within.slice(0, NEAREST)];
  const hasFresh = chosen.some(({ fresh }) => fresh !== undefined);
  const kept = (texts: readonly string[]): readonly string[] =>
    hasFresh ? texts : texts.filter((_, i) => ROW_HEAD[i] !== 'fresh');
  return {
    title: all
      ? 'Model against real Xen, worst first'
      : outside.length > 0
        ? 'Model against real Xen: what is outside its tolerance, and what comes nearest to it'
        : `Model against real Xen: nothing is outside its tolerance; the ${within.slice(0, NEAREST).length} counts that come nearest to it`,
    head: kept(ROW_HEAD),
    rows: chosen.map((row) => kept(rowTexts(row))),
  };
}

function medianTable({ summary }: Validation): TextTable {
  return {
    title: 'How far off in the middle',
    head: ['count', 'cells', 'median', 'allowed', 'verdict'],
    rows: summary.medians.map(({ label, cells, median, allowed, holds }) => [
      label,
      String(cells),
      size(median),
      allowed === undefined ? '-' : size(allowed),
      holds ? 'within' : 'outside',
    ]),
  };
}

function groupTable({ summary }: Validation): TextTable {
  return {
    title: 'By transport and guests',
    head: ['transport', 'guests', 'cells', 'counts', 'outside', 'median', 'largest', 'which'],
    rows: summary.groups.map((group) => [
      group.transport,
      group.guestType,
      String(group.cells),
      String(group.rows),
      String(group.outside),
      size(group.median),
      size(group.largest),
      group.largestRow,
    ]),
  };
}

function curveTable({ summary }: Validation): TextTable {
  return {
    title: 'Published measurements',
    head: ['curve', 'points', 'within 25 %', 'median', 'allowed', 'verdict'],
    rows: summary.curves.map(({ curve, points, within, median, holds }) => [
      curve,
      String(points),
      String(within),
      size(median),
      size(PUBLISHED_TOLERANCE.median),
      holds ? 'within' : 'outside',
    ]),
  };
}

function pointTable({ published }: Validation, { all }: RowChoice): TextTable {
  const outside = published.filter(({ verdict }) => verdict !== 'within');
  return {
    title: all ? 'Published points' : 'Published points that are not met',
    head: ['curve', 'point', 'model', 'published', 'unit', 'off', 'verdict'],
    rows: (all ? published : outside).map((row) => [
      row.curve,
      row.point,
      amount(row.model),
      formatSignificant(row.published),
      row.unit,
      percent(row.difference),
      row.reason === undefined ? row.verdict : `${row.verdict}: ${row.reason}`,
    ]),
  };
}

function reasonTable({ rows }: Validation): TextTable {
  return {
    title: 'What is not compared',
    head: ['counts', 'reason'],
    rows: reasons(rows).map(([reason, count]) => [String(count), reason]),
  };
}

/** How large, whichever way. */
function size(part: number): string {
  return percent(Math.abs(part)).replace('+', '');
}
