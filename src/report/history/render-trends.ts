import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { changeText, plain, shareText } from '../../judge/gate/figure-text.js';
import {
  commitRange,
  directionOf,
  type Trend,
  type TrendChange,
  trendsHeadline,
} from '../../judge/history/trend.js';
import { writeFileAtomically } from '../../results/atomic-file.js';
import { PngPainter } from '../draw/png.js';
import { rawTable, text } from '../markdown.js';
import { metricLabel } from '../view/labels.js';
import { html, Markup } from '../view/markup.js';
import { tableMarkup } from '../view/table-markup.js';
import { makeReportFolder, writeBytesAtomically } from '../write-bytes.js';
import { trendChart } from './trend-chart.js';
import { TRENDS_A_PICTURE, trendFigure } from './trend-figure.js';

/** Beyond so many charts nobody looks: the table has all changes. */
const MOST_CHARTS = 200;

const STYLE = `
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
svg { width: 100%; height: auto; }
figure { margin: 1.5rem 0; }
figcaption { font-weight: 600; overflow-wrap: anywhere; }
.axis { stroke: #777; } .grid { stroke: #7774; }
.course { fill: none; stroke: #0072b2; stroke-width: 1.5; }
.run { fill: #0072b2; } .change { stroke: #d55e00; stroke-width: 2; stroke-dasharray: 5 3; }
.label { font-size: 11px; fill: currentColor; }
table { border-collapse: collapse; } th, td { padding: .2rem .6rem; text-align: left; border-bottom: 1px solid #7774; }
.scroll { overflow-x: auto; } .number { text-align: right; } .hidden { position: absolute; left: -9999px; }
`;

/** Pictures in which figures stand that changed, the first of the page; the page has more. */
const MOST_PICTURES = 4;

/**
 * Writes `index.html`, one file with a chart a figure, `history.md`, the changes as a table, and `trends-1.png` and so on,
 * the first figures as pictures.
 * Figures that changed come first in the order given; of the others, as many as there is room for.
 * @returns the paths written, `index.html` first
 */
export async function renderTrends(
  trends: readonly Trend[],
  runs: number,
  folder: string,
): Promise<readonly string[]> {
  makeReportFolder(folder);
  const page = join(folder, 'index.html');
  const summary = join(folder, 'history.md');
  writeFileAtomically(summary, [markdown(trends, runs)]);
  writeFileAtomically(page, [pageText(trends, runs)]);
  return [page, summary, ...pictures(trends, runs, folder)];
}

/** Of the figures that changed, as far as there is room; where none did, of the first ones. */
function pictures(trends: readonly Trend[], runs: number, folder: string): readonly string[] {
  const changed = trends.filter(({ changes }) => changes.length > 0);
  const drawn = changed.length > 0 ? changed : trends.slice(0, TRENDS_A_PICTURE);
  const paths: string[] = [];
  const painter = new PngPainter();
  for (
    let from = 0;
    from < drawn.length && paths.length < MOST_PICTURES;
    from += TRENDS_A_PICTURE
  ) {
    const id = `trends-${paths.length + 1}`;
    const path = join(folder, `${id}.png`);
    const figure = trendFigure(
      id,
      drawn.slice(from, from + TRENDS_A_PICTURE),
      trendsHeadline(trends, runs),
    );
    writeBytesAtomically(path, painter.paint(figure));
    paths.push(path);
  }
  return paths;
}

const HEAD = ['Figure', 'Change', 'Side', 'Commits', 'First run', 'p', 'Cell'];

function changeRows(trends: readonly Trend[]): readonly (readonly string[])[] {
  return trends.flatMap((trend) =>
    trend.changes.map((change) => [
      trend.metric,
      sizeText(trend, change),
      directionOf(trend, change),
      commitRange(change.commits),
      trend.points[change.index]?.runId ?? '',
      change.p === 0 ? 'exact' : plain(change.p, 2),
      trend.cell,
    ]),
  );
}

function sizeText({ unit }: Trend, { before, after }: TrendChange): string {
  const share = shareText((after - before) / Math.abs(before));
  return `${changeText(before, after, unit)}${share === '' ? '' : ` (${share})`}`;
}

function markdown(trends: readonly Trend[], runs: number): string {
  const rows = changeRows(trends).map((row) => row.map(text));
  const table = rows.length === 0 ? 'No figure changed.' : rawTable(HEAD, rows);
  return `# History\n\n${text(trendsHeadline(trends, runs))}.\n\n${table}\n`;
}

function pageText(trends: readonly Trend[], runs: number): string {
  const hash = createHash('sha256').update(STYLE, 'utf8').digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'`;
  const shown = trends.slice(0, MOST_CHARTS);
  const rows = changeRows(trends);
  const more = trends.length - shown.length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>interdom history</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1>Figures over runs</h1>
<p>${trendsHeadline(trends, runs)}. A dashed line stands where a figure changed its level: the commits that come into question are in the table.</p>
${rows.length === 0 ? html`<p>No figure changed.</p>` : tableMarkup({ caption: 'Changes', columns: HEAD, rows, best: [] })}
${shown.map(
  (trend) => html`<figure>
<figcaption>${metricLabel(trend.metric)} (${trend.metric}): ${trend.cell}${trend.sampled ? ` on ${trend.hostClass}` : ''}</figcaption>
${trendChart(trend)}
</figure>
`,
)}
${more > 0 ? html`<p>${more} more figures are not drawn: choose with --cell and --metric.</p>` : undefined}
</body>
</html>
`.text;
}
