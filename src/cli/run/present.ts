import { cellsToCsv } from '../../results/csv.js';
import { resultsText } from '../../results/store.js';
import type { ResultsFile } from '../../results/types.js';
import type { RUN_FORMATS } from '../commands/run.js';
import type { Terminal } from '../terminal.js';

export type RunFormat = (typeof RUN_FORMATS)[number];

/** Prints results in one of the formats that show them as a whole; `ndjson` is printed cell by cell. */
export async function presentResults(
  results: ResultsFile,
  format: Exclude<RunFormat, 'ndjson'>,
  terminal: Terminal,
): Promise<void> {
  const { width, colour } = terminal;
  switch (format) {
    case 'json':
      for (const piece of resultsText(results)) await terminal.print(piece);
      return;
    case 'csv':
      return terminal.print(cellsToCsv(results.cells));
    case 'md': {
      const { renderRunMarkdown } = await import('../../report/render-run-markdown.js');
      return terminal.print(renderRunMarkdown(results));
    }
    case 'table': {
      const { renderRunSummary } = await import('../../report/render-run-summary.js');
      return terminal.print(renderRunSummary(results, { width, colour }));
    }
  }
}
