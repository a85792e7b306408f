import { problemNote } from './breakdown.js';
import { type Confidence, confidenceOf, isSampled } from './confidence.js';
import { workloadQuestion, workloadTitle } from './labels.js';
import { isAboutTime, reasonOf } from './lead-reason.js';
import { formatRatio, formatScaled, scaleFor } from './quantity.js';
import { type Focus, placesText, placeText, referenceSlot, slotText } from './reference-slot.js';
import type { ReportData } from './report-data.js';
import {
  DRAW_SHARE,
  type Flip,
  flipsAlong,
  isEstablished,
  meanTimesWorse,
  ranked,
  type Slot,
  slotsOf,
  tally,
  timesWorse,
} from './standings.js';
import type { Sweep } from './sweep.js';

/** One transport in the headline of a workload. */
export interface Standing {
  readonly competitor: string;
  readonly transport: string;
  readonly value: number;
  readonly text: string;
  /** How many times worse than the best: 1 for the best itself. */
  readonly timesWorse: number;
  /** Geometric mean of the same over all sizes at which both have a figure. */
  readonly meanTimesWorse: number;
}

/** A change of the lead, in a sentence and in few words ("libvchan from a 32 KiB ring"). */
export interface LeadChange {
  readonly sentence: string;
  readonly brief: string;
}

export interface WorkloadVerdict {
  readonly scenario: string;
  readonly title: string;
  readonly question: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: string;
  /** Where the headline figures are taken, e.g. "a 64 KiB ring, 4 KiB messages". */
  readonly at: string;
  readonly standings: readonly Standing[];
  /** Undefined for a draw, or where there is nobody to compare with. */
  readonly winner: string | undefined;
  /** "libvchan is fastest: 682 MiB/s, 1.43x v4v (477 MiB/s) and ..." */
  readonly headline: string;
  /** "It leads at 14 of 16 sizes compared." */
  readonly extent: string;
  /** Where one transport overtakes another; empty where nothing flips. */
  readonly flips: readonly LeadChange[];
  readonly why: string;
  /** The same in few words ("v2v: +459 ns cache-line transfer"). */
  readonly cause: string;
  readonly confidence: Confidence;
  /** Largest difference of rings that are compared as equal, as a share. */
  readonly sizeSpread: number;
  readonly problems: string;
  /** Its figures are samples, so that intervals and not prices say how sure it is. */
  readonly sampled: boolean;
}

/** The verdict of one workload, or undefined where no transport has a figure. */
export function verdictOf(
  data: ReportData,
  sweep: Sweep,
  focus: Focus = {},
): WorkloadVerdict | undefined {
  const slot = referenceSlot(sweep, focus);
  if (slot === undefined) return undefined;
  const slots = slotsOf(sweep);
  const standings = standingsOf(sweep, slot, slots);
  const [first, second] = ranked(sweep, slot);
  const established =
    first !== undefined && second !== undefined && isEstablished(sweep, first[1], second[1]);
  const winner = established ? first[0] : undefined;
  return {
    scenario: sweep.scenario,
    title: workloadTitle(sweep.scenario),
    question: workloadQuestion(sweep.scenario),
    metric: sweep.metric,
    unit: sweep.unit,
    better: sweep.better,
    at: slotText(sweep, slot),
    standings,
    winner,
    headline: headlineOf(sweep, standings, established),
    extent: extentOf(sweep, slots),
    flips: flipTexts(sweep, slots, slot),
    ...(established && isAboutTime(sweep) ? reasonOf(first, second) : { why: '', cause: '' }),
    confidence: confidenceOf(data, sweep, first, second, established),
    sizeSpread: sweep.sizeSpread,
    problems: problemNote(sweep.cells),
    sampled: isSampled(sweep, first?.[1]),
  };
}

function standingsOf(sweep: Sweep, slot: Slot, slots: readonly Slot[]): readonly Standing[] {
  const order = ranked(sweep, slot);
  const best = order[0];
  if (best === undefined) return [];
  const values = order.map(([, point]) => point.value);
  const scale = scaleFor(values, sweep.unit);
  const counted = sweep.unit === '1' && values.every(Number.isInteger);
  return order.map(([competitor, point]) => ({
    competitor,
    transport: (point.cells[0] as { transport: string }).transport,
    value: point.value,
    text: counted
      ? String(point.value)
      : `${formatScaled(point.value, scale)} ${scale.suffix}`.trim(),
    timesWorse: timesWorse(sweep, best[1].value, point.value),
    meanTimesWorse: meanTimesWorse(sweep, slots, best[0], competitor),
  }));
}

function headlineOf(sweep: Sweep, standings: readonly Standing[], established: boolean): string {
  const [best, ...rest] = standings;
  if (best === undefined) return '';
  if (rest.length === 0) return `only ${best.competitor} has a figure: ${best.text}`;
  if (!established) return levelHeadline(best, rest, sweep);
  const { leads, takes } = wordsFor(sweep);
  const head = `${best.competitor} ${leads} ${best.text}`;
  if (takes === '') {
    const others = rest.map((s) => `${formatRatio(s.timesWorse)} ${s.competitor} (${s.text})`);
    return `${head}, ${joinWords(others)}`;
  }
  return `${head}; ${joinWords(rest.map((s) => `${s.competitor} ${takes} ${formatRatio(s.timesWorse)} (${s.text})`))}`;
}

