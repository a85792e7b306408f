import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UserError } from '../base/errors.js';
import { type AnswerSheet, judgeClaims } from '../judge/claims/judge-claims.js';
import { writeFileAtomically } from '../results/atomic-file.js';
import { cellsToCsv } from '../results/csv.js';
import type { ResultsFile } from '../results/types.js';
import { claimsSection } from './claims/claims-markdown.js';
import { attachDistributions, collectReportData } from './collect.js';
import { renderPage } from './html.js';
import { renderMarkdown } from './markdown.js';
import { PngPainter } from './png.js';
import type { FigureSpec } from './view/chart-spec.js';
import { type Choice, pageModel } from './view/page-body.js';
import { defaultSelection } from './view/selection.js';
import { makeReportFolder, writeBytesAtomically } from './write-bytes.js';

/**
 * Writes a report of one or more runs into a folder: `index.html`, which needs nothing besides itself, a PNG for each
 * figure, `report.md` and `cells.csv`. The same results give the same bytes. Each file is written whole or not at all;
 * `index.html` comes last, so where it is new everything is.
 *
 * @returns the paths written, `index.html` first
 * @throws UserError where there is nothing to report, or the system refuses to write
 */
export async function renderReport(
  results: readonly ResultsFile[],
  outDir: string,
): Promise<readonly string[]> {
  const cells = results.flatMap((file) => file.cells);
  if (cells.length === 0) {
    throw new UserError('there is nothing to report: the results hold no cells', {
      remedy: 'give a results file of a run that measured something',
    });
  }
  makeReportFolder(outDir);
  const data = attachDistributions(collectReportData(results), results);
  const choice = openingChoice(data);
  const model = pageModel(data, choice);
  const figures = model.sections.flatMap((section) => section.figures);
  const images = await paintAll(figures);
  const sheet = answeredClaims(results);
  const section = sheet === undefined ? '' : claimsSection(sheet);
  const written: string[] = [];
  for (const [id, png] of images) {
    written.push(join(outDir, `${id}.png`));
    writeBytesAtomically(join(outDir, `${id}.png`), png);
  }
  const texts: readonly (readonly [name: string, text: string])[] = [
    ['cells.csv', cellsToCsv(cells)],
    ['report.md', renderMarkdown(data, choice, model, section)],
    ['index.html', renderPage(data, choice, model, images, sheet)],
  ];
  for (const [name, text] of texts) {
    const path = join(outDir, name);
    writeFileAtomically(path, [text]);
    written.unshift(path);
  }
  return written;
}

/** The answer sheet, where these results answer anything. */
function answeredClaims(results: readonly ResultsFile[]): AnswerSheet | undefined {
  const sheet = judgeClaims(results);
  return sheet.answers.some(({ verdict }) => verdict !== 'not tested') ? sheet : undefined;
}

/** What a report shows before anybody chooses. */
export function openingChoice(data: Parameters<typeof defaultSelection>[0]): Choice {
  return {
    selection: defaultSelection(data),
    focus: {},
    view: { scale: 'log', relativeTo: '' },
  };
}

/** Many pictures in one go keep the memory of each until the end: the event loop gets a turn between them. */
async function paintAll(figures: readonly FigureSpec[]): Promise<ReadonlyMap<string, Buffer>> {
  const images = new Map<string, Buffer>();
  if (figures.length === 0) return images;
  const painter = new PngPainter();
  for (const figure of figures) {
    images.set(figure.id, painter.paint(figure));
    await nextTurn();
  }
  return images;
}
