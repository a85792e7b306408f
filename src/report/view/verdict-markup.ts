import { howSure } from './confidence.js';
import { metricLabel, workloadOrder } from './labels.js';
import { html, type Markup } from './markup.js';
import { formatRatio } from './quantity.js';
import { transportOrder, transportStyle } from './series-style.js';
import {
  joinWords,
  leadText,
  noLeadText,
  type Standing,
  sizeNote,
  type WorkloadVerdict,
} from './verdict.js';

/** "libvchan leads in 4 of 7 workloads, v4v in 3." */
export function summarySentence(verdicts: readonly WorkloadVerdict[]): string {
  const compared = verdicts.filter((verdict) => verdict.standings.length > 1);
  if (compared.length === 0)
    return 'Nothing was compared: there is only one transport with figures.';
  const wins = new Map<string, number>();
  let level = 0;
  for (const verdict of compared) {
    if (verdict.winner === undefined) level++;
    else {
      const winner = verdict.standings[0]?.transport ?? verdict.winner;
      wins.set(winner, (wins.get(winner) ?? 0) + 1);
    }
  }
  const parts = [...wins]
    .sort((a, b) => b[1] - a[1] || transportOrder(a[0], b[0]))
    .map(([name, count]) => `${name} in ${count}`);
  if (wins.size === 0) {
    const isDraw = compared.every(({ standings }) => noLeadText(standings) === '~ level');
    return `Nobody leads: ${isDraw ? 'the best are level everywhere' : 'no difference is established'}.`;
  }
  if (compared.length === 1) return `${[...wins.keys()][0]} leads.`;
  if (level > 0) parts.push(`nobody in ${level}`);
  return `Of ${compared.length} workloads, the lead is with ${joinWords(parts)}.`;
}

