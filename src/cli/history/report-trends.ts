import type { HistoryEntry } from '../../judge/history/history-entry.js';
import type { Trend } from '../../judge/history/trend.js';
import { renderTrends } from '../../report/history/render-trends.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { byLatestChange } from './keep-history.js';

/** Draws the figures of a history into a folder. */
export async function reportTrends(
  { options, terminal }: Invocation,
  entries: readonly HistoryEntry[],
  trends: readonly Trend[],
): Promise<ExitCode> {
  const folder = options.text('out') ?? 'reports/out/history';
  const paths = await renderTrends(byLatestChange(trends), entries.length, folder);
  for (const path of paths.slice(0, 1)) terminal.note(`report: ${path}`);
  return EXIT.ok;
}
