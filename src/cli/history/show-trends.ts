import { changeText, plain, shareText } from '../../judge/gate/figure-text.js';
import {
  commitRange,
  directionOf,
  type Trend,
  type TrendChange,
  trendsHeadline,
} from '../../judge/history/trend.js';
import { sparkline } from '../../report/terminal-table.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { figureTable } from '../figure-table.js';
import { byLatestChange } from './keep-history.js';

const MOST_ROWS = 60;
const SPARKS = 24;

/** Prints the figures that changed, with the commits that come into question. */
export async function showTrends(
  { options, terminal }: Invocation,
  runs: number,
  trends: readonly Trend[],
): Promise<ExitCode> {
  if (options.word('format', ['table', 'json']) === 'json') {
    await terminal.print(`${JSON.stringify(trends, null, 1)}\n`);
    return EXIT.ok;
  }
  const ordered = byLatestChange(trends);
  const shown = options.flag('all') ? ordered : ordered.filter(({ changes }) => changes.length > 0);
  const head = `${trendsHeadline(trends, runs)}\n`;
  if (shown.length === 0) {
    await terminal.print(head);
    return EXIT.ok;
  }
  const rows = shown.slice(0, MOST_ROWS).map((trend) => {
    const last = trend.changes.at(-1);
    const texts = [
      trend.metric,
      String(trend.points.length),
      String(trend.changes.length),
      sparkline(trend.points.slice(-SPARKS).map(({ value }) => value)),
      last === undefined ? 'no change' : describeChange(trend, last),
    ];
    return { cell: trend.cell, texts };
  });
  const table = figureTable(['figure', 'runs', 'changes', 'course', 'latest change'], rows);
  const more = shown.length > MOST_ROWS ? `and ${shown.length - MOST_ROWS} more\n` : '';
  await terminal.print(`${head}\n${table}${more}`);
  return EXIT.ok;
}

/** "12.4 -> 12.6 us (+1.5 %, worse) in 1a2b3c4d5e6f..0f1e2d3c4b5a". */
export function describeChange(trend: Trend, change: TrendChange): string {
  const { before, after, commits, p } = change;
  const share = shareText((after - before) / Math.abs(before));
  const how = [share, directionOf(trend, change)].filter((part) => part !== '').join(', ');
  const chance = p === 0 ? '' : `, p ${plain(p, 2)}`;
  return `${changeText(before, after, trend.unit)} (${how}) in ${commitRange(commits)}${chance}`;
}
