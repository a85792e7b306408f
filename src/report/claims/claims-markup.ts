import type { ClaimAnswer } from '../../judge/claims/judge-claim.js';
import type { AnswerSheet } from '../../judge/claims/judge-claims.js';
import { html, type Markup } from '../view/markup.js';
import {
  commandsFor,
  flipWords,
  howJudged,
  partWords,
  profileWords,
  realXenWords,
  robustnessWords,
  tallyWords,
  verdictWords,
  whyWords,
} from './sheet-words.js';

/** The answer sheet for the page: the table, all figures of each claim behind it. */
export function claimsMarkup(sheet: AnswerSheet): Markup {
  const drawn = sheet.draws > 0;
  const tested = sheet.answers.filter(({ verdict }) => verdict !== 'not tested');
  return html`<p class="summary">${tallyWords(sheet)}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Answers to the claims"><table class="scoreboard">
<caption class="hidden">Each claim, the answer, and what it rests on</caption>
<thead><tr><th scope="col">Claim</th><th scope="col">Answer</th>${drawn ? html`<th scope="col">Flips</th>` : undefined}<th scope="col">Because</th></tr></thead>
<tbody>${tested.map((answer) => row(answer, drawn))}</tbody></table></div>
${openClaims(sheet)}
<p class="muted">${howJudged()}</p>
${tested.map(details)}
<h3>Who should use which</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Who should use which"><table>
<caption class="hidden">V4V or libvchan, by need</caption>
<thead><tr><th scope="col">You need</th><th scope="col">Use</th><th scope="col">Because</th></tr></thead>
<tbody>${sheet.choices.map(({ need, use, because }) => html`<tr><th scope="row">${need}</th><td>${use}</td><td class="text">${because}</td></tr>`)}</tbody></table></div>
<ul>${sheet.knownBesides.map((text) => html`<li>${text}</li>`)}</ul>
`;
}

function row(answer: ClaimAnswer, drawn: boolean): Markup {
  return html`<tr><th scope="row">${answer.title}<span class="muted small">${answer.place}</span></th><td>${verdictWords(answer)}</td>${drawn ? html`<td>${flipWords(answer)}</td>` : undefined}<td class="flips">${whyWords(answer)}.</td></tr>
`;
}

function openClaims(sheet: AnswerSheet): Markup | undefined {
  const open = sheet.answers.filter(({ verdict }) => verdict === 'not tested');
  if (open.length === 0) return undefined;
  const titles = open.map(({ title }) => title).join('; ');
  return html`<p>Not tested: ${titles}. It takes ${commandsFor(open).map((command) => html`<code>${command}</code> `)}</p>`;
}

function details(answer: ClaimAnswer): Markup {
  const profiles = profileWords(answer);
  const real = realXenWords(answer);
  const telling = [...new Set(answer.parts.flatMap((part) => part.telling))];
  return html`<details id="claim-${answer.id}"><summary>${answer.title}: ${verdictWords(answer)}</summary>
<p>${answer.statement} (${answer.place}.) Supported by ${answer.supportedBy}; contradicted by ${answer.contradictedBy}.</p>
<ul>${answer.parts.map((part) => html`<li>${partWords(part)}</li>`)}</ul>
${profiles === '' ? undefined : html`<p>Profiles: ${profiles}.</p>`}
${real === '' ? undefined : html`<p>On real Xen: ${real}.</p>`}
${answer.robustness === undefined ? undefined : html`<p>Prices: ${robustnessWords(answer.robustness)}.</p>`}
${answer.note === undefined ? undefined : html`<p>Note: ${answer.note}</p>`}
${telling.length === 0 ? undefined : html`<div class="small">Cells: <ul>${telling.map(cellLink)}</ul></div>`}
</details>
`;
}

/** To the row of a cell in the table of every number; without scripts, to that table. */
function cellLink(id: string): Markup {
  return html`<li><a href="#every-number" data-cell-id="${id}">${id}</a></li>`;
}
