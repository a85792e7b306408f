import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { invariant } from '../base/errors.js';
import type { AnswerSheet } from '../judge/claims/judge-claims.js';
import type { Validation } from '../judge/validation/validation.js';
import { emulationNote } from '../results/emulated.js';
import { shortCommit } from '../results/short-commit.js';
import { claimsMarkup } from './claims/claims-markup.js';
import { joinModules } from './page-script.js';
import { packData } from './payload.js';
import { validationMarkup } from './validation/report-validation.js';
import { cellColumns } from './view/cell-columns.js';
import type { FigureSpec, TableSpec } from './view/chart-spec.js';
import { outcomeTable } from './view/evidence.js';
import { byImportance } from './view/importance.js';
import { present } from './view/labels.js';
import { html, Markup } from './view/markup.js';
import {
  type Choice,
  type FixedSection,
  type PageModel,
  pageBody,
  pageContents,
} from './view/page-body.js';
import { programTable } from './view/programs.js';
import type { ReportData } from './view/report-data.js';
import { tableMarkup } from './view/table-markup.js';

const ASSETS = new URL('../../../assets/report/', import.meta.url);

/** Rows of the table of cells for readers without scripts. */
const STATIC_ROWS = 200;

/** What was judged from the results, where they answer anything. */
export interface Judged {
  readonly claims?: AnswerSheet | undefined;
  readonly validation?: Validation | undefined;
}

/**
 * The whole page: no file besides, no network. Pictures, styles, scripts and data are inside; the content policy allows
 * these scripts and this style by their hashes, and nothing else.
 *
 * @param images PNGs by id of the figure, shown where scripts are off
 * @param judged what follows no choice
 */
export function renderPage(
  data: ReportData,
  choice: Choice,
  model: PageModel,
  images: ReadonlyMap<string, Buffer>,
  judged: Judged = {},
): string {
  const style = readFileSync(new URL('page.css', ASSETS), 'utf8');
  const scripts = [chartLibrary(), joinModules(new URL('page.js', ASSETS))];
  for (const script of scripts)
    invariant(!/<\/script/i.test(script), 'a script would end its element');
  const important = byImportance(data, model.workloads);
  const packed = packData(data, important);
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashSource).join(' ')}`,
    `style-src ${hashSource(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const imageOf = (figure: FigureSpec) => {
    const png = images.get(figure.id);
    return png && { url: `data:image/png;base64,${png.toString('base64')}`, width: pngWidth(png) };
  };
  const evidence = fixedSections(data, important, judged);
  const settings = { choice, cells: packed.cells, of: data.cells.length, omitted: packed.omitted };
  const title = `interdom report: ${data.runs.map((run) => run.id).join(', ')}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#verdict">Skip to the verdict</a>
<header>
<h1>Inter-domain transports compared</h1>
${provenance(data)}
</header>
<nav id="contents" aria-label="Sections">${pageContents(
    model,
    evidence.map(({ link }) => link),
  )}</nav>
<details id="choices" class="choices" open hidden><summary>What to show</summary><form id="controls" class="controls" aria-label="What to show"></form></details>
<main>
<div id="content">
${pageBody(data, choice, model, imageOf)}
</div>
${evidence.map(
  ({ link: [id, title], content }) => html`<section id="${id}"><h2>${title}</h2>
${content}</section>
`,
)}</main>
<footer><p class="muted">${packed.omitted.map((note) => html`${note}; `)}the results file and <code>cells.csv</code> beside this page have every digit.</p></footer>
<p id="status" class="hidden" role="status"></p>
<script type="application/json" id="settings">${jsonText(settings)}</script>
<script type="application/octet-stream" id="data">${packed.base64}</script>
${scripts.map((script) => new Markup(`<script>${script}</script>\n`))}</body>
</html>
`.text;
}

interface FixedContent {
  readonly link: FixedSection;
  readonly content: Markup;
}

/** What follows no choice, in the order of the page. */
function fixedSections(
  data: ReportData,
  important: readonly ReportData['cells'][number][],
  { claims, validation }: Judged,
): readonly FixedContent[] {
  const outcomes = outcomeTable(data);
  const programs = programTable(data.cells);
  const sections: (FixedContent | undefined)[] = [
    programs && { link: ['programs', 'Real programs'], content: tableMarkup(programs) },
    outcomes && { link: ['failure', 'Failure and limits'], content: tableMarkup(outcomes) },
    claims && { link: ['claims', 'Claims of the V4V proposal'], content: claimsMarkup(claims) },
    validation && {
      link: ['real-xen', 'Model against real Xen'],
      content: validationMarkup(validation),
    },
    {
      link: ['every-number', 'Every number'],
      content: html`<div id="cells">${staticCells(data, important)}</div>\n`,
    },
  ];
  return present(sections);
}

/** JSON that cannot end its script element, whatever strings it holds. */
export function jsonText(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value)
      .replace(/</g, '\\u003c')
      .replace(/>/g, '\\u003e')
      .replace(/&/g, '\\u0026')
      .replace(/\u2028/g, '\\u2028')
      .replace(/\u2029/g, '\\u2029'),
  );
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

function chartLibrary(): string {
  const require = createRequire(import.meta.url);
  const main = require.resolve('chart.js');
  return readFileSync(join(dirname(main), 'chart.umd.min.js'), 'utf8').replace(
    /\n\/\/# sourceMappingURL=.*\s*$/,
    '\n',
  );
}

/** From the header of the file; pictures are made for screens of one and a half dots a pixel. */
function pngWidth(png: Buffer): number {
  return Math.round(png.readUInt32BE(16) / 1.5);
}

function provenance(data: ReportData): Markup {
  const note = emulationNote(data.cells);
  return html`${note === undefined ? '' : html`<p class="emulated">${note}</p>`}<ul class="runs">${data.runs.map(
    (run, i) => {
      const cells = data.cells.filter((cell) => cell.run === i);
      const counts = new Map<string, number>();
      for (const cell of cells) counts.set(cell.verdict, (counts.get(cell.verdict) ?? 0) + 1);
      const verdicts = [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
      const state = run.complete ? '' : ' The run was interrupted: not all planned cells are here.';
      return html`<li>Run <strong>${run.id}</strong>, started ${run.startedAt.replace(/\.\d+Z$/, 'Z')}: ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'} (${verdicts}), interdom ${run.version} (${shortCommit(run.commit)}), suite ${run.suite}, seed ${run.seed}, ${run.host.cpu}, Node ${run.host.node}.${state}</li>`;
    },
  )}</ul>`;
}

function staticCells(data: ReportData, important: readonly ReportData['cells'][number][]): Markup {
  const columns = cellColumns(data).filter((column) => column.usual);
  const shown = important.slice(0, STATIC_ROWS);
  const table: TableSpec = {
    caption:
      shown.length < important.length
        ? `The ${shown.length} most important of ${important.length} cells; the rest needs scripts, or cells.csv`
        : `All ${important.length} cells`,
    columns: columns.map((column) => column.label),
    rows: shown.map((cell) => columns.map((column) => column.text(cell))),
    best: [],
  };
  return tableMarkup(table);
}
