/** When a figure is for a statement. Bounds are included. */
export interface Threshold {
  readonly least?: number;
  readonly most?: number;
  /** As a sheet says it, after "is" or "are". */
  readonly words: string;
}

/**
 * The proposal uses words where we need numbers. These are our readings of them; each sheet states
 * those that it used.
 */
export const THRESHOLDS = {
  /** "at parity": fewer is no breach of it. */
  parity: { most: 1.25, words: 'at most 25 % more' },
  /** "not causing many more". */
  notMany: { most: 2, words: 'at most twice as many' },
  /** "pretty close", either way. */
  close: { least: 0.8, most: 1.25, words: 'within 25 %' },
  /** Something that is said to make a difference. */
  noticeable: { least: 1.1, words: 'at least 10 % more' },
  /** Something that is said to make more difference than other things. */
  marked: { least: 1.25, words: 'at least 25 % more' },
  notFewer: { least: 1, words: 'at least as many' },
  notSlower: { least: 0.8, words: 'at most 25 % slower' },
  /** "didn't manifest itself as an issue", "expensive": share of all busy CPU time. */
  minorShare: { most: 0.25, words: 'at most a quarter of the CPU time' },
  expensiveShare: { least: 0.1, words: 'at least a tenth of the CPU time' },
  slowSetup: { least: 2, words: 'at least twice as long' },
  none: { most: 0, words: 'none' },
  some: { least: 0.5, words: 'at least one for every second message' },
  anyAtAll: { least: 1, words: 'at least one' },
  /** One for each domain that takes part: the two of the smallest connection included. */
  onePerDomain: { most: 2, words: 'at most one a domain' },
  everybody: { least: 1, words: 'all of them' },
  tenGigabytes: { least: 10e9, words: 'at least 10 GB/s' },
  tenGigabits: { least: 1.25e9, words: 'at least 10 Gbit/s' },
} as const satisfies Readonly<Record<string, Threshold>>;

/**
 * Shares of the cases, each scenario weighing the same, so that the density of a sweep decides
 * nothing: from the first on a statement about the general case is supported, up to the second it
 * is contradicted, and between them it depends.
 */
export const SHARES = { supported: 0.75, contradicted: 0.1 } as const;

/** Rings count as equal when their effective sizes differ by no more than this share. */
export const EQUAL_RING_SHARE = 0.02;

/** In the table of who should use which: a lead by less is none. */
export const LEAD = 1.1;

/** True where the value is within the bounds. */
export function meets({ least, most }: Threshold, value: number): boolean {
  return (least === undefined || value >= least) && (most === undefined || value <= most);
}
