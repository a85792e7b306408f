import type { ClaimAnswer } from '../../judge/claims/judge-claim.js';
import type { AnswerSheet } from '../../judge/claims/judge-claims.js';
import { rawTable, text } from '../markdown.js';
import {
  flipWords,
  howJudged,
  partWords,
  profileWords,
  realXenWords,
  robustnessWords,
  sheetSource,
  tallyWords,
  verdictWords,
} from './sheet-words.js';

/** The whole sheet as Markdown: for `interdom claims --format md`. */
export function claimsMarkdown(sheet: AnswerSheet): string {
  const sections = [
    '# The V4V proposal, claim by claim',
    text(`${sheetSource(sheet)}.`),
    claimsTable(sheet),
    text(`${tallyWords(sheet)}. ${howJudged()}`),
    ...sheet.answers.map(detail),
    choicesSection(sheet, '##'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** What a report shows of it: the table, what each answer rests on in one line, the choices. */
export function claimsSection(sheet: AnswerSheet): string {
  return [
    '## The claims of the V4V proposal',
    text(`${tallyWords(sheet)}. ${howJudged()}`),
    claimsTable({
      ...sheet,
      answers: sheet.answers.filter(({ verdict }) => verdict !== 'not tested'),
    }),
    choicesSection(sheet, '###'),
  ].join('\n\n');
}

function claimsTable(sheet: AnswerSheet): string {
  const drawn = sheet.draws > 0;
  const head = ['Claim', 'Answer', ...(drawn ? ['Flips'] : []), 'Why'];
  const rows = sheet.answers.map((answer) => [
    `**${text(answer.title)}**`,
    text(verdictWords(answer)),
    ...(drawn ? [flipWords(answer)] : []),
    text(whyInShort(answer)),
  ]);
  return rawTable(head, rows).replace(/---:/g, '---');
}

/** What decides, in one line: what it depends on, else the first deciding question. */
export function whyInShort(answer: ClaimAnswer): string {
  const [first] = answer.dependsOn;
  if (first !== undefined) return `depends on ${first}`;
  const deciding = answer.parts.filter(({ role }) => role !== 'context');
  if (answer.verdict === 'not tested') {
    const run = deciding.find((part) => part.verdict === 'not tested' && part.run !== undefined);
    return run?.run ?? deciding[0]?.text ?? '';
  }
  const telling = deciding.find(({ verdict }) => verdict === answer.verdict) ?? deciding[0];
  return telling === undefined ? '' : `${telling.label}: ${telling.text}`;
}

function detail(answer: ClaimAnswer): string {
  const items = answer.parts.map((part) => `- ${text(partWords(part))}`);
  const lines = [
    `## ${text(answer.title)}: ${text(verdictWords(answer))}`,
    `*${text(answer.statement)}* (${text(answer.place)})`,
    ...(answer.dependsOn.length > 0 ? [text(`It depends on ${answer.dependsOn.join('; ')}.`)] : []),
    items.join('\n'),
  ];
  const profiles = profileWords(answer);
  if (profiles !== '') lines.push(text(`Profiles: ${profiles}.`));
  const real = realXenWords(answer);
  if (real !== '') lines.push(text(`On real Xen: ${real}.`));
  if (answer.robustness !== undefined) {
    lines.push(text(`Prices: ${robustnessWords(answer.robustness)}.`));
  }
  if (answer.note !== undefined) lines.push(text(`Note: ${answer.note}`));
  const telling = [...new Set(answer.parts.flatMap((part) => part.telling))];
  if (telling.length > 0) {
    lines.push(`Cells: ${telling.map((id) => `\`${id.replace(/[`\r\n]/g, '')}\``).join(', ')}`);
  }
  return lines.join('\n\n');
}

function choicesSection(sheet: AnswerSheet, level: string): string {
  if (sheet.choices.length === 0) return '';
  const rows = sheet.choices.map(({ need, use, because }) => [
    text(need),
    text(use),
    text(because),
  ]);
  const table = rawTable(['You need', 'Use', 'Because'], rows).replace(/---:/g, '---');
  const besides = sheet.knownBesides.map((one) => `- ${text(one)}`).join('\n');
  return [`${level} Who should use which`, table, besides].join('\n\n');
}
