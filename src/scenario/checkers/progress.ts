import type { Verdict } from '../contract.js';
import type { History } from '../faults/history.js';

/** Somebody who must go on although something breaks. */
export interface MustProgress {
  /** The flow whose messages must keep arriving. */
  readonly flow: string;
  /** From this moment on ... */
  readonly fromPs: number;
  /** ... until this one. */
  readonly toPs: number;
  /** Longest time without a message that is not standing still. */
  readonly longestGapPs: number;
}

/** Longest time in which nothing of a flow arrived, within a window, in picoseconds. */
export function longestGap(
  history: History,
  { flow, fromPs, toPs }: Omit<MustProgress, 'longestGapPs'>,
): number {
  let last = fromPs;
  let longest = 0;
  for (const event of history.events) {
    if (event.flow !== flow || event.what !== 'received') continue;
    if (event.timePs < fromPs || event.timePs > toPs) continue;
    longest = Math.max(longest, event.timePs - last);
    last = event.timePs;
  }
  return Math.max(longest, toPs - last);
}

/** Connections that the plan leaves alone go on: no gap is longer than allowed. */
export function checkProgress(history: History, flows: readonly MustProgress[]): Verdict {
  for (const must of flows) {
    if (must.toPs <= must.fromPs) {
      return { verdict: 'unknown', reason: `"${must.flow}" was not watched for any time` };
    }
    const gapPs = longestGap(history, must);
    if (gapPs > must.longestGapPs) {
      const [gapUs, mayUs] = [gapPs, must.longestGapPs].map((ps) => Math.round(ps / 1e6));
      return {
        verdict: 'invalid',
        reason: `no progress: "${must.flow}" stood still for ${gapUs} us (at most ${mayUs} are allowed)`,
      };
    }
  }
  return { verdict: 'valid' };
}
