import { geometricMean } from '../../stats/summary.js';
import type { Sweep, SweepPanel, SweepPoint } from './sweep.js';

/** Differences below this share are a draw, however exactly they are known. */
export const DRAW_SHARE = 0.01;

/** One place of a sweep at which transports meet at equal parameters and equal effective buffer size. */
export interface Slot {
  readonly panel: SweepPanel['value'];
  readonly variant: string;
  readonly place: number;
  /** By competitor. */
  readonly points: ReadonlyMap<string, SweepPoint>;
}

type Direction = Pick<Sweep, 'better'>;

/** A figure with its range and its repetitions. */
export type Ranged = Pick<SweepPoint, 'value' | 'low' | 'high' | 'byReplicate' | 'isOneSample'>;

/** The outcome at one slot: the leader, or undefined where it is a draw or nobody to compare with. */
export interface SlotResult {
  readonly slot: Slot;
  readonly leader: string | undefined;
}

/** All the places of a sweep, panel by panel and along x. */
export function slotsOf(sweep: Sweep): readonly Slot[] {
  const slots: Slot[] = [];
  for (const panel of sweep.panels) {
    const places = new Map<
      string,
      { variant: string; place: number; points: Map<string, SweepPoint> }
    >();
    for (const { competitor, variant, points } of panel.series) {
      for (const point of points) {
        const key = JSON.stringify([variant, point.place]);
        const slot = places.get(key) ?? { variant, place: point.place, points: new Map() };
        places.set(key, slot);
        slot.points.set(competitor, point);
      }
    }
    const found = [...places.values()].map((slot) => ({ panel: panel.value, ...slot }));
    slots.push(...found.sort((a, b) => a.place - b.place));
  }
  return slots;
}

/** How many times worse b is than a: above 1 where a is better. */
export function timesWorse(sweep: Direction, a: number, b: number): number {
  return sweep.better === 'lower' ? b / a : a / b;
}

/** The points of a slot, best first. */
export function ranked(sweep: Sweep, slot: Slot): readonly (readonly [string, SweepPoint])[] {
  return [...slot.points].sort((a, b) =>
    sweep.better === 'lower' ? a[1].value - b[1].value : b[1].value - a[1].value,
  );
}

export function resultAt(sweep: Sweep, slot: Slot): SlotResult {
  const [first, second] = ranked(sweep, slot);
  if (first === undefined || second === undefined) return { slot, leader: undefined };
  return { slot, leader: isEstablished(sweep, first[1], second[1]) ? first[0] : undefined };
}

/** True where `better` is ahead by more than a draw and their ranges do not overlap. */
export function isEstablished(sweep: Direction, better: Ranged, worse: Ranged): boolean {
  if (better.isOneSample === true || worse.isOneSample === true) return false;
  if (timesWorse(sweep, better.value, worse.value) < 1 + DRAW_SHARE) return false;
  if (better.byReplicate.size > 1) {
    const { wins, of } = pairedWins(sweep, better, worse);
    if (of > 0) return wins >= of * 0.95;
  }
  return sweep.better === 'lower' ? better.high < worse.low : better.low > worse.high;
}

/** On how many common repetitions (same seed, same prices) a is better than b, and the range of the ratio. */
export function pairedWins(
  sweep: Direction,
  a: Ranged,
  b: Ranged,
): { wins: number; of: number; low: number; high: number } {
  let wins = 0;
  let of = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const [id, value] of a.byReplicate) {
    const other = b.byReplicate.get(id);
    if (other === undefined) continue;
    const ratio = timesWorse(sweep, value, other);
    of++;
    if (ratio > 1) wins++;
    low = Math.min(low, ratio);
    high = Math.max(high, ratio);
  }
  return { wins, of, low, high };
}

/** A change of the lead between two neighbouring places: where one transport overtakes another. */
export interface Flip {
  readonly from: number;
  readonly to: number;
  readonly before: string;
  readonly after: string;
}

/** The changes of the lead along a row of slots. A draw keeps the leader, and a newcomer's first place is no overtaking. */
export function flipsAlong(sweep: Sweep, row: readonly Slot[]): readonly Flip[] {
  const flips: Flip[] = [];
  let last: SlotResult | undefined;
  for (const slot of row) {
    const result = resultAt(sweep, slot);
    if (result.leader === undefined) continue;
    if (
      last?.leader !== undefined &&
      last.leader !== result.leader &&
      last.slot.points.has(result.leader) &&
      slot.points.has(last.leader)
    ) {
      flips.push({
        from: last.slot.place,
        to: slot.place,
        before: last.leader,
        after: result.leader,
      });
    }
    last = result;
  }
  return flips;
}

/** A place where a line falls although its buffer grew (or a latency jumps by far more than its message grew). */
export interface Cliff {
  readonly competitor: string;
  readonly variant: string;
  readonly x: number;
  readonly value: number;
  /** New value over old. */
  readonly ratio: number;
}

/**
 * Falls of a fifth or more between neighbouring points; for latencies, rises half as steep again as the size's. Where the
 * intervals of the two meet it may be chance, and is none.
 */
export function cliffsOf(sweep: Sweep, panel: SweepPanel): readonly Cliff[] {
  const cliffs: Cliff[] = [];
  for (const { competitor, variant, points } of panel.series) {
    points.forEach((point, i) => {
      const before = points[i - 1];
      if (before === undefined || before.value <= 0) return;
      const ratio = point.value / before.value;
      const growth = before.x > 0 ? point.x / before.x : 1;
      const isApart = point.low > before.high || point.high < before.low;
      const falls = isApart && (sweep.better === 'lower' ? ratio > 1.5 * growth : ratio < 0.8);
      if (falls) cliffs.push({ competitor, variant, x: point.x, value: point.value, ratio });
    });
  }
  return cliffs;
}

/** How many slots each transport leads, and how it stands against another over all slots that both have. */
export interface Tally {
  readonly compared: number;
  readonly draws: number;
  readonly leads: ReadonlyMap<string, number>;
}

export function tally(sweep: Sweep, slots: readonly Slot[]): Tally {
  const leads = new Map<string, number>();
  let compared = 0;
  let draws = 0;
  for (const slot of slots) {
    if (slot.points.size < 2) continue;
    compared++;
    const { leader } = resultAt(sweep, slot);
    if (leader === undefined) draws++;
    else leads.set(leader, (leads.get(leader) ?? 0) + 1);
  }
  return { compared, draws, leads };
}

/** Geometric mean over common slots of how many times worse b is than a; NaN where they never meet. */
export function meanTimesWorse(sweep: Sweep, slots: readonly Slot[], a: string, b: string): number {
  const ratios: number[] = [];
  for (const slot of slots) {
    const mine = slot.points.get(a);
    const its = slot.points.get(b);
    if (mine === undefined || its === undefined || mine.value <= 0 || its.value <= 0) continue;
    const ratio = timesWorse(sweep, mine.value, its.value);
    if (ratio > 0 && Number.isFinite(ratio)) ratios.push(ratio);
  }
  return ratios.length === 0 ? Number.NaN : geometricMean(ratios);
}
