import { formatSignificant } from '../../base/units.js';
import {
  type OutcomeRow,
  PUBLISHED_TOLERANCE,
  summariseOutcomes,
  type Validation,
  type ValidationRow,
} from '../../judge/validation/validation.js';
import { amount, percent, ROW_HEAD, reasons, rowTexts } from './validation-words.js';

/** A table of text, for whichever form it is drawn in. */
export interface TextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Which rows are wanted. */
export interface RowChoice {
  /** Rows within tolerance too, not only the worst of them. */
  readonly all: boolean;
  /** Rows that explain others. */
  readonly details: boolean;
}

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

/** What breaks, and where both sides differ. */
export function outcomeTables(validation: Validation, choice: RowChoice): readonly TextTable[] {
  return [outcomeTable(validation, choice), differenceTable(validation)].filter(
    ({ rows }) => rows.length > 0,
  );
}

/** By scenario and transport, or cell by cell. */
function outcomeTable({ outcomes }: Validation, { all }: RowChoice): TextTable {
  const title = 'What breaks: model and real Xen';
  if (all) {
    return {
      title,
      head: ['cell', 'model', 'real Xen', 'verdict'],
      rows: outcomes.map(({ cell, fields, verdict, reason }) => {
        const finding = fields.find(({ name }) => name === 'finding');
        return [
          cell,
          finding?.model ?? '-',
          finding?.real ?? '-',
          reason === undefined ? verdict : `${verdict}: ${reason}`,
        ];
      }),
    };
  }
  const groups = new Map<string, OutcomeRow[]>();
  for (const row of outcomes) {
    const key = `${row.scenario} ${row.transport}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return {
    title,
    head: ['scenario', 'transport', 'cells', 'agree', 'explained', 'differ', 'on real Xen'],
    rows: [...groups.values()].map((rows) => {
      const [first] = rows as [OutcomeRow];
      const { cells, agree, explained, differ } = summariseOutcomes(rows);
      return [
        first.scenario,
        first.transport,
        ...[cells, agree, explained, differ].map(String),
        findingsOf(rows),
      ];
    }),
  };
}

/** "zombie 4, delivered 2": most first. */
function findingsOf(rows: readonly OutcomeRow[]): string {
  const counts = new Map<string, number>();
  for (const { fields } of rows) {
    const finding = fields.find(({ name }) => name === 'finding')?.real;
    if (finding !== undefined) counts.set(finding, (counts.get(finding) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([finding, count]) => `${finding} ${count}`)
    .join(', ');
}

function differenceTable({ outcomes }: Validation): TextTable {
  return {
    title: 'What breaks: where model and real Xen differ',
    head: ['cell', 'what', 'model', 'real Xen', 'why'],
    rows: outcomes.flatMap(({ cell, fields }) =>
      fields
        .filter(({ agrees }) => !agrees)
        .map(({ name, model, real, why }) => [cell, name, model, real, why ?? 'NOT EXPLAINED']),
    ),
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
