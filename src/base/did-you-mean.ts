import { UserError } from './errors.js';

/** Names further away than this share of their length are no slips of the keyboard. */
const FURTHEST_SHARE = 0.45;
/** More names than this are not listed in a message. */
const MOST_LISTED = 40;

/** The known name that was probably meant, if one is near enough; of equally near ones that which begins alike. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const asked = name.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  let mostAlike = 0;
  for (const candidate of known) {
    const other = candidate.toLowerCase();
    const longer = Math.max(asked.length, other.length);
    const begins = asked.length >= 2 && other.startsWith(asked);
    const distance = begins ? 0.5 : editDistance(asked, other);
    if (!begins && distance > Math.max(1, longer * FURTHEST_SHARE)) continue;
    const alike = lengthOfCommonStart(asked, other);
    if (distance > least || (distance === least && alike <= mostAlike)) continue;
    best = candidate;
    least = distance;
    mostAlike = alike;
  }
  return best;
}

function lengthOfCommonStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

/**
 * The error for a name that nobody knows: what it should be, the name that was probably meant, and
 * the names there are.
 * @param kind what it should be, with its article: "a transport"
 */
export function unknownName(
  kind: string,
  name: string,
  known: readonly string[],
  where: string,
): UserError {
  const meant = nearest(name, known);
  const listed = known.length <= MOST_LISTED ? `there are: ${known.join(', ')}` : undefined;
  const remedy = [meant === undefined ? undefined : `did you mean "${meant}"?`, listed]
    .filter((part) => part !== undefined)
    .join(' ');
  return new UserError(`"${name}" is not ${kind}`, { where, ...(remedy === '' ? {} : { remedy }) });
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] as number) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] as number;
}
