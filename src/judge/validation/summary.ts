import { grouped } from '../../base/grouped.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import { type OutcomeRow, type OutcomeSummary, summariseOutcomes } from './outcomes.js';
import type { PublishedRow } from './published.js';
import type { ValidationRow } from './rows.js';
import { LEAST_CELLS_FOR_MEDIAN, PUBLISHED_TOLERANCE, TOLERANCES } from './tolerances.js';

/** How large the differences are in the middle, and whether that is allowed. */
export interface MedianLine {
  readonly label: string;
  readonly cells: number;
  readonly median: number;
  /** Undefined: every row is held to its own tolerance, and the median is for information. */
  readonly allowed?: number;
  readonly holds: boolean;
}

/** How well a transport with guests of one type is met. */
export interface AgreementGroup {
  readonly transport: string;
  readonly guestType: string;
  readonly cells: number;
  readonly rows: number;
  readonly outside: number;
  /** Median of the absolute differences of all compared rows. */
  readonly median: number;
  /** Largest absolute difference, and whose it is. */
  readonly largest: number;
  readonly largestRow: string;
}

/** How well a published curve is met. */
export interface CurveLine {
  readonly curve: string;
  readonly points: number;
  /** Points within the tolerance of a single point. */
  readonly within: number;
  readonly median: number;
  readonly holds: boolean;
}

export interface ValidationSummary {
  /** Rows that were judged, and the cells they belong to. */
  readonly cells: number;
  readonly compared: number;
  readonly outside: number;
  readonly notCompared: number;
  /** Recorded counts that a fresh measurement contradicts. */
  readonly stale: number;
  readonly curves: readonly CurveLine[];
  readonly medians: readonly MedianLine[];
  readonly groups: readonly AgreementGroup[];
  readonly outcomes: OutcomeSummary;
  /** Nothing could be compared: neither yes nor no. */
  readonly empty: boolean;
  readonly holds: boolean;
}

export function summarise(
  rows: readonly ValidationRow[],
  published: readonly PublishedRow[],
  outcomeRows: readonly OutcomeRow[],
): ValidationSummary {
  const judged = rows.filter(({ detail }) => !detail);
  const compared = judged.filter(({ verdict }) => verdict !== 'not compared');
  const outside = compared.filter(({ verdict }) => verdict === 'outside').length;
  const curves = curveLines(published.filter(({ verdict }) => verdict !== 'not compared'));
  const medians = countMedians(compared);
  const outcomes = summariseOutcomes(outcomeRows);
  const empty = compared.length === 0 && curves.length === 0 && outcomes.cells === 0;
  return {
    cells: new Set(compared.map(({ cell }) => cell)).size,
    compared: compared.length,
    outside,
    notCompared: judged.length - compared.length,
    stale: judged.filter(({ recordedIsStale }) => recordedIsStale === true).length,
    curves,
    medians,
    groups: agreementGroups(compared),
    outcomes,
    empty,
    holds:
      !empty &&
      outside === 0 &&
      outcomes.differ === 0 &&
      [...medians, ...curves].every(({ holds }) => holds),
  };
}

/** One line for each quantity and what determines it, in the order in which they first come. */
function countMedians(rows: readonly ValidationRow[]): MedianLine[] {
  const byQuantity = grouped(rows, ({ label, determinedBy }) => `${label}, by ${determinedBy}`);
  return [...byQuantity].map(([label, members]) => {
    const middle = medianDifference(members);
    const { median: most } = TOLERANCES[(members[0] as ValidationRow).determinedBy];
    const allowed = members.length < LEAST_CELLS_FOR_MEDIAN ? undefined : most;
    return {
      label,
      cells: members.length,
      median: middle,
      ...(allowed === undefined ? {} : { allowed }),
      holds: allowed === undefined || middle <= allowed,
    };
  });
}

function curveLines(rows: readonly PublishedRow[]): CurveLine[] {
  return [...grouped(rows, ({ curve }) => curve)].map(([curve, members]) => {
    const within = members.filter(({ verdict }) => verdict === 'within').length;
    const middle = medianDifference(members);
    const holds =
      middle <= PUBLISHED_TOLERANCE.median && within >= PUBLISHED_TOLERANCE.share * members.length;
    return { curve, points: members.length, within, median: middle, holds };
  });
}

function agreementGroups(rows: readonly ValidationRow[]): AgreementGroup[] {
  const groups = grouped(rows, ({ transport, guestType }) =>
    JSON.stringify([transport, guestType]),
  );
  return [...groups.values()].map((members) => {
    const first = members[0] as ValidationRow;
    const worst = members.reduce((a, b) => (distance(b) > distance(a) ? b : a));
    return {
      transport: first.transport,
      guestType: first.guestType,
      cells: new Set(members.map(({ cell }) => cell)).size,
      rows: members.length,
      outside: members.filter(({ verdict }) => verdict === 'outside').length,
      median: medianDifference(members),
      largest: distance(worst),
      largestRow: `${worst.cell}: ${worst.label}`,
    };
  });
}

function medianDifference(rows: readonly { readonly difference?: number }[]): number {
  return median(sortedAscending(rows.map(distance)));
}

function distance({ difference }: { readonly difference?: number }): number {
  return Math.abs(difference ?? 0);
}
