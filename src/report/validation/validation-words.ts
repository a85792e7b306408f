import { formatSignificant } from '../../base/units.js';
import type { Validation, ValidationRow } from '../../judge/validation/validation.js';

/** Words and figures that all forms of a validation share. */

export const ROW_HEAD = [
  'cell',
  'count, a message',
  'set by',
  'model',
  'recorded',
  'fresh',
  'off',
  'allowed',
  'verdict',
] as const;

export function rowTexts(row: ValidationRow): string[] {
  return [
    row.cell,
    row.label,
    row.determinedBy,
    amount(row.model),
    amount(row.recorded),
    amount(row.fresh) + (row.recordedIsStale === true ? ' !' : ''),
    percent(row.difference),
    // Of nothing there is no part.
    (row.fresh ?? row.recorded) === 0 ? '-' : `${trimmed(row.tolerance * 100)} %`,
    row.detail && row.verdict === 'outside' ? 'differs' : row.verdict,
  ];
}

export function amount(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '-' : formatSignificant(value);
}

/** "+1.2 %", "0 %"; "-" where there is none. */
export function percent(part: number | undefined): string {
  if (part === undefined) return '-';
  const text = `${trimmed(part * 100)} %`;
  return part > 0 && text !== '0 %' ? `+${text}` : text;
}

function trimmed(value: number): string {
  const rounded = value.toFixed(Math.abs(value) >= 99.5 ? 0 : 1).replace(/\.0$/, '');
  return rounded === '-0' ? '0' : rounded;
}

/** The answer in one sentence. */
export function answer({ summary }: Validation): string {
  const { compared, cells, outside, notCompared, stale, curves, medians, outcomes } = summary;
  if (summary.empty)
    return 'Nothing could be compared: the model is neither confirmed nor refuted.';
  const faults = [
    ...(outside > 0 ? [`${outside} of ${compared} counts are outside their tolerance`] : []),
    ...medians
      .filter(({ holds }) => !holds)
      .map(({ label }) => `the median of ${label} is too large`),
    ...curves.filter(({ holds }) => !holds).map(({ curve }) => `${curve} is not met`),
    ...(outcomes.differ > 0
      ? [`${outcomes.differ} of ${outcomes.cells} outcomes differ and nobody knows why`]
      : []),
  ];
  const left = notCompared === 0 ? '' : `; ${notCompared} counts cannot be compared`;
  const old = stale === 0 ? '' : `; ${stale} recorded counts are not what was measured now`;
  if (faults.length > 0) return `The model does not hold: ${faults.join('; ')}${left}${old}.`;
  const counts = compared === 0 ? [] : [`${compared} counts of ${cells} cells`];
  const points = curves.map(
    ({ within, points: all, curve }) => `${within} of ${all} points of ${curve}`,
  );
  const explained =
    outcomes.explained === 0
      ? ''
      : ` (${outcomes.explained} of them with a difference that is explained)`;
  const broken = outcomes.cells === 0 ? [] : [`${outcomes.cells} outcomes${explained}`];
  return `The model holds: ${[...counts, ...points, ...broken].join(', ')} are met${left}${old}.`;
}

/** Why counts are not compared, and how many each reason keeps out: most first. */
export function reasons(rows: readonly ValidationRow[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { verdict, reason, detail } of rows) {
    if (verdict !== 'not compared' || reason === undefined || detail) continue;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}
