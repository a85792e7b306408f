import { countText } from '../../base/units.js';
import { shareText } from '../../judge/gate/figure-text.js';
import type { Judgement } from '../../judge/gate/finding.js';
import { MOST_CHARACTERS, rawTable, text } from '../markdown.js';
import { byCell, figureName, headline, parted, whyOf } from './gate-view.js';

const MOST_CAUSES = 20;
const MOST_FIGURES = 3;

/**
 * The judgement as Markdown, the worst first, cut at a whole row so that it fits a comment on GitHub
 * (65,536 characters) and leaves others room in a job summary (1 MiB).
 */
export function renderGateMarkdown(judgement: Judgement, most = MOST_CHARACTERS): string {
  const { failing, other } = parted(judgement);
  const head = [
    `## interdom check: ${headline(judgement)}`,
    text(`${judgement.sentence}.`),
    changedPrices(judgement),
    causes(judgement),
    notes(judgement),
  ].filter((part) => part !== '');
  let out = `${head.join('\n\n')}\n`;
  for (const [title, findings] of [
    ['Worst first', failing],
    ['Also changed', other],
  ] as const) {
    const cells = byCell(findings);
    if (cells.length === 0) continue;
    const opening = `\n### ${title}\n\n${rawTable(['Cell', 'What', 'Figure', 'Why'], [])}\n`;
    if (out.length + opening.length > most) break;
    out += opening;
    let shown = 0;
    for (const { cell, findings: own } of cells) {
      const row = rowOf(cell, own);
      if (out.length + row.length + 200 > most) break;
      out += row;
      shown++;
    }
    if (shown < cells.length) out += `\n${cells.length - shown} more cells are left out here.\n`;
  }
  return out;
}

function rowOf(cell: string, findings: ReturnType<typeof byCell>[number]['findings']): string {
  const shown = findings.slice(0, MOST_FIGURES);
  const more = findings.length - shown.length;
  const figures = shown.map((finding) => `${text(figureName(finding))}: ${text(finding.message)}`);
  if (more > 0) figures.push(`and ${more} more`);
  const kinds = [...new Set(findings.map(({ kind }) => kind))].join(', ');
  return `| ${text(cell)} | ${kinds} | ${figures.join('<br>')} | ${text(whyOf(findings))} |\n`;
}

function changedPrices({ profileChanges }: Judgement): string {
  if (profileChanges.length === 0) return '';
  const lines = profileChanges
    .slice(0, MOST_CAUSES)
    .map(
      ({ profile, kind, name, text: what }) => `- ${text(`${profile}: ${kind} ${name} ${what}`)}`,
    );
  const more = profileChanges.length - lines.length;
  if (more > 0) lines.push(`- and ${more} more`);
  return `What decides virtual time has changed:\n\n${lines.join('\n')}`;
}

function causes({ causes: groups }: Judgement): string {
  if (groups.length === 0) return '';
  const rows = groups
    .slice(0, MOST_CAUSES)
    .map(({ text: what, cells, figures, worst }) => [
      text(what),
      String(cells),
      String(figures),
      text(`${worst.kind} ${shareText(worst.worse)}`.trim()),
    ]);
  return `### Main causes\n\n${rawTable(['Cause', 'Cells', 'Figures', 'Worst'], rows)}`;
}

function notes({ notes: all, ignored }: Judgement): string {
  const lines = all.map((note) => `- ${text(note)}`);
  if (ignored.length > 0)
    lines.push(`- ignored by the policy: ${countText(ignored.length, 'finding')}`);
  return lines.join('\n');
}
