import {
  type OutcomeRow,
  summariseOutcomes,
  type Validation,
} from '../../judge/validation/validation.js';
import type { RowChoice, TextTable } from './text-table.js';

/** What breaks, and where both sides differ: by scenario and transport, or cell by cell. */
export function outcomeTables(
  { outcomes }: Validation,
  { all }: Pick<RowChoice, 'all'>,
): readonly TextTable[] {
  const rows = inOrder(outcomes);
  const tables = [all ? cellTable(rows) : groupTable(rows), differenceTable(rows)];
  return tables.filter(({ rows }) => rows.length > 0);
}

/** What breaks, as a document shows it: by scenario and transport, every case, and where both sides differ. */
export function allOutcomeTables({ outcomes }: Validation): readonly TextTable[] {
  const rows = inOrder(outcomes);
  const tables = [groupTable(rows), caseTable(rows), differenceTable(rows)];
  return tables.filter(({ rows }) => rows.length > 0);
}

/** Fields of the outcome that tell most, beside the finding. All are compared. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  'broker-outage': ['newConnection', 'afterRepair', 'existingConnection'],
  'symmetric-crash': ['endsTold', 'framesStuck', 'otherCanBeDestroyed'],
  'destroy-order': ['clientTold', 'framesStuck', 'goneWithTheClient'],
  'channel-depletion': ['connections', 'stoppedBy'],
};

const TRANSPORTS = ['v4v', 'libvchan', 'v2v'];

/** By scenario and transport, whichever file has which; otherwise as they come. */
function inOrder(outcomes: readonly OutcomeRow[]): readonly OutcomeRow[] {
  const scenarios = Object.keys(TELLING);
  return [...outcomes].sort(
    (a, b) =>
      scenarios.indexOf(a.scenario) - scenarios.indexOf(b.scenario) ||
      TRANSPORTS.indexOf(a.transport) - TRANSPORTS.indexOf(b.transport),
  );
}

const SAME = 'model and real Xen found the same, but where both are named';

function cellTable(outcomes: readonly OutcomeRow[]): TextTable {
  return {
    title: `What breaks, cell by cell: ${SAME}`,
    head: ['cell', 'found', 'verdict'],
    rows: outcomes.map((row) => [row.cell, foundText(row), row.verdict]),
  };
}

/** A row for a case, a column for a transport: what both sides found, or each of them. */
function caseTable(outcomes: readonly OutcomeRow[]): TextTable {
  const transports = [...new Set(outcomes.map(({ transport }) => transport))];
  const cases = new Map<string, Map<string, string>>();
  for (const row of outcomes) {
    const name = row.cell.slice(row.transport.length + 1);
    const texts = cases.get(name) ?? new Map<string, string>();
    cases.set(name, texts.set(row.transport, foundText(row)));
  }
  return {
    title: `What breaks, case by case: ${SAME}`,
    head: ['case', ...transports],
    rows: [...cases].map(([name, texts]) => [
      name,
      ...transports.map((transport) => texts.get(transport) ?? '-'),
    ]),
  };
}

/** "zombie; client told: false; frames stuck: 3", "connections: model 328, real Xen 327 (explained)". */
function foundText({ scenario, fields, verdict, reason }: OutcomeRow): string {
  if (verdict === 'not compared') return reason ?? '';
  const telling = ['finding', ...(TELLING[scenario] ?? [])];
  const shown = fields.filter(({ name, agrees }) => !agrees || telling.includes(name));
  return [...shown]
    .sort((a, b) => telling.indexOf(a.name) - telling.indexOf(b.name))
    .map(({ name, model, real, agrees, why }) => {
      const word = inWords(name);
      if (agrees) return name === 'finding' ? real : `${word}: ${real}`;
      return `${word}: model ${model}, real Xen ${real} (${why === undefined ? 'NOT EXPLAINED' : 'explained'})`;
    })
    .join('; ');
}

/** "framesStuck" as "frames stuck". */
function inWords(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

function groupTable(outcomes: readonly OutcomeRow[]): TextTable {
  const groups = new Map<string, OutcomeRow[]>();
  for (const row of outcomes) {
    const key = `${row.scenario} ${row.transport}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return {
    title: 'What breaks: model and real Xen',
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

function differenceTable(outcomes: readonly OutcomeRow[]): TextTable {
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
