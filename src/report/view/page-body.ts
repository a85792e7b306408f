import type { FigureSpec } from './chart-spec.js';
import { verdictsElsewhere } from './elsewhere.js';
import { modelAgainstXen, outcomeTable } from './evidence.js';
import { figureMarkup } from './figure-markup.js';
import type { LineView } from './figure-parts.js';
import { type FigureSection, figureSections } from './figures.js';
import { html, type Markup } from './markup.js';
import type { Focus } from './reference-slot.js';
import type { ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { tableMarkup } from './table-markup.js';
import { elsewhereMarkup, verdictMarkup } from './verdict-markup.js';
import { type Workload, workloadsOf } from './workloads.js';

/** What a reader has chosen; every part of the page follows from it. */
export interface Choice {
  readonly selection: Selection;
  readonly focus: Focus;
  readonly view: LineView;
}

/** The page under a choice, before it is HTML. */
export interface PageModel {
  readonly workloads: readonly Workload[];
  readonly sections: readonly FigureSection[];
}

export function pageModel(data: ReportData, choice: Choice): PageModel {
  const workloads = workloadsOf(data, choice.selection, choice.focus);
  return {
    workloads,
    sections: figureSections(data, workloads, choice.selection, choice.view),
  };
}

/** The image of a figure for readers without scripts. */
export type ImageOf = (figure: FigureSpec) => { url: string; width: number } | undefined;

/** All sections that depend on the choice, in the order of the page. */
export function pageBody(
  data: ReportData,
  choice: Choice,
  model: PageModel,
  imageOf: ImageOf,
): Markup {
  const verdicts = model.workloads.map(({ verdict }) => verdict);
  const outcomes = outcomeTable(data);
  const real = modelAgainstXen(data);
  return html`<section id="verdict"><h2>Verdict</h2>
${verdicts.length === 0 ? html`<p>No valid cell has a figure under this choice.</p>` : verdictMarkup(verdicts)}
${elsewhereMarkup(verdictsElsewhere(data, choice.selection))}
</section>
${model.sections.map(
  (section) => html`<section id="${section.name}"><h2>${section.title}</h2><p>${section.lead}</p>
${section.figures.map((figure) => figureMarkup(figure, imageOf(figure)))}</section>
`,
)}
${outcomes === undefined ? undefined : html`<section id="failure"><h2>Failure and limits</h2>${tableMarkup(outcomes)}</section>`}
${real === undefined ? undefined : html`<section id="real-xen"><h2>Model against real Xen</h2>${tableMarkup(real)}</section>`}`;
}

/** Links to the sections that are there. */
export function pageContents(data: ReportData, model: PageModel, hasClaims: boolean): Markup {
  const items: [string, string][] = [['verdict', 'Verdict']];
  for (const section of model.sections) items.push([section.name, section.title]);
  if (outcomeTable(data) !== undefined) items.push(['failure', 'Failure and limits']);
  if (modelAgainstXen(data) !== undefined) items.push(['real-xen', 'Model against real Xen']);
  if (hasClaims) items.push(['claims', 'Claims of the proposal']);
  items.push(['every-number', 'Every number']);
  return html`<ol>${items.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ol>`;
}
