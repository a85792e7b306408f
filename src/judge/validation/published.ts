import type { RowVerdict } from './rows.js';
import { PUBLISHED_TOLERANCE } from './tolerances.js';

/** One published measurement, and what the model makes of it. */
export interface PublishedPoint {
  readonly curve: string;
  readonly point: string;
  /** The unit of both figures. */
  readonly unit: string;
  readonly published: number;
  /** Undefined where the model could not carry it out. */
  readonly model?: number;
  readonly reason?: string;
}

export interface PublishedRow extends PublishedPoint {
  readonly difference?: number;
  readonly tolerance: number;
  readonly verdict: RowVerdict;
}

export function publishedRow(point: PublishedPoint): PublishedRow {
  const tolerance = PUBLISHED_TOLERANCE.relative;
  if (point.model === undefined) return { ...point, tolerance, verdict: 'not compared' };
  const difference = point.model / point.published - 1;
  const verdict = Math.abs(difference) > tolerance ? 'outside' : 'within';
  return { ...point, difference, tolerance, verdict };
}
