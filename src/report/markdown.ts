import { emulationNote } from '../results/emulated.js';
import { shortCommit } from '../results/short-commit.js';
import type { FigureSpec, TableSpec } from './view/chart-spec.js';
import { howSure } from './view/confidence.js';
import { outcomeTable } from './view/evidence.js';
import { shownSentence } from './view/figure-parts.js';
import { metricLabel, workloadOrder } from './view/labels.js';
import type { Choice, PageModel } from './view/page-body.js';
import { withoutControls } from './view/plain-text.js';
import { programTable } from './view/programs.js';
import type { ReportData } from './view/report-data.js';
import { facetsOf, facetText } from './view/selection.js';
import { leadText, sizeNote, type WorkloadVerdict } from './view/verdict.js';
import {
  bestOf,
  elsewhereText,
  levelText,
  summarySentence,
  surenessSentence,
  sureText,
  transportsIn,
} from './view/verdict-markup.js';
import { withoutFigure } from './view/workloads.js';

/** GitHub takes 65,536 characters in a comment; some are left for what is written around the report. */
export const MOST_CHARACTERS = 60_000;
const MOST_TABLE_ROWS = 40;

/**
 * The report as Markdown for a pull request or a mailing list: the most important first, pictures by file name, and cut at
 * the end of a section where it would grow too long.
 *
 * @param claims Markdown of the answer sheet, or nothing
 * @param real Markdown of the model against real Xen, or nothing
 */
export function renderMarkdown(
  data: ReportData,
  choice: Choice,
  model: PageModel,
  claims = '',
  real = '',
): string {
  const verdicts = model.workloads.map(({ verdict }) => verdict);
  const sections = [
    heading(data),
    text(emulationNote(data.cells) ?? ''),
    scoreboard(verdicts, shownSentence(data, choice.selection)),
    sentences(verdicts),
    withoutFigure(data, choice.selection, model.workloads)
      .map((note) => `- No figure: ${text(note)}.`)
      .join('\n'),
    elsewhere(model.elsewhere),
    shownNote(data, choice),
    ...model.sections.map((section) =>
      [`## ${text(section.title)}`, text(section.lead), ...section.figures.map(figure)].join(
        '\n\n',
      ),
    ),
    evidence('Real programs', programTable(data.cells)),
    evidence('Failure and limits', outcomeTable(data)),
    claims,
    real,
  ].filter((section) => section !== '');
  return fit(sections);
}

/** Whole sections as long as they fit; what is left out is said. */
function fit(sections: readonly string[]): string {
  const closing = '\n*Cut here: the rest is in index.html beside this file.*\n';
  let out = '';
  for (const section of sections) {
    if (out.length + section.length + closing.length + 2 > MOST_CHARACTERS) {
      const left = MOST_CHARACTERS - out.length - closing.length - 2;
      const lines = section.slice(0, Math.max(0, left)).split('\n').slice(0, -1).join('\n');
      return `${out}${lines}\n${closing}`;
    }
    out += `${section}\n\n`;
  }
  return `${out.trimEnd()}\n`;
}

