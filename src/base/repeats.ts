/** A stretch of a row: so many members from `start`, which come `times` times one behind the other. */
export interface Stretch {
  readonly start: number;
  readonly length: number;
  readonly times: number;
}

/**
 * Cuts a row into stretches, taking together what repeats itself: the shortest pattern that repeats at each place,
 * greedily from the front.
 *
 * @param longest longest pattern that is looked for
 * @param least how often a pattern of more than one member must come to be taken together
 */
export function repeats(row: readonly string[], longest: number, least = 3): Stretch[] {
  const stretches: Stretch[] = [];
  for (let start = 0; start < row.length; ) {
    let found: Stretch = { start, length: 1, times: timesOf(row, start, 1) };
    for (let length = 2; length <= longest && found.times === 1; length++) {
      const times = timesOf(row, start, length);
      if (times >= least) found = { start, length, times };
    }
    stretches.push(found);
    start += found.length * found.times;
  }
  return stretches;
}

function timesOf(row: readonly string[], start: number, length: number): number {
  let times = 1;
  for (let at = start + length; at + length <= row.length; at += length) {
    for (let i = 0; i < length; i++) if (row[start + i] !== row[at + i]) return times;
    times++;
  }
  return times;
}
