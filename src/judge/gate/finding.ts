import type { Better } from '../../stats/metric.js';
import type { IgnoreEntry } from './policy.js';

/**
 * What has become of a figure. `changed`: it has no better side. `new`: the reference has none.
 * `not-measured`: the run has none, or the cell is not sound.
 */
export const FINDING_KINDS = [
  'regressed',
  'not-measured',
  'not-comparable',
  'inconclusive',
  'changed',
  'improved',
  'new',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Why a figure moved. */
export interface Cause {
  /** The same for all cells that it moved: "price vmexit". */
  readonly key: string;
  /** With amounts: "price vmexit 676 -> 776 cycles (+47.6 ns x 2.00 entries a message)". */
  readonly text: string;
}

/** What a sampled comparison rests on. */
export interface SampledEvidence {
  /** Or batches of them, where samples resemble their neighbours. */
  readonly samples: readonly [before: number, after: number];
  /** How many times as bad: above 1 is worse. */
  readonly ratio: number;
  readonly interval: readonly [low: number, high: number];
  /** Largest ratio that is still accepted: threshold or noise floor, whichever is larger. */
  readonly limit: number;
  readonly p: number;
  /** P after Benjamini and Hochberg, over all sampled figures. */
  readonly adjustedP: number;
}

/** One figure, or one cell, that is not as it was. */
export interface Finding {
  readonly kind: FindingKind;
  /** It counts against the run. */
  readonly fails: boolean;
  readonly cell: string;
  /** A metric, "outcome.NAME", "effective.NAME"; undefined: the cell as a whole. */
  readonly metric: string | undefined;
  readonly before?: number;
  readonly after?: number;
  readonly unit?: string;
  readonly better?: Better;
  /** By which part of the old value it is worse; below 0: better; infinite where it was 0. */
  readonly worse: number;
  readonly evidence?: SampledEvidence;
  /** The main one first. */
  readonly causes: readonly Cause[];
  /** All of it in one line, without the name of the cell. */
  readonly message: string;
  readonly ignored?: Pick<IgnoreEntry, 'reason' | 'until' | 'where'>;
}

/** The judgement of the whole run, in the order in which one goes before another. */
export const VERDICTS = [
  'regressed',
  'nothing-measured',
  'not-comparable',
  'inconclusive',
  'ok',
] as const;
export type GateVerdict = (typeof VERDICTS)[number];

/** A price or feature that differs between the two sides. */
export interface ProfileChange {
  readonly profile: string;
  readonly kind: 'price' | 'feature' | 'clock';
  readonly name: string;
  /** "676 -> 776 cycles (+47.6 ns)". */
  readonly text: string;
  /** Nanoseconds (or nanoseconds a byte) by which a price has changed; 0 for others. */
  readonly differenceNs: number;
  /** Of a price: causes of the attribution under which it is charged, where the run says them. */
  readonly causes?: readonly string[];
}

/** Findings that share their main cause. */
export interface CauseGroup {
  readonly key: string;
  /** The text of the worst finding. */
  readonly text: string;
  readonly cells: number;
  readonly figures: number;
  readonly worst: Finding;
}

export interface Judgement {
  readonly verdict: GateVerdict;
  /** Why, in one sentence. */
  readonly sentence: string;
  /** The worst first. Ignored ones are not among them. */
  readonly findings: readonly Finding[];
  readonly ignored: readonly Finding[];
  readonly profileChanges: readonly ProfileChange[];
  /** Main causes of what became worse, or otherwise; the widest first. */
  readonly causes: readonly CauseGroup[];
  readonly counts: Readonly<Record<FindingKind, number>>;
  /** Cells that stand on both sides, and figures that were compared in them. */
  readonly comparedCells: number;
  readonly comparedFigures: number;
  readonly sampledFigures: number;
  /** Ids of all cells of either side, in the order of the run, then those that it lacks. */
  readonly cellIds: readonly string[];
  /** What the reader must know besides: entries that have expired, too few samples. */
  readonly notes: readonly string[];
  readonly reference: string;
  readonly run: string;
}
