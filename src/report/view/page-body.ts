import type { FigureSpec } from './chart-spec.js';
import { verdictsElsewhere } from './elsewhere.js';
import { figureMarkup } from './figure-markup.js';
import { type LineView, shownSentence } from './figure-parts.js';
import { type FigureSection, figureSections } from './figures.js';
import { html, type Markup } from './markup.js';
import type { Focus } from './reference-slot.js';
import type { ReportData } from './report-data.js';
import type { Selection } from './selection.js';
import { type ElsewhereRow, elsewhereMarkup, verdictMarkup } from './verdict-markup.js';
import { type Workload, withoutFigure, workloadsOf } from './workloads.js';

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
  /** The verdicts under other profiles and the like. */
  readonly elsewhere: readonly ElsewhereRow[];
}

export function pageModel(data: ReportData, choice: Choice): PageModel {
  const workloads = workloadsOf(data, choice.selection, choice.focus);
  return {
    workloads,
    sections: figureSections(data, workloads, choice.selection, choice.view),
    elsewhere: verdictsElsewhere(data, choice.selection),
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
  return html`<section id="verdict"><h2>Verdict</h2>
<p class="muted">${shownSentence(data, choice.selection)}.</p>
${verdicts.length === 0 ? html`<p>No valid cell has a figure by which transports are compared under this choice.</p>` : verdictMarkup(verdicts)}
${withoutFigure(data, choice.selection, model.workloads).map((text) => html`<p>No figure: ${text}.</p>`)}
${elsewhereMarkup(model.elsewhere)}
</section>
${model.sections.map(
  (section) => html`<section id="${section.name}"><h2>${section.title}</h2><p>${section.lead}</p>
${section.figures.map((figure) => figureMarkup(figure, imageOf(figure)))}</section>
`,
)}`;
}

/** A section that no choice changes, by its id and title. */
export type FixedSection = readonly [id: string, title: string];

/** Links to the sections that are there. */
export function pageContents(model: PageModel, fixed: readonly FixedSection[]): Markup {
  const items: FixedSection[] = [
    ['verdict', 'Verdict'],
    ...model.sections.map((section): FixedSection => [section.name, section.title]),
    ...fixed,
  ];
  return html`<ol>${items.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ol>`;
}
