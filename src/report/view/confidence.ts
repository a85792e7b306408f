import type { ProfileRecord } from '../../results/types.js';
import { estimatedShares } from './breakdown.js';
import { own } from './labels.js';
import { isAboutTime } from './lead-reason.js';
import { formatRatio, formatShare } from './quantity.js';
import { hasPriceDraws } from './replicates.js';
import type { ReportData } from './report-data.js';
import { DRAW_SHARE, pairedWins, timesWorse } from './standings.js';
import type { Sweep, SweepPoint } from './sweep.js';

/** `firm` and `fair` survive estimates being wrong by a factor of two, see HOW_SURE; `none`: no lead to be sure of. */
export type ConfidenceLevel = 'firm' | 'fair' | 'weak' | 'none';

export interface Confidence {
  readonly level: ConfidenceLevel;
  readonly text: string;
}

/** What the words of confidence mean; every report prints it beside them. */
export function howSure(
  verdicts: readonly { readonly sampled: boolean; readonly standings: readonly unknown[] }[],
): string {
  const compared = verdicts.filter(({ standings }) => standings.length > 1);
  if (compared.length === 0) return '';
  const sampled = compared.some((verdict) => verdict.sampled);
  const exact = compared.some((verdict) => !verdict.sampled);
  return `How sure: ${[...(exact ? [HOW_SURE] : []), ...(sampled ? [HOW_SURE_SAMPLED] : [])].join(' ')}`;
}

/** So many draws of the prices show one in twenty; fewer say less than what the prices rest on. */
const FEWEST_DRAWS = 20;

const HOW_SURE =
  'Figures from one seed of the model are exact; what is uncertain is the prices. "firm": the order stands even if every ' +
  'price that is an estimate, wholly or in part, were wrong by a factor of two against the leader (or it holds in 95 % of ' +
  `${FEWEST_DRAWS} draws of the prices or more, where the run has them). "fair": it stands against the wholly estimated ` +
  'ones. "weak": it may not; interdom run --uncertainty 50 tells. Where seeds or draws are more divided, nobody leads.';

const HOW_SURE_SAMPLED =
  'Of sampled figures, "fair": their intervals do not overlap; where they do, nobody leads.';

/** How sure the lead of the first over the second is. */
export function confidenceOf(
  data: ReportData,
  sweep: Sweep,
  first: readonly [string, SweepPoint] | undefined,
  second: readonly [string, SweepPoint] | undefined,
  established: boolean,
): Confidence {
  if (first === undefined || second === undefined)
    return { level: 'none', text: 'nothing to compare with' };
  const [, better] = first;
  const [, worse] = second;
  const paired = pairedWins(sweep, better, worse);
  const drawn = hasPriceDraws(better.cells);
  const kind = drawn ? 'draws of the prices' : 'seeds';
  const share = `ahead of ${second[0]} in ${paired.wins} of ${paired.of} ${kind} (${formatRatio(paired.low)} to ${formatRatio(paired.high)})`;
  const repeats = paired.of > 1;
  if (repeats && !established) return { level: 'none', text: `not established: ${share}` };
  if (repeats && drawn && paired.of >= FEWEST_DRAWS) return { level: 'firm', text: share };
  // Seeds move who is faster by chance, and not the prices: they make no lead surer of those.
  const once = ofOneRepetition(data, sweep, better, worse, established);
  return repeats ? { level: once.level, text: `${share}; ${once.text}` } : once;
}

function ofOneRepetition(
  data: ReportData,
  sweep: Sweep,
  better: SweepPoint,
  worse: SweepPoint,
  established: boolean,
): Confidence {
  if (isSampled(sweep, better)) {
    return established
      ? { level: 'fair', text: 'sampled; the intervals do not overlap' }
      : { level: 'none', text: 'sampled; the difference is not established' };
  }
  if (!established) {
    const apart = (DRAW_SHARE * 100).toFixed(0);
    return { level: 'none', text: `exact for this seed, and less than ${apart} % apart` };
  }
  return isAboutTime(sweep) ? fromPrices(data, sweep, better, worse) : ofCounts(sweep, better);
}

/** Counts rest on prices only where it matters who is faster. */
function ofCounts({ metric }: Sweep, { cells }: SweepPoint): Confidence {
  const by = own(cells[0]?.metrics ?? {}, metric)?.determinedBy;
  return by === 'protocol'
    ? { level: 'firm', text: 'counted, and determined by the protocol' }
    : { level: 'weak', text: 'counted; it depends on who is faster, and so on the prices' };
}

/** True where the figure is a sample, so that intervals and not prices say how sure it is. */
export function isSampled({ metric }: Sweep, point: SweepPoint | undefined): boolean {
  return own(point?.cells[0]?.metrics ?? {}, metric)?.assume === 'nothing';
}

/** One exact figure a side: would the order survive estimates that are wrong by two against the leader? */
function fromPrices(
  data: ReportData,
  sweep: Sweep,
  better: SweepPoint,
  worse: SweepPoint,
): Confidence {
  const [leader, other] = [better, worse].map((point) => {
    const cell = point.cells[0];
    return cell && estimatedShares(cell, profileOf(data, cell));
  });
  if (leader === undefined || other === undefined) {
    return { level: 'weak', text: 'exact for this seed; what its prices rest on is not recorded' };
  }
  const ratio = timesWorse(sweep, better.value, worse.value);
  const survives = (mine: number, its: number): boolean => ratio * (1 - its / 2) > 1 + mine;
  const firm = survives(leader.wholly + leader.partly, other.wholly + other.partly);
  const level = firm ? 'firm' : survives(leader.wholly, other.wholly) ? 'fair' : 'weak';
  return {
    level,
    text: `exact for this seed; of the CPU time ${formatShare(leader.wholly)} rests on estimated prices and ${formatShare(leader.partly)} on partly estimated ones`,
  };
}

/** The profile of a cell as its run recorded it. */
export function profileOf(
  data: ReportData,
  cell: { readonly run: number; readonly profile: string },
): ProfileRecord | undefined {
  const profiles = data.runs[cell.run]?.profiles;
  return profiles === undefined ? undefined : own(profiles, cell.profile);
}
