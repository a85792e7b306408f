import { stringify } from 'csv-stringify/sync';
import type { Validation } from '../../judge/validation/validation.js';
import { terminalTable, wrapText } from '../terminal-table.js';
import { allOutcomeTables } from './outcome-tables.js';
import type { RowChoice, TextTable } from './text-table.js';
import { validationTables } from './validation-tables.js';
import { answer } from './validation-words.js';

/** For a terminal: tables, and the answer at the end, where it stays in sight. */
export function validationText(
  validation: Validation,
  choice: RowChoice,
  width: number,
  colour: boolean,
): string {
  const tables = validationTables(validation, choice).map(({ title, head, rows }) =>
    terminalTable(
      {
        title,
        head,
        keys: 1,
        words: words(head),
        rows: rows.map((row) => row.map((text) => ({ text }))),
        foot: [],
      },
      width,
      colour,
    ),
  );
  return `${[...tables, wrapText(answer(validation), width)].map((part) => part.trimEnd()).join('\n\n')}\n`;
}

const WORDS: readonly string[] = [
  'count, a message',
  'set by',
  'verdict',
  'guests',
  'which',
  'point',
  'unit',
  'reason',
  'scenario',
  'transport',
  'on real Xen',
  'found',
  'what',
  'why',
  'real Xen',
];

function words(head: readonly string[]): number[] {
  return head.flatMap((name, i) => (WORDS.includes(name) ? [i] : []));
}

/** As Markdown: the answer first. */
export function validationMarkdown(validation: Validation, choice: RowChoice): string {
  const tables = validationTables(validation, choice).map(
    (table) => `**${table.title}**\n\n${markdownTable(table)}`,
  );
  return `${[answer(validation), ...tables].join('\n\n')}\n`;
}

/** What breaks, as Markdown: by scenario and transport, each case, and each difference. */
export function outcomesMarkdown(validation: Validation): string {
  const tables = allOutcomeTables(validation).map(
    (table) => `**${table.title}**\n\n${markdownTable(table)}`,
  );
  return `${tables.join('\n\n')}\n`;
}

function markdownTable({ head, rows }: TextTable): string {
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Everything, for programs. */
export function validationJson({ summary, rows, published, outcomes }: Validation): string {
  // A model that has no figure has none in JSON either.
  const withoutNaN = (_: string, value: unknown): unknown => (Number.isNaN(value) ? null : value);
  return `${JSON.stringify({ summary, rows, published, outcomes }, withoutNaN, 2)}\n`;
}

const COLUMNS = [
  'cell',
  'transport',
  'scenario',
  'guestType',
  'quantity',
  'determinedBy',
  'detail',
  'model',
  'recorded',
  'fresh',
  'difference',
  'tolerance',
  'verdict',
  'reason',
] as const;

/**
 * All rows, details included; figures as they are. Published points follow, with their curve as the cell, then each field
 * of what breaks, in words.
 */
export function validationCsv({ rows, published, outcomes }: Validation): string {
  const records = [
    ...rows.map((row) => COLUMNS.map((name) => row[name])),
    ...published.map((row) => {
      const values: Partial<Record<(typeof COLUMNS)[number], unknown>> = {
        cell: `${row.curve}: ${row.point}`,
        quantity: row.unit,
        model: row.model,
        recorded: row.published,
        difference: row.difference,
        tolerance: row.tolerance,
        verdict: row.verdict,
        reason: row.reason,
      };
      return COLUMNS.map((name) => values[name]);
    }),
    ...outcomes.flatMap(({ cell, transport, scenario, guestType, fields }) =>
      fields.map(({ name, model, real, agrees, why }) => {
        const values: Partial<Record<(typeof COLUMNS)[number], unknown>> = {
          cell,
          transport,
          scenario,
          guestType,
          quantity: name,
          model,
          recorded: real,
          verdict: agrees ? 'agrees' : why === undefined ? 'differs' : 'explained',
          reason: why,
        };
        return COLUMNS.map((column) => values[column]);
      }),
    ),
  ];
  return stringify([[...COLUMNS], ...records], {
    escape_formulas: true,
    record_delimiter: '\n',
    cast: {
      boolean: (value) => String(value),
      number: (value) => (Number.isNaN(value) ? '' : String(value)),
    },
  });
}
