import type { Finding, Judgement } from '../../judge/gate/finding.js';
import { fullMessage, headline, type Locate, parted } from './gate-view.js';

/** GitHub shows so many annotations of each kind of one step, and drops the rest unseen. */
const MOST_OF_A_KIND = 10;
const MOST_CHARACTERS = 4000;

/**
 * Workflow commands for GitHub Actions: an annotation a cell, the worst first, at the line of the
 * reference where there is one; where there are too many, the last one says so.
 */
export function renderGithubAnnotations(judgement: Judgement, locate: Locate): string {
  const { failing, other } = parted(judgement);
  const lines: string[] = [];
  const level = judgement.verdict === 'ok' ? 'notice' : 'error';
  const title = `interdom check: ${headline(judgement)}`;
  lines.push(command(level, { title }, judgement.sentence));
  const room = level === 'error' ? MOST_OF_A_KIND - 1 : MOST_OF_A_KIND;
  lines.push(...annotations('error', onePerCell(failing), room, locate));
  const noticeRoom = level === 'notice' ? MOST_OF_A_KIND - 1 : MOST_OF_A_KIND;
  lines.push(...annotations('notice', onePerCell(other), noticeRoom, locate));
  for (const note of judgement.notes.slice(0, MOST_OF_A_KIND)) {
    lines.push(command('warning', { title: 'interdom check' }, note));
  }
  return `${lines.join('\n')}\n`;
}

function annotations(
  level: 'error' | 'notice',
  findings: readonly Finding[],
  room: number,
  locate: Locate,
): readonly string[] {
  const shown = findings.length > room ? room - 1 : room;
  const lines = findings.slice(0, shown).map((finding) => {
    const place = locate(finding);
    const properties: Record<string, string> =
      place === undefined ? {} : { file: place.file, line: String(place.line) };
    properties['title'] = `${finding.kind}: ${finding.cell}`;
    return command(level, properties, fullMessage(finding));
  });
  const more = findings.length - lines.length;
  if (more > 0) lines.push(command(level, {}, `${more} more cells: see the job summary`));
  return lines;
}

function onePerCell(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ cell }) => !seen.has(cell) && seen.add(cell));
}

function command(
  level: string,
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const listed = Object.entries(properties).map(
    ([name, value]) => `${name}=${escaped(value).replace(/:/g, '%3A').replace(/,/g, '%2C')}`,
  );
  const head = listed.length === 0 ? `::${level}` : `::${level} ${listed.join(',')}`;
  return `${head}::${escaped(message.slice(0, MOST_CHARACTERS))}`;
}

/** As the runner reads it back: a line end in a message would end the command. */
function escaped(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}
