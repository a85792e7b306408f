import type { Cell } from '../../results/types.js';
import { asOnXen } from './as-on-xen.js';
import { compareOutcomes, type OutcomeRow } from './outcomes.js';
import { meetings } from './pairing.js';
import { type PublishedPoint, type PublishedRow, publishedRow } from './published.js';
import { excess, rowsOf, type ValidationRow } from './rows.js';
import { summarise, type ValidationSummary } from './summary.js';

export { asOnXen } from './as-on-xen.js';
export type { OutcomeField, OutcomeRow, OutcomeSummary, OutcomeVerdict } from './outcomes.js';
export { outcomeLabel, summariseOutcomes } from './outcomes.js';
export { meetingKey } from './pairing.js';
export type { PublishedPoint, PublishedRow } from './published.js';
export type { RowVerdict, ValidationRow } from './rows.js';
export type { AgreementGroup, CurveLine, MedianLine, ValidationSummary } from './summary.js';
export { FRESH_TOLERANCE, PUBLISHED_TOLERANCE, TOLERANCES } from './tolerances.js';

/** What there is to compare. */
export interface Evidence {
  /** Best counted as real Xen is: without start and end (src/testbed/model/steady-counts.ts). */
  readonly model: readonly Cell[];
  readonly recorded: readonly Cell[];
  readonly fresh: readonly Cell[];
  readonly published: readonly PublishedPoint[];
  /** Cells in which something breaks. */
  readonly breaking?: { readonly model: readonly Cell[]; readonly real: readonly Cell[] };
}

export interface Validation {
  /**
   * Worst first: what is outside before what is within, then what is not compared. Details, which are not judged, follow
   * in the same order.
   */
  readonly rows: readonly ValidationRow[];
  readonly published: readonly PublishedRow[];
  /** What breaks: in the order of the scenarios. */
  readonly outcomes: readonly OutcomeRow[];
  readonly summary: ValidationSummary;
}

/** Does the model count what real Xen counts, and take the time that was published? */
export function validate(evidence: Evidence): Validation {
  const { model, recorded, fresh } = evidence;
  const rows = meetings(model.map(asOnXen), recorded, fresh).flatMap(rowsOf).sort(worstFirst);
  const published = evidence.published.map(publishedRow).sort(worstFirst);
  const { model: expected = [], real = [] } = evidence.breaking ?? {};
  const outcomes = compareOutcomes(expected, real);
  return { rows, published, outcomes, summary: summarise(rows, published, outcomes) };
}

interface Ranked {
  readonly detail?: boolean;
  readonly difference?: number;
  readonly tolerance: number;
  readonly verdict: ValidationRow['verdict'];
}

const RANK: Readonly<Record<ValidationRow['verdict'], number>> = {
  outside: 0,
  within: 1,
  'not compared': 2,
};

function rankOf({ detail, verdict }: Ranked): number {
  return RANK[verdict] + (detail === true ? 10 : 0);
}

/** Sorting is stable: equals stay in the order of the cells. */
function worstFirst(a: Ranked, b: Ranked): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  const [first, second] = [a, b].map(({ difference = 0, tolerance }) =>
    excess({ difference, allowed: tolerance }),
  ) as [number, number];
  return first === second ? 0 : second > first ? 1 : -1;
}
