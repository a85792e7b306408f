import type { DeterminedBy } from '../../stats/metric.js';

/**
 * How far model and real Xen may be apart.
 *
 * - `protocol`: the same however the two sides are timed (an event for each message of a ping-pong, a flush for each
 *   unmapped page). Only start and end of a window can blur it.
 * - `schedule`: depends on who is faster and on when timers fall (events of a stream, entries into the hypervisor).
 */
export interface Tolerance {
  /** Part of what was measured, e.g. 0.02. */
  readonly relative: number;
  /**
   * Differences of so many counts in the whole window are no difference: a window begins and ends somewhere within a
   * message, a fill of the ring, a timer's period.
   */
  readonly countsInWindow: number;
  /** Largest median of the relative differences, over `LEAST_CELLS_FOR_MEDIAN` cells or more. Undefined: there is none. */
  readonly median?: number;
}

/** Of fewer cells the median is little else than one of them, which its own tolerance is for. */
export const LEAST_CELLS_FOR_MEDIAN = 12;

export const TOLERANCES: Readonly<Record<DeterminedBy, Tolerance>> = {
  protocol: { relative: 0.02, countsInWindow: 1 },
  schedule: { relative: 0.25, countsInWindow: 2, median: 0.1 },
};

/** Published curves are single runs timed in whole microseconds: a curve is met where its middle is, and most of it. */
export const PUBLISHED_TOLERANCE = {
  relative: 0.25,
  median: 0.05,
  /** Part of the points that must be within `relative`. */
  share: 0.9,
} as const;

/** Two measurements of real Xen on the same emulated machine: only the timer's phase differs. */
export const FRESH_TOLERANCE: Tolerance = { relative: 0.03, countsInWindow: 2 };