/** How a lead is told: rates lead by a factor, of times and counts the others take more. */
function wordsFor({ better, unit }: Pick<WorkloadVerdict, 'better' | 'unit'>): {
  leads: string;
  takes: string;
} {
  if (better === 'lower') {
    return unit === 'ns'
      ? { leads: 'is quickest:', takes: 'takes' }
      : { leads: 'needs least:', takes: 'needs' };
  }
  return { leads: unit.endsWith('/s') ? 'is fastest:' : 'has most:', takes: '' };
}

/** "libvchan and v2v are level (12.2 us and 12.2 us); v4v takes 1.02x (12.4 us)". */
function levelHeadline(best: Standing, rest: readonly Standing[], sweep: Sweep): string {
  const level = [best, ...rest.filter(isLevel)];
  const behind = rest.filter((s) => !isLevel(s));
  const verb = wordsFor(sweep).takes || 'is behind by';
  const others = behind.map(
    (s) => `${s.competitor} ${verb} ${formatRatio(s.timesWorse)} (${s.text})`,
  );
  const head =
    level.length > 1
      ? `${joinWords(level.map((s) => s.competitor))} are level (${joinWords(level.map((s) => s.text))})`
      : `nobody's lead is established: ${best.competitor} has ${best.text}`;
  return [head, ...(others.length > 0 ? [joinWords(others)] : [])].join('; ');
}

/** Within what is called a draw of the best. */
function isLevel({ timesWorse }: Standing): boolean {
  return timesWorse < 1 + DRAW_SHARE;
}

export function joinWords(words: readonly string[]): string {
  if (words.length <= 1) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function extentOf(sweep: Sweep, slots: readonly Slot[]): string {
  const { compared, draws, leads } = tally(sweep, slots);
  if (compared < 2) return '';
  const parts = [...leads]
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} at ${count}`);
  if (draws > 0) parts.push(`nobody at ${draws}`);
  const noun = sweep.xKey.endsWith('Bytes') ? 'sizes' : 'points';
  return `Of ${compared} ${noun} compared, the lead is with ${joinWords(parts)}.`;
}

/** Changes of the lead along both axes through the reference point. */
function flipTexts(sweep: Sweep, slots: readonly Slot[], at: Slot): readonly LeadChange[] {
  const same = slots.filter((slot) => slot.variant === at.variant);
  const along = same.filter((slot) => slot.panel === at.panel);
  const changes = flipsAlong(sweep, along).map((flip) => leadChange(sweep.xKey, flip));
  const { panelKey } = sweep;
  if (panelKey === undefined) return changes;
  const across = same
    .filter((slot) => slot.place === at.place && slot.panel !== undefined)
    .map((slot) => ({ ...slot, place: Number(slot.panel) }));
  return [...changes, ...flipsAlong(sweep, across).map((flip) => leadChange(panelKey, flip))];
}

function leadChange(key: string, { from, to, before, after }: Flip): LeadChange {
  return {
    sentence: `${after} overtakes ${before} between ${placesText(key, from, to)}`,
    brief: `${after} from ${placeText(key, to)}`,
  };
}

/** How far rings differ that are compared as equal, over all workloads; empty where they do not. */
export function sizeNote(verdicts: readonly WorkloadVerdict[]): string {
  const spread = verdicts.reduce((most, verdict) => Math.max(most, verdict.sizeSpread), 0);
  if (spread <= 0.0005) return '';
  return `Transports are compared at equal effective ring size; rings that count as equal differ by at most ${(spread * 100).toFixed(1)} %.`;
}

/** The lead over the second in few words: "1.39x libvchan", "libvchan takes 1.07x", "~ level; v4v 128x behind". */
export function leadText(verdict: WorkloadVerdict): string {
  const second = verdict.standings[1];
  if (second === undefined) return 'no comparison';
  if (verdict.winner === undefined) return levelText(verdict.standings);
  const ratio = formatRatio(second.timesWorse);
  const { takes } = wordsFor(verdict);
  return takes === '' ? `${ratio} ${second.competitor}` : `${second.competitor} ${takes} ${ratio}`;
}

/** Those who lead share the place; a third may still be far behind. */
const FAR_BEHIND = 1.5;

function levelText(standings: readonly Standing[]): string {
  const behind = standings
    .filter(({ timesWorse }) => timesWorse >= FAR_BEHIND)
    .map((s) => `${s.competitor} ${formatRatio(s.timesWorse)} behind`);
  return [noLeadText(standings), ...behind].join('; ');
}

/** "~ level" for a draw; where the first two are further apart, that their order is not sure. */
export function noLeadText([, second]: readonly Standing[]): string {
  return second === undefined || isLevel(second) ? '~ level' : '~ not established';
}
