import { emulationNote } from '../results/emulated.js';
import type { ResultsFile } from '../results/types.js';
import { collectReportData } from './collect.js';
import { rawTable, text } from './markdown.js';
import { transportTables } from './render-comparison.js';
import { problemsOf } from './view/breakdown.js';
import { findingsTable } from './view/findings.js';
import { withoutControls } from './view/plain-text.js';
import type { ReportCell } from './view/report-data.js';

/**
 * What `run --format md` prints: a table of figures for each scenario, what became of the cells in which something
 * broke, and what did not come to a figure. Says less than report.md, and needs no pictures.
 */
export function renderRunMarkdown(results: ResultsFile): string {
  const data = collectReportData([results], { samples: true });
  const note = emulationNote(data.cells);
  const parts = [
    ...transportTables(data),
    findingsSection(data.cells),
    note === undefined ? '' : text(note),
    countsSection(data.cells, !results.run.complete),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function findingsSection(cells: readonly ReportCell[]): string {
  const findings = findingsTable(cells);
  if (findings === undefined) return '';
  const { transports, rows } = findings;
  const head = ['Scenario', ...transports].map(text);
  const body = rows.map(({ work, findings: words }) => [work, ...words].map(text));
  return `### What became of it when something broke\n\n${rawTable(head, body)}`;
}

/** "98 cells: 90 valid, 8 skipped.", and each reason once. */
function countsSection(cells: readonly ReportCell[], interrupted: boolean): string {
  const verdicts = [...new Set(cells.map(({ verdict }) => verdict))];
  const counts = verdicts.map(
    (verdict) => `${cells.filter((cell) => cell.verdict === verdict).length} ${verdict}`,
  );
  const state = interrupted ? ' The run was interrupted: not all planned cells are here.' : '';
  const problems = problemsOf(cells).map(({ count, verdict, transport, reason }) =>
    text(`${count} ${verdict}, ${transport}: ${withoutControls(reason)}`),
  );
  const noun = cells.length === 1 ? 'cell' : 'cells';
  const lines = [
    `${cells.length} ${noun}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}.${state}`,
  ];
  return [...lines, ...problems.map((line) => `- ${line}`)].join('\n');
}
