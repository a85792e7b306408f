interface Point {
  readonly x: number;
  readonly y: number;
}

/** The name of a line, which wants to stand beside the line's last point. All in pixels. */
export interface NameAtEnd {
  readonly left: number;
  readonly right: number;
  /** Height of the line's end. */
  readonly y: number;
  /** The other lines, point by point from the left. */
  readonly others: readonly (readonly Point[])[];
}

/** Names move in steps of so many pixels. */
const STEP = 2;

/**
 * Where the middles of names stand, in their order: at the end of the line, else as near to it as no other line runs
 * through the name, in the order of the ends from above where several meet.
 *
 * @param height of a name, with what it keeps free
 * @param area no name leaves it, as far as they fit
 */
export function placeNames(
  names: readonly NameAtEnd[],
  height: number,
  area: { readonly top: number; readonly bottom: number },
): readonly number[] {
  const middles = names.map(({ y }) => y);
  const fromAbove = [...names.keys()].sort((a, b) => nameAt(names, a).y - nameAt(names, b).y);
  const placed: number[] = [];
  for (const i of fromAbove) {
    const name = nameAt(names, i);
    const above = placed.filter(
      (k) => nameAt(names, k).right > name.left && nameAt(names, k).left < name.right,
    );
    const least = Math.max(-Infinity, ...above.map((k) => (middles[k] as number) + height));
    middles[i] = nearestFree(name, least, height, area);
    placed.push(i);
  }
  const over = Math.max(0, ...middles.map((middle) => middle - area.bottom));
  return middles.map((middle) => middle - over);
}

function nameAt(names: readonly NameAtEnd[], i: number): NameAtEnd {
  return names[i] as NameAtEnd;
}

/** The free place nearest to the end of the line, not above `least`. */
function nearestFree(
  name: NameAtEnd,
  least: number,
  height: number,
  { top, bottom }: { readonly top: number; readonly bottom: number },
): number {
  for (let away = 0; away <= bottom - top; away += STEP) {
    for (const middle of [name.y + away, name.y - away]) {
      if (middle < least || (away > 0 && (middle < top || middle > bottom))) continue;
      const isCrossed = name.others.some((course) => crosses(course, name, middle, height / 2));
      if (!isCrossed) return middle;
    }
  }
  return Math.max(name.y, least);
}

/** Whether a line runs through the box of a name. */
function crosses(
  course: readonly Point[],
  { left, right }: NameAtEnd,
  middle: number,
  half: number,
): boolean {
  return course.some((to, i) => {
    const from = course[i - 1];
    if (from === undefined || to.x < left || from.x > right) return false;
    const yAt = (x: number): number =>
      to.x === from.x ? to.y : from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x);
    const ends = [yAt(Math.max(left, from.x)), yAt(Math.min(right, to.x))];
    return Math.min(...ends) < middle + half && Math.max(...ends) > middle - half;
  });
}
