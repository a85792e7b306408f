import type { ClaimAnswer } from '../../judge/claims/judge-claim.js';
import type { AnswerSheet } from '../../judge/claims/judge-claims.js';
import { withoutControls } from '../view/plain-text.js';
import {
  besideWords,
  commandsFor,
  flipWords,
  howJudged,
  partWords,
  profileWords,
  realXenWords,
  robustnessWords,
  sheetSource,
  tallyWords,
  verdictWords,
  whyWords,
} from './sheet-words.js';

/** No line is longer: what mailing lists take without wrapping it again. */
const WIDTH = 78;

const WHERE_THE_CELLS_ARE =
  'The cells behind an answer: interdom claims RUN... --only CLAIM, or --format json.';

/**
 * The answer sheet as plain text: the table, what each answer rests on, what was not tested, who
 * should use which. With details, each claim in full instead, and the cells by number.
 */
export function claimsText(sheet: AnswerSheet, details: boolean): string {
  const references = new References();
  const parts = [
    'The V4V proposal (xen-devel, 2012), claim by claim',
    filled(`${sheetSource(sheet)}.`, 0, 0),
    summaryTable(sheet),
    `${tallyWords(sheet)}.`,
    filled(howJudged(), 0, 0),
    ...(details
      ? sheet.answers.map((answer) => detail(answer, references))
      : [reasons(sheet), filled(WHERE_THE_CELLS_ARE, 0, 0), untested(sheet)]),
    choiceTable(sheet),
    references.text(),
  ];
  return `${withoutControlsBut(parts.filter((part) => part !== '').join('\n\n'))}\n`;
}

function reasons({ answers }: AnswerSheet): string {
  const tested = answers.filter(({ verdict }) => verdict !== 'not tested');
  return tested
    .map((answer) => {
      const lines = [
        `${answer.title} [${answer.id}]: ${verdictWords(answer).toUpperCase()}`,
        `${whyWords(answer)}.`,
        ...(besideWords(answer) === '' ? [] : [`Beside: ${besideWords(answer)}.`]),
        ...(realXenWords(answer) === '' ? [] : [`On real Xen: ${realXenWords(answer)}.`]),
        ...(differsByProfile(answer) ? [`Profiles: ${profileWords(answer)}.`] : []),
        ...(answer.robustness === undefined
          ? []
          : [`Prices: ${robustnessWords(answer.robustness)}.`]),
      ];
      return lines.map((line, i) => filled(line, i === 0 ? 0 : 4, 4)).join('\n');
    })
    .join('\n');
}

function differsByProfile({ profiles, verdict }: ClaimAnswer): boolean {
  return profiles.some((one) => one.verdict !== 'not tested' && one.verdict !== verdict);
}

function untested({ answers }: AnswerSheet): string {
  const commands = commandsFor(answers).map((command) => filled(command, 4, 8));
  const measured = ['What was not tested is measured by', ...commands].join('\n');
  const open = answers.flatMap(({ title, verdict, parts }) => {
    if (verdict !== 'not tested') return [];
    const why = parts.find(({ role, run }) => role !== 'context' && run === undefined)?.text;
    return why === undefined ? [] : [filled(`${title}: not tested: ${why}.`, 0, 4)];
  });
  return [...(commands.length === 0 ? [] : [measured]), ...open].join('\n');
}

function withoutControlsBut(text: string): string {
  return text.split('\n').map(withoutControls).join('\n');
}

function summaryTable(sheet: AnswerSheet): string {
  const drawn = sheet.draws > 0;
  const rows = sheet.answers.map((answer) => [
    answer.title,
    verdictWords(answer),
    ...(drawn ? [flipWords(answer)] : []),
  ]);
  return columns(['claim', 'answer', ...(drawn ? ['flips'] : [])], rows);
}

function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function detail(answer: ClaimAnswer, references: References): string {
  const head = `${answer.title} [${answer.id}]: ${verdictWords(answer).toUpperCase()}`;
  const lines = [filled(head, 0, 2), filled(`${answer.statement} (${answer.place})`, 2, 2)];
  if (answer.dependsOn.length > 0) {
    lines.push(filled(`It depends on ${answer.dependsOn.join('; ')}.`, 2, 2));
  }
  for (const part of answer.parts) {
    const numbers = references.numbersOf(part.telling);
    lines.push(filled(`- ${partWords(part)}${numbers === '' ? '' : ` ${numbers}`}`, 2, 4));
  }
  const profiles = profileWords(answer);
  if (profiles !== '') lines.push(filled(`Profiles: ${profiles}.`, 2, 2));
  const real = realXenWords(answer);
  if (real !== '') lines.push(filled(`On real Xen: ${real}.`, 2, 2));
  if (answer.robustness !== undefined) {
    lines.push(filled(`Prices: ${robustnessWords(answer.robustness)}.`, 2, 2));
  }
  if (answer.note !== undefined) lines.push(filled(`Note: ${answer.note}`, 2, 2));
  return lines.join('\n');
}

function choiceTable(sheet: AnswerSheet): string {
  if (sheet.choices.length === 0) return '';
  const rows = sheet.choices.map(({ need, use, because }) => {
    const head = `${need.padEnd(42)}${use}`;
    return `${head.trimEnd()}\n${filled(because, 4, 4)}`;
  });
  return [
    'Who should use which',
    ...rows,
    ...sheet.knownBesides.map((text) => filled(text, 0, 0)),
  ].join('\n');
}

/** Words in lines of at most WIDTH; a cell's id may be broken behind a comma or a slash. */
function filled(text: string, first: number, rest: number): string {
  const lines: string[] = [];
  let line = ' '.repeat(first);
  let isEmpty = true;
  for (const word of text.split(' ')) {
    for (const piece of pieces(word, WIDTH - rest)) {
      const gap = isEmpty || piece.glued ? '' : ' ';
      if (!isEmpty && line.length + gap.length + piece.text.length > WIDTH) {
        lines.push(line);
        line = ' '.repeat(rest) + piece.text;
      } else {
        line += gap + piece.text;
      }
      isEmpty = false;
    }
  }
  return [...lines, line].join('\n');
}

/** A word that fits a line stays whole; a longer one is broken where it may be, or anywhere. */
function pieces(word: string, room: number): readonly { text: string; glued: boolean }[] {
  if (word.length <= room) return [{ text: word, glued: false }];
  const parts = word.match(/[^,/]{1,40}[,/]?|[,/]/g) ?? [word];
  return parts.map((text, i) => ({ text, glued: i > 0 }));
}

/** Cells that the text speaks of, by number. */
class References {
  private readonly numbers = new Map<string, number>();

  numbersOf(ids: readonly string[]): string {
    const own = ids.map((id) => {
      const number = this.numbers.get(id) ?? this.numbers.size + 1;
      this.numbers.set(id, number);
      return number;
    });
    return own.length === 0 ? '' : `[${own.join(', ')}]`;
  }

  text(): string {
    if (this.numbers.size === 0) return '';
    const lines = [...this.numbers].map(([id, number]) => filled(`[${number}] ${id}`, 0, 6));
    return ['Cells', ...lines].join('\n');
  }
}