/** Text of a results file as Markdown text: nothing in it starts markup, a link, a mention or a table cell. */
export function text(raw: string): string {
  return withoutControls(raw.replace(/[\r\n]+/g, ' '))
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/([\\`*_{}[\]|#!~])/g, '\\$1')
    .replace(/@/g, '&#64;')
    .replace(/(https?|ftp):\/\//gi, '$1:&#47;&#47;')
    .replace(/\b(www)\./gi, '$1&#46;');
}

function heading(data: ReportData): string {
  const runs = data.runs.map((run, i) => {
    const cells = data.cells.filter((cell) => cell.run === i);
    const valid = cells.filter((cell) => cell.verdict === 'valid').length;
    const state = run.complete ? '' : ' **The run was interrupted.**';
    return `- run ${text(run.id)}: ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, ${valid} valid; interdom ${text(run.version)} (${text(shortCommit(run.commit))}), suite ${text(run.suite)}, seed ${run.seed}, ${text(run.host.cpu)}.${state}`;
  });
  return `# Inter-domain transports compared\n\n${runs.join('\n')}`;
}

function scoreboard(verdicts: readonly WorkloadVerdict[], shown: string): string {
  if (verdicts.length === 0)
    return '## Verdict\n\nNo valid cell has a figure by which transports are compared.';
  const transports = transportsIn(verdicts);
  const rows = verdicts.map((verdict) => {
    const figures = transports.map((name) => {
      const standing = bestOf(verdict, name);
      if (standing === undefined) return '-';
      const figureText = text(standing.text);
      return standing.competitor === verdict.winner ? `**${figureText}**` : figureText;
    });
    const lead = leadText(verdict);
    const cause = verdict.cause === '' ? '' : `; ${text(verdict.cause)}`;
    return [
      `${text(verdict.title)} (${text(metricLabel(verdict.metric))}, ${text(verdict.at)})`,
      verdict.winner === undefined
        ? text(lead)
        : `**${text(verdict.winner)}** (${text(lead)})${cause}`,
      levelText(verdict),
      ...figures,
    ];
  });
  const head = ['Workload', 'Lead', 'How sure', ...transports.map(text)];
  const summary = `${summarySentence(verdicts)} ${surenessSentence(verdicts)}`.trim();
  return `## Verdict\n\n${text(shown)}.\n\n${text(summary)}\n\n${rawTable(head, rows)}\n\n${text(`${sizeNote(verdicts)} ${howSure(verdicts)}`.trim())}`;
}

function sentences(verdicts: readonly WorkloadVerdict[]): string {
  return verdicts
    .map((verdict) => {
      const rest = [
        verdict.extent,
        ...verdict.flips.map((flip) => `${flip.sentence}.`),
        verdict.why === '' ? '' : `Why: ${verdict.why}.`,
        `How sure: ${sureText(verdict)}.`,
        verdict.problems === '' ? '' : `Not shown: ${verdict.problems}.`,
      ].filter((part) => part !== '');
      return `- **${text(verdict.title)}** (${text(verdict.at)}): ${text(verdict.headline)}. ${text(rest.join(' '))}`;
    })
    .join('\n');
}

function elsewhere(rows: PageModel['elsewhere']): string {
  if (rows.length < 2) return '';
  const scenarios = [...new Set(rows.flatMap((row) => [...row.verdicts.keys()]))].sort(
    workloadOrder,
  );
  const titles = new Map(rows.flatMap((row) => [...row.verdicts].map(([s, v]) => [s, v.title])));
  const head = ['Where', ...scenarios.map((s) => text(titles.get(s) ?? s))];
  const body = rows.map((row) => [
    text(row.name),
    ...scenarios.map((s) => text(elsewhereText(row.verdicts.get(s)))),
  ]);
  return `### Does it hold elsewhere?\n\n${rawTable(head, body)}`;
}

/** Which of the places of these runs the pictures are of. */
function shownNote(data: ReportData, { selection }: Choice): string {
  const facets = facetsOf(data);
  if (facets.length === 0) return '';
  const shown = facets.map(({ key }) => facetText(data, key, selection[key]));
  const others = facets.map(({ key, values }) => {
    const rest = values.filter((value) => String(value) !== selection[key]);
    return `${key} ${rest.map((value) => facetText(data, key, value)).join(', ')}`;
  });
  return `Pictures show ${text(shown.join(', '))}; also in the results: ${text(others.join('; '))} (\`index.html\` beside this file shows all, \`interdom report --show\` and \`--each\` draw others).`;
}

function figure(spec: FigureSpec): string {
  return [
    `### ${text(spec.title)}`,
    `![${text(spec.title)}](${spec.id}.png)`,
    [...spec.notes.map((note) => `Note: ${text(note)}.`), `Source: ${text(spec.source)}`].join(
      '  \n',
    ),
    table(spec.table),
  ].join('\n\n');
}

function evidence(title: string, spec: TableSpec | undefined): string {
  return spec === undefined ? '' : `## ${title}\n\n${table(spec)}`;
}

function table(spec: TableSpec): string {
  const shown = spec.rows.slice(0, MOST_TABLE_ROWS);
  const rows = shown.map((row, r) =>
    row.map((cell, c) => (spec.best[r] === c ? `**${text(cell)}**` : text(cell))),
  );
  const more = spec.rows.length - shown.length;
  const note = more > 0 ? `\n\n${more} more rows are in index.html.` : '';
  return rawTable(spec.columns.map(text), rows) + note;
}

/** Cells are Markdown already. */
export function rawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}
