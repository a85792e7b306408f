import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UserError } from '../base/errors.js';
import { type AnswerSheet, judgeClaims } from '../judge/claims/judge-claims.js';
import { writeFileAtomically } from '../results/atomic-file.js';
import { csvPieces } from '../results/csv.js';
import type { ResultsFile } from '../results/types.js';
import { claimsSection } from './claims/claims-markdown.js';
import { attachDistributions, collectReportData } from './collect.js';
import { PngPainter } from './draw/png.js';
import { SvgPainter } from './draw/svg.js';
import { renderPage } from './html.js';
import { renderMarkdown } from './markdown.js';
import { validationMarkdown } from './validation/render-validation.js';
import { REPORTED, validationOf } from './validation/report-validation.js';
import { placesOf } from './view/elsewhere.js';
import { figureId } from './view/figure-parts.js';
import { type Choice, type PageModel, pageModel } from './view/page-body.js';
import { type defaultSelection, wantedSelection } from './view/selection.js';
import { makeReportFolder, writeBytesAtomically } from './write-bytes.js';

export interface ReportOptions {
  /** What the page opens with and pictures show, by facet ("profile": "zen4-2023"); the rest is chosen. */
  readonly show?: Readonly<Record<string, string>>;
  /** Pictures of every testbed, profile and guest type besides, in a folder each. */
  readonly each?: boolean;
}

/**
 * Writes a report of one or more runs into a folder: `index.html`, which needs nothing besides itself, a PNG and an SVG for each
 * figure, `report.md` and `cells.csv`. The same results give the same bytes. Each file is written whole or not at all;
 * `index.html` comes last, so where it is new everything is.
 *
 * @returns the paths written, `index.html` first
 * @throws UserError where there is nothing to report or to show, or the system refuses to write
 */
export async function renderReport(
  results: readonly ResultsFile[],
  outDir: string,
  { show = {}, each = false }: ReportOptions = {},
): Promise<readonly string[]> {
  const cells = results.flatMap((file) => file.cells);
  if (cells.length === 0) {
    throw new UserError('there is nothing to report: the results hold no cells', {
      remedy: 'give a results file of a run that measured something',
    });
  }
  const data = attachDistributions(collectReportData(results), results);
  const choice = openingChoice(data, show);
  makeReportFolder(outDir);
  const model = pageModel(data, choice);
  const painter = new Painter();
  const { images, written } = await painter.paintInto(outDir, model);
  if (each) {
    for (const { name, selection } of placesOf(data, choice.selection)) {
      const folder = join(outDir, figureId(name));
      makeReportFolder(folder);
      const other = await painter.paintInto(folder, pageModel(data, { ...choice, selection }));
      written.push(...other.written);
    }
  }
  const sheet = answeredClaims(results);
  const section = sheet === undefined ? '' : claimsSection(sheet);
  const validation = validationOf(results);
  const real =
    validation === undefined
      ? ''
      : `## Model against real Xen\n\n${validationMarkdown(validation, REPORTED).trimEnd()}`;
  const texts: readonly (readonly [name: string, pieces: Iterable<string>])[] = [
    ['cells.csv', csvPieces(cells)],
    ['report.md', [renderMarkdown(data, choice, model, section, real)]],
    ['index.html', [renderPage(data, choice, model, images, { claims: sheet, validation })]],
  ];
  for (const [name, pieces] of texts) {
    const path = join(outDir, name);
    writeFileAtomically(path, pieces);
    written.unshift(path);
  }
  return written;
}

/** The answer sheet, where these results answer anything. */
function answeredClaims(results: readonly ResultsFile[]): AnswerSheet | undefined {
  const sheet = judgeClaims(results);
  return sheet.answers.some(({ verdict }) => verdict !== 'not tested') ? sheet : undefined;
}

/** What a report shows before anybody chooses. Throws UserError for what these runs do not have. */
export function openingChoice(
  data: Parameters<typeof defaultSelection>[0],
  show: Readonly<Record<string, string>> = {},
): Choice {
  return {
    selection: wantedSelection(data, show, '--show'),
    focus: {},
    view: { scale: 'log', relativeTo: '' },
  };
}

/** Draws the pictures of a choice. What draws is loaded with the first picture: most commands draw nothing. */
class Painter {
  private png: PngPainter | undefined;
  private svg: SvgPainter | undefined;

  /** Many pictures in one go keep the memory of each until the end: the event loop gets a turn between them. */
  async paintInto(
    folder: string,
    { sections }: PageModel,
  ): Promise<{ images: ReadonlyMap<string, Buffer>; written: string[] }> {
    const images = new Map<string, Buffer>();
    const written: string[] = [];
    for (const figure of sections.flatMap((section) => section.figures)) {
      this.png ??= new PngPainter();
      this.svg ??= new SvgPainter();
      const png = this.png.paint(figure);
      const [raster, vector] = ['png', 'svg'].map((kind) => join(folder, `${figure.id}.${kind}`));
      writeBytesAtomically(raster as string, png);
      writeFileAtomically(vector as string, [this.svg.paint(figure)]);
      images.set(figure.id, png);
      written.push(raster as string, vector as string);
      await nextTurn();
    }
    return { images, written };
  }
}
