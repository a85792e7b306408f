/** Sizes that are compared as equal: no two differ by more than this share, and a transport has one of them. */
export const SIZE_TOLERANCE = 0.07;

export interface SizeClass {
  /** The size that stands for the class: the one most transports have; of equals, the largest. */
  readonly size: number;
  readonly smallest: number;
  readonly largest: number;
}

export interface OwnedSize {
  readonly owner: string;
  readonly size: number;
}

interface Step {
  readonly size: number;
  readonly owners: ReadonlySet<string>;
}

/**
 * Puts effective sizes of different transports into classes: 65472 (V4V) beside 65536 (libvchan). Two sizes of one
 * transport never share a class, so a sweep with small steps around a power of two keeps its points. Classes do not
 * overlap and come in rising order.
 */
export function sizeClasses(sizes: Iterable<OwnedSize>): readonly SizeClass[] {
  const ownersBySize = new Map<number, Set<string>>();
  for (const { owner, size } of sizes) {
    const owners = ownersBySize.get(size) ?? new Set<string>();
    ownersBySize.set(size, owners.add(owner));
  }
  const classes: Step[][] = [];
  let taken = new Set<string>();
  for (const [size, owners] of [...ownersBySize].sort((a, b) => a[0] - b[0])) {
    const open = classes.at(-1);
    const start = open?.[0]?.size ?? 0;
    const fits =
      size <= start * (1 + SIZE_TOLERANCE) && ![...owners].some((owner) => taken.has(owner));
    if (open !== undefined && fits) open.push({ size, owners });
    else {
      classes.push([{ size, owners }]);
      taken = new Set();
    }
    for (const owner of owners) taken.add(owner);
  }
  return classes.map((steps) => ({
    size: steps.reduce((best, step) => (step.owners.size >= best.owners.size ? step : best)).size,
    smallest: steps[0]?.size ?? 0,
    largest: steps.at(-1)?.size ?? 0,
  }));
}

/** The class in which a size lies. */
export function classOf(classes: readonly SizeClass[], size: number): SizeClass | undefined {
  return classes.find((candidate) => size >= candidate.smallest && size <= candidate.largest);
}