/** "Of the 9 leads 1 is firm, 1 fair and 7 weak." Empty where nobody leads. */
export function surenessSentence(verdicts: readonly WorkloadVerdict[]): string {
  const levels = ['firm', 'fair', 'weak'] as const;
  const leads = verdicts.filter(({ winner }) => winner !== undefined);
  if (leads.length === 0) return '';
  const parts = levels.flatMap((level) => {
    const count = leads.filter(({ confidence }) => confidence.level === level).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? 'is' : 'are'} ${level}`];
  });
  if (leads.length === 1) return `That lead is ${leads[0]?.confidence.level}.`;
  return `Of the ${leads.length} leads, ${joinWords(parts)}.`;
}

/** The transports that have a standing somewhere, in their fixed order. */
export function transportsIn(verdicts: readonly WorkloadVerdict[]): readonly string[] {
  const names = new Set(verdicts.flatMap((v) => v.standings.map((s) => s.transport)));
  return [...names].sort(transportOrder);
}

/** The standing by which a transport enters the scoreboard: its best one. */
export function bestOf(verdict: WorkloadVerdict, transport: string): Standing | undefined {
  return verdict.standings.find((standing) => standing.transport === transport);
}

/** Table of workloads by transports: who leads, by how much, how sure; then a sentence for each. */
export function verdictMarkup(verdicts: readonly WorkloadVerdict[]): Markup {
  const transports = transportsIn(verdicts);
  return html`<p class="summary">${summarySentence(verdicts)} <span class="sureness">${surenessSentence(verdicts)}</span></p>
<div class="scroll" tabindex="0" role="region" aria-label="Scoreboard"><table class="scoreboard">
<caption class="hidden">Every workload at its reference size: the figure of each transport, the lead, and how sure it is</caption>
<thead><tr><th scope="col">Workload</th><th scope="col">Lead</th><th scope="col"><a href="#how-sure">How sure</a></th>${transports.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">Flips</th></tr></thead>
<tbody>${verdicts.map((verdict) => scoreRow(verdict, transports))}</tbody></table></div>
<ul class="verdicts">${verdicts.map(sentence)}</ul>
<p class="muted" id="how-sure">${sizeNote(verdicts)} ${howSure(verdicts)}</p>`;
}

function scoreRow(verdict: WorkloadVerdict, transports: readonly string[]): Markup {
  const flips = verdict.flips.map((flip) => flip.brief).join('; ');
  const way = verdict.better === 'lower' ? 'lower' : 'higher';
  return html`<tr><th scope="row"><a href="#verdict-${anchor(verdict.scenario)}">${verdict.title}</a><span class="muted small">${metricLabel(verdict.metric)} (${way} is better), ${verdict.at}</span></th>
<td class="winner">${leadMarkup(verdict)}${verdict.cause === '' ? undefined : html`<span class="muted small">${verdict.cause}</span>`}</td><td><span class="sure ${verdict.confidence.level}">${levelText(verdict)}</span></td>
${transports.map((name) => scoreCell(verdict, name))}
<td class="flips">${flips === '' ? '-' : flips}</td></tr>
`;
}

/** "libvchan (1.45x v2v)", with the leader's name first and loud. */
function leadMarkup(verdict: WorkloadVerdict): Markup {
  const { winner } = verdict;
  const lead = leadText(verdict);
  return winner === undefined ? html`${lead}` : html`<strong>${winner}</strong> (${lead})`;
}

/** "firm: exact for this seed; ..." */
export function sureText({ confidence }: WorkloadVerdict): string {
  const { level, text } = confidence;
  return level === 'none' ? text : `${level}: ${text}`;
}

/** The level in a table: a dash where there is no lead to be sure of. */
export function levelText({ confidence }: WorkloadVerdict): string {
  return confidence.level === 'none' ? '-' : confidence.level;
}

function scoreCell(verdict: WorkloadVerdict, transport: string): Markup {
  const standing = bestOf(verdict, transport);
  if (standing === undefined) return html`<td class="none">no figure</td>`;
  const isBest = verdict.winner === standing.competitor;
  const style = transportStyle(transport);
  const share = Math.min(
    1,
    verdict.better === 'lower' ? relative(verdict, standing) : 1 / standing.timesWorse,
  );
  const width = (share * 96).toFixed(1);
  const bar = (colour: string, name: string): Markup =>
    html`<svg class="bar ${name}" width="96" height="6" aria-hidden="true"><rect width="96" height="6" class="track"/><rect width="${width}" height="6" fill="${colour}"/></svg>`;
  const mode =
    standing.competitor === transport
      ? undefined
      : html`<span class="muted small">${standing.competitor}</span>`;
  return html`<td class="${isBest ? 'best' : ''}">${standing.text}${isBest ? html`<span class="mark"> ◀<span class="hidden"> best</span></span>` : undefined}${bar(style.light, 'for-light')}${bar(style.dark, 'for-dark')}${mode}</td>`;
}

/** Length of the bar of a figure that is better when lower: as a share of the worst. */
function relative(verdict: WorkloadVerdict, standing: Standing): number {
  const worst = verdict.standings.reduce((most, s) => Math.max(most, s.timesWorse), 1);
  return standing.timesWorse / worst;
}

export function anchor(scenario: string): string {
  return scenario.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function sentence(verdict: WorkloadVerdict): Markup {
  const row = (name: string, text: string): Markup | undefined =>
    text === '' ? undefined : html`<dt>${name}</dt><dd>${text}</dd>`;
  return html`<li id="verdict-${anchor(verdict.scenario)}"><p><strong>${verdict.title}</strong> (${verdict.at}): ${verdict.headline}. ${verdict.extent}</p>
<dl>${row('Flips', verdict.flips.map((flip) => `${flip.sentence}.`).join(' '))}${row('Why', verdict.why === '' ? '' : `${verdict.why}.`)}${row('How sure', `${sureText(verdict)}.`)}${row('Not shown', verdict.problems === '' ? '' : `${verdict.problems}.`)}</dl></li>
`;
}

/** One row of "does it hold elsewhere": a selection, and who leads each workload under it. */
export interface ElsewhereRow {
  readonly name: string;
  readonly verdicts: ReadonlyMap<string, WorkloadVerdict>;
}

/** Winners under other profiles and guest types. Undefined where there is only one. */
export function elsewhereMarkup(rows: readonly ElsewhereRow[]): Markup | undefined {
  if (rows.length < 2) return undefined;
  const scenarios = [...new Set(rows.flatMap((row) => [...row.verdicts.keys()]))].sort(
    workloadOrder,
  );
  const titles = new Map(rows.flatMap((row) => [...row.verdicts].map(([s, v]) => [s, v.title])));
  return html`<h3>Does it hold elsewhere?</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Leaders on other hardware"><table>
<caption>Who leads, and by how much over the second, under every profile and guest type of these runs</caption>
<thead><tr><th scope="col">Where</th>${scenarios.map((s) => html`<th scope="col">${titles.get(s) ?? s}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr><th scope="row">${row.name}</th>${scenarios.map((s) => html`<td>${elsewhereText(row.verdicts.get(s))}</td>`)}</tr>`)}</tbody></table></div>`;
}

export function elsewhereText(verdict: WorkloadVerdict | undefined): string {
  const [best, second] = verdict?.standings ?? [];
  if (verdict === undefined || best === undefined) return '-';
  if (second === undefined) return `only ${best.competitor}`;
  if (verdict.winner === undefined) return noLeadText(verdict.standings);
  return `${best.competitor} ${formatRatio(second.timesWorse)}`;
}
