import { countText } from '../../base/units.js';
import { shareText } from '../../judge/gate/figure-text.js';
import type { Finding, Judgement } from '../../judge/gate/finding.js';
import { terminalTable, wrapText } from '../terminal-table.js';
import { withoutControls } from '../view/plain-text.js';
import { byCell, figureName, headline, parted, whyOf } from './gate-view.js';

export interface GateTerminalOptions {
  readonly width: number;
  readonly colour: boolean;
  /** Cells that are shown with their figures; all others are counted. */
  readonly cells: number;
}

const MOST_FIGURES = 4;
const MOST_CAUSES = 8;
const MOST_CHANGES = 12;
const COLOURS = { regressed: '\u001b[31m', ok: '\u001b[32m', other: '\u001b[33m' } as const;
const PLAIN = '\u001b[0m';

/** What `check` prints: the verdict, what changed in the profiles, main causes, the worst cells. */
export function renderGateSummary(judgement: Judgement, options: GateTerminalOptions): string {
  const { failing, other } = parted(judgement);
  const parts = [
    verdictLine(judgement, options),
    profileLines(judgement, options.width),
    causeTable(judgement, options),
    cellLines(failing, options),
    otherLines(other, options),
    noteLines(judgement, options.width),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function verdictLine(judgement: Judgement, { width, colour }: GateTerminalOptions): string {
  const { verdict, sentence } = judgement;
  const name = headline(judgement);
  const shade = COLOURS[verdict === 'ok' || verdict === 'regressed' ? verdict : 'other'];
  const text = wrapText(`${name}: ${sentence}`, width);
  return `${colour ? text.replace(name, `${shade}${name}${PLAIN}`) : text}\n`;
}

function profileLines({ profileChanges }: Judgement, width: number): string {
  if (profileChanges.length === 0) return '';
  const lines = profileChanges
    .slice(0, MOST_CHANGES)
    .map(({ profile, kind, name, text }) => indented(`${profile}: ${kind} ${name} ${text}`, width));
  const more = profileChanges.length - lines.length;
  if (more > 0) lines.push(`  and ${more} more`);
  return `What decides virtual time has changed:\n${lines.join('\n')}\n`;
}

function causeTable({ causes }: Judgement, { width, colour }: GateTerminalOptions): string {
  if (causes.length === 0) return '';
  const rows = causes
    .slice(0, MOST_CAUSES)
    .map(({ cells, figures, worst, text }) => [
      String(cells),
      String(figures),
      worst.kind,
      shareText(worst.worse) || '-',
      text,
    ]);
  const more = causes.length - rows.length;
  const table = terminalTable(
    {
      title: 'Main causes, and the worst that each has done',
      head: ['Cells', 'Figures', 'Worst', 'By', 'Cause'],
      keys: 0,
      words: [2, 4],
      rows: rows.map((row) => row.map((text) => ({ text }))),
      foot: [],
    },
    width,
    colour,
  );
  return more > 0 ? `${table}and ${more} more causes\n` : table;
}

function cellLines(
  failing: readonly Finding[],
  { cells: most, width }: GateTerminalOptions,
): string {
  const lines = wholeCellLines(
    failing.filter(({ metric }) => metric === undefined),
    width,
  );
  const cells = byCell(failing.filter(({ metric }) => metric !== undefined));
  if (cells.length > most && most > 0) lines.push(`The worst ${most} of ${cells.length} cells`);
  for (const { cell, findings } of cells.slice(0, most)) {
    lines.push(withoutControls(cell));
    const shown = findings.slice(0, MOST_FIGURES);
    for (const finding of shown) {
      const line = `${finding.kind}  ${figureName(finding)}  ${finding.message}`;
      lines.push(indented(line, width));
    }
    if (findings.length > shown.length) {
      lines.push(`  and ${findings.length - shown.length} more figures`);
    }
    const why = whyOf(findings);
    if (why !== '') lines.push(indented(`because: ${why}`, width));
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Whole cells, of which many have the same reason: each reason once. */
function wholeCellLines(findings: readonly Finding[], width: number): string[] {
  const reasons = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.kind}: ${finding.message}`;
    const own = reasons.get(key) ?? [];
    reasons.set(key, own);
    own.push(finding);
  }
  const lines: string[] = [];
  for (const [reason, own] of reasons) {
    lines.push(wrapText(`${own.length} ${own.length === 1 ? 'cell' : 'cells'} ${reason}`, width));
    for (const { cell } of own.slice(0, MOST_FIGURES)) lines.push(`  ${withoutControls(cell)}`);
    if (own.length > MOST_FIGURES) lines.push(`  and ${own.length - MOST_FIGURES} more`);
  }
  return lines;
}

/** Changes that do not fail: counted, with the largest. */
function otherLines(other: readonly Finding[], { width }: GateTerminalOptions): string {
  const kinds = [...new Set(other.map(({ kind }) => kind))];
  const lines = kinds.map((kind) => {
    const own = other.filter((finding) => finding.kind === kind);
    const first = own[0] as Finding;
    const share = shareText(Math.abs(first.worse)).replace('+', '');
    const example = first.metric === undefined ? first.cell : `${first.cell} ${first.metric}`;
    if (kind === 'improved') {
      return wrapText(`${own.length} improved, at most by ${share}: ${example}`, width);
    }
    const what = kind === 'new' ? 'not in the reference' : kind;
    return wrapText(
      `${own.length} ${what}${own.length === 1 ? ':' : ', for example'} ${example}`,
      width,
    );
  });
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function noteLines({ notes, ignored }: Judgement, width: number): string {
  const lines = notes.map((note) => wrapText(`Note: ${note}`, width));
  if (ignored.length > 0) {
    const reasons = [
      ...new Set(ignored.map((one) => `${one.ignored?.reason} (until ${one.ignored?.until})`)),
    ];
    lines.push(
      wrapText(`Ignored: ${countText(ignored.length, 'finding')}: ${reasons.join('; ')}`, width),
    );
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function indented(text: string, width: number): string {
  return `  ${wrapText(text, width - 2, '      ')}`;
}
