import type { AnswerSheet } from '../../judge/claims/judge-claims.js';
import type { PartAnswer } from '../../judge/claims/judge-part.js';
import { rawTable, text } from '../markdown.js';

/**
 * The questions that real Xen has answered, beside what the model answers to them, as a table of Markdown.
 *
 * @param model judged by cells of the model alone
 * @param both judged by those and by cells of real Xen
 */
export function claimsOnRealXen(model: AnswerSheet, both: AnswerSheet): string {
  const rows = both.answers.flatMap(({ id, title, onRealXen }) => {
    const others = model.answers.find((answer) => answer.id === id)?.parts ?? [];
    return onRealXen.map((part) => [
      text(title),
      text(part.role === 'context' ? `${part.label} (beside)` : part.label),
      shareWords(others.find(({ label }) => label === part.label)),
      shareWords(part),
    ]);
  });
  return rawTable(['Claim', 'Question', 'Model', 'Real Xen'], rows).replace(/---:/g, '---');
}

/** "supported, 3 of 3". */
function shareWords(part: PartAnswer | undefined): string {
  if (part === undefined || part.verdict === 'not tested') return 'not tested';
  return `${part.verdict}, ${part.holding} of ${part.cases}`;
}
