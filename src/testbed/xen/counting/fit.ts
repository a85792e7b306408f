/** What was counted in one window, and how much there was of what counts come from. */
export interface Observation {
  readonly messages: number;
  /** Milliseconds that guests ran in the window. */
  readonly guestMs: number;
  readonly count: number;
}

/** A pair of windows that differ in the number of messages alone. */
export interface ObservationPair {
  readonly shorter: Observation;
  readonly longer: Observation;
}

export interface Fit {
  /** Counts a message: the median over the pairs. */
  readonly perMessage: number;
  /** Of each pair, in order. */
  readonly samples: readonly number[];
  readonly low: number;
  readonly high: number;
}

/**
 * Fits count = start + perMessage x messages + perGuestMs x guest time to pairs of windows.
 *
 * The start falls out of the difference of a pair. Messages and time grow together within a cell, so the two cannot be
 * told apart there: what time alone costs is measured in a window without messages and given as `perGuestMs`.
 * The median over pairs measured at different phases of the timer keeps a stray wake-up of dom0 out.
 */
export function fitPerMessage(pairs: readonly ObservationPair[], perGuestMs: number): Fit {
  const samples = pairs.map(({ shorter, longer }) => {
    const messages = longer.messages - shorter.messages;
    if (messages <= 0) throw new RangeError('the longer window must have more messages');
    const time = (longer.guestMs - shorter.guestMs) * perGuestMs;
    return (longer.count - shorter.count - time) / messages;
  });
  if (samples.length === 0) throw new RangeError('no windows to fit');
  return {
    perMessage: median(samples),
    samples,
    low: Math.min(...samples),
    high: Math.max(...samples),
  };
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError('median of nothing');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
