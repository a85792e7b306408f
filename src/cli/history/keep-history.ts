import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import { countText } from '../../base/units.js';
import { parsePattern } from '../../judge/gate/pattern.js';
import { HARNESS_CELL, historyEntry, MAIN_METRICS } from '../../judge/history/history-entry.js';
import { type Trend, trendsOf } from '../../judge/history/trend.js';
import type { Invocation } from '../command.js';
import { HISTORY_ACTIONS, HISTORY_FILE } from '../commands/history.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readRuns } from '../find-runs.js';
import type { OptionValues } from '../options/option-values.js';
import { appendHistory, readExistingHistory, readHistory } from './history-file.js';

/** Carries out `interdom history`. */
export async function keepHistory(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals } = invocation;
  const [word = '', ...names] = positionals;
  const action = HISTORY_ACTIONS.find((one) => one === word);
  if (action === undefined) {
    throw unknownName('an action', word, HISTORY_ACTIONS, 'interdom history');
  }
  const file = options.text('file') ?? HISTORY_FILE;
  if (action === 'add') return addRuns(invocation, file, names);
  if (names.length > 0) {
    throw new UserError(`"${names[0]}" is one word too many`, {
      where: `interdom history ${action}`,
      remedy: 'choose figures with --cell and --metric',
    });
  }
  const entries = readExistingHistory(file);
  const trends = trendsOf(entries, wantedFigures(options));
  if (trends.length === 0) {
    throw new UserError('the history has no figure like that', {
      where: '--cell, --metric',
      remedy: 'leave them out, or see interdom history show --all',
    });
  }
  if (action === 'show') {
    const { showTrends } = await import('./show-trends.js');
    return showTrends(invocation, entries.length, trends);
  }
  const { reportTrends } = await import('./report-trends.js');
  return reportTrends(invocation, entries, trends);
}

async function addRuns(
  { options, terminal }: Invocation,
  file: string,
  names: readonly string[],
): Promise<ExitCode> {
  if (names.length === 0) {
    throw new UserError('interdom history add needs to be told the run', {
      where: 'interdom history add',
      remedy: 'interdom history add latest',
    });
  }
  const metrics = options.list('metric')?.texts;
  for (const results of await readRuns(names)) {
    const history = readHistory(file);
    const entry = historyEntry(results, metrics ?? MAIN_METRICS);
    if (history.entries.some(({ runId }) => runId === entry.runId)) {
      terminal.note(`history: ${file} has the run ${entry.runId} already`);
      continue;
    }
    const cells = Object.keys(entry.cells).filter((id) => id !== HARNESS_CELL).length;
    if (cells === 0) {
      terminal.complain(`interdom: nothing was measured: the run ${entry.runId} has no valid cell`);
      return EXIT.nothingMeasured;
    }
    appendHistory(file, history, entry);
    terminal.note(
      `history: ${file}: ${countText(history.entries.length + 1, 'run')}, ${countText(cells, 'cell')} in this one`,
    );
  }
  return EXIT.ok;
}

function wantedFigures(options: OptionValues): (cell: string, metric: string) => boolean {
  const metrics = options.list('metric')?.texts;
  const text = options.text('cell');
  const pattern = text === undefined ? undefined : parsePattern(text, '--cell');
  return (cell, metric) =>
    (metrics === undefined || metrics.includes(metric)) &&
    (pattern === undefined || (pattern.matchesCell(cell) && pattern.matchesMetric(metric)));
}

/** Trends that changed first, the latest change first; then all others, as they come. */
export function byLatestChange(trends: readonly Trend[]): readonly Trend[] {
  const latest = ({ points, changes }: Trend): string => {
    const last = changes.at(-1);
    return last === undefined ? '' : (points[last.index]?.startedAt ?? '');
  };
  const key = ({ cell, metric }: Trend): string => `${cell}:${metric}`;
  return [...trends].sort((a, b) => {
    const [x, y] = [latest(a), latest(b)];
    if (x !== y) return x < y ? 1 : -1;
    return key(a) < key(b) ? -1 : 1;
  });
}
