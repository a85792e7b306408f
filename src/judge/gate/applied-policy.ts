import { UserError } from '../../base/errors.js';
import type { IgnoreEntry, Policy, ThresholdEntry } from './policy.js';
import { HARNESS } from './side.js';

/** The entries that may speak of one cell. */
export interface CellPolicy {
  /** The last entry that matches goes; undefined where none does. */
  thresholdOf(metric: string): ThresholdEntry | undefined;
  ignoredBy(metric: string): IgnoreEntry | undefined;
  /** The entry that ignores the cell as a whole. */
  readonly ignoredWhole: IgnoreEntry | undefined;
}

/**
 * A policy while it is applied: it notes which entries decide something, since one that decides
 * nothing is a slip or has outlived its reason.
 */
export class AppliedPolicy {
  private readonly thresholds: readonly ThresholdEntry[];
  private readonly ignores: readonly IgnoreEntry[];
  private readonly matched = new Set<string>();
  private readonly decided = new Set<string>();

  /** @param today "2026-01-31"; entries that end before it hold no more */
  constructor(
    policy: Policy,
    private readonly today: string,
  ) {
    this.thresholds = [...policy.thresholds].reverse();
    this.ignores = [...policy.ignores].reverse();
  }

  /** @param metrics all that the cell has on either side: entries that match none match nothing */
  forCell(id: string, metrics: Iterable<string>): CellPolicy {
    const thresholds = this.thresholds.filter(({ pattern }) => pattern.matchesCell(id));
    const ignores = this.ignores.filter(({ pattern }) => pattern.matchesCell(id));
    if (thresholds.length > 0 || ignores.length > 0) {
      for (const metric of metrics) this.note(metric, thresholds, ignores);
    }
    const whole = ignores.filter(({ pattern }) => pattern.wholeCell);
    for (const { where } of whole) this.matched.add(where);
    return {
      thresholdOf: (metric) => thresholds.find(({ pattern }) => pattern.matchesMetric(metric)),
      ignoredBy: (metric) =>
        ignores.find((entry) => this.holds(entry) && entry.pattern.matchesMetric(metric)),
      ignoredWhole: whole.find((entry) => this.holds(entry)),
    };
  }

  /** Entries whose day has passed: what they were to hide counts again, unless others hide it. */
  get expired(): readonly IgnoreEntry[] {
    return this.ignores.filter((entry) => !this.holds(entry)).reverse();
  }

  /**
   * Throws UserError for an entry that has matched nothing, or that later entries override
   * everywhere.
   * @param harnessIsJudged where it is not, entries for it cannot match, and are no slip
   */
  demandUse(harnessIsJudged: boolean): void {
    for (const entry of [...this.thresholds, ...this.ignores].reverse()) {
      const { where, pattern } = entry;
      if (!harnessIsJudged && pattern.text.startsWith(`${HARNESS}:`)) continue;
      if (!this.matched.has(where)) {
        throw new UserError(`the pattern ${pattern.text} matches nothing`, {
          where,
          remedy: 'correct it, or remove the entry',
        });
      }
      if ('allowance' in entry && !this.decided.has(where)) {
        throw new UserError(
          `the pattern ${pattern.text} decides nothing: later entries override it`,
          {
            where,
            remedy: 'put the more general entry first, or remove one of them',
          },
        );
      }
    }
  }

  private note(
    metric: string,
    thresholds: readonly ThresholdEntry[],
    ignores: readonly IgnoreEntry[],
  ): void {
    let isDecided = false;
    for (const { pattern, where } of thresholds) {
      if (!pattern.matchesMetric(metric)) continue;
      this.matched.add(where);
      if (!isDecided) this.decided.add(where);
      isDecided = true;
    }
    for (const { pattern, where } of ignores) {
      if (pattern.matchesMetric(metric)) this.matched.add(where);
    }
  }

  private holds({ until }: IgnoreEntry): boolean {
    return until >= this.today;
  }
}
