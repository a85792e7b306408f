import { repeats } from '../../base/repeats.js';

/** Who acts: a domain, or Xen. */
export interface Lane {
  /** "dom1", "Xen". */
  readonly name: string;
  /** What it is there: "receiver", "hypervisor". */
  readonly role: string;
}

interface StepFrame {
  /** Virtual nanoseconds since the first step. */
  readonly atNs: number;
  readonly label: string;
  /** So many of these followed one another: 1 or more. */
  readonly count: number;
  /** The lane that runs from here on, and those that no longer do behind this step. */
  readonly starts?: number;
  readonly stops?: readonly number[];
  /** Here two accounts of the same part. */
  readonly diverges?: boolean;
}

/** Something that happens in a lane, or goes from one lane to another. Lanes by number, from the left. */
export type ActStep =
  | (StepFrame & { readonly kind: 'note'; readonly lane: number })
  | (StepFrame & { readonly kind: 'arrow'; readonly from: number; readonly to: number });

/** Stands for the steps above it, which come again. */
export interface RepeatStep {
  readonly kind: 'repeat';
  /** When the last of them happens. */
  readonly atNs: number;
  /** So many steps, so many times in all. */
  readonly length: number;
  readonly times: number;
}

export type SequenceStep = ActStep | RepeatStep;

/** A sequence diagram as plain data: time goes down. */
export interface SequenceDiagram {
  readonly title: string;
  readonly subtitle: string;
  readonly lanes: readonly Lane[];
  /** Lanes that run when it begins. */
  readonly running: readonly number[];
  readonly steps: readonly SequenceStep[];
  /** What a reader must know besides. */
  readonly notes: readonly string[];
}

/** Steps with the one marked at which this account and another part: the first that is not earlier. */
export function markedAt(steps: readonly ActStep[], atNs: number | undefined): readonly ActStep[] {
  const index = atNs === undefined ? -1 : steps.findIndex((step) => step.atNs >= atNs);
  return steps.map((step, i) => (i === index ? { ...step, diverges: true } : step));
}

/** Longest pattern of steps that is taken together where it repeats. */
const LONGEST_PATTERN = 8;

/**
 * Takes together what repeats itself: like steps that follow one another, and patterns of several steps. The first one's
 * time stands for all.
 */
export function folded(steps: readonly ActStep[]): SequenceStep[] {
  return repeats(steps.map(keyOf), LONGEST_PATTERN).flatMap(({ start, length, times }) => {
    const pattern = steps.slice(start, start + length);
    const [first] = pattern;
    if (first === undefined || times === 1) return pattern;
    if (length === 1) return [{ ...first, count: times }];
    return [
      ...pattern,
      { atNs: last(steps, start + length * times).atNs, kind: 'repeat', length, times },
    ];
  });
}

function last(steps: readonly ActStep[], end: number): ActStep {
  return steps[end - 1] as ActStep;
}

function keyOf(step: ActStep, index: number): string {
  if (step.diverges === true) return `at ${index}`;
  const { atNs: _time, ...rest } = step;
  return JSON.stringify(rest);
}

/** "publishes 64 B", "publishes 64 B (4 times)". */
export function stepLabel(step: SequenceStep): string {
  if (step.kind === 'repeat') return `these ${step.length} steps ${step.times - 1} times more`;
  return step.count === 1 ? step.label : `${step.label} (${step.count} times)`;
}

/** Microseconds with two digits behind the point. */
export function timeLabel(atNs: number): string {
  return (atNs / 1000).toFixed(2);
}

/** Which lanes run while each step happens; what a step starts runs with it, what it stops no longer does after it. */
export function runningAt(diagram: SequenceDiagram): readonly ReadonlySet<number>[] {
  const running = new Set(diagram.running);
  return diagram.steps.map((step) => {
    if (step.kind === 'repeat') return new Set(running);
    const { starts, stops } = step;
    // Where one takes over from another, the other has stopped; else it stops behind the step.
    const takesOver = starts !== undefined && stops !== undefined;
    if (takesOver) for (const lane of stops) running.delete(lane);
    if (starts !== undefined) running.add(starts);
    const now = new Set(running);
    if (!takesOver) for (const lane of stops ?? []) running.delete(lane);
    return now;
  });
}

/** What texts need beside the lanes, in the unit of the picture: characters or pixels. */
export interface LaneRoom {
  /** The least distance of two lanes. */
  readonly least: number;
  readonly character: number;
  /** Beside the label of an arrow, and of a note or a lane's head. */
  readonly besideArrow: number;
  readonly besideNote: number;
}

/**
 * What stands between each lane and the next one, or the edge: enough for all labels. An arrow over several lanes has the
 * room of all of them.
 */
export function laneGaps({ lanes, steps }: SequenceDiagram, room: LaneRoom): number[] {
  const gaps = lanes.map(({ name, role }) =>
    Math.max(room.least, Math.max(name.length, role.length) * room.character + room.besideNote),
  );
  const needs = steps.flatMap((step) => {
    if (step.kind === 'repeat') return [];
    const length = stepLabel(step).length * room.character;
    if (step.kind === 'note') {
      return [{ from: step.lane, to: step.lane + 1, length: length + room.besideNote }];
    }
    const [from, to] = [Math.min(step.from, step.to), Math.max(step.from, step.to)];
    return [{ from, to, length: length + room.besideArrow }];
  });
  // Those of one gap first: what they widen, the longer arrows have too.
  for (const { from, to, length } of needs.sort((a, b) => a.to - a.from - (b.to - b.from))) {
    const there = gaps.slice(from, to).reduce((sum, gap) => sum + gap, 0);
    if (there < length) gaps[from] = (gaps[from] as number) + length - there;
  }
  return gaps;
}
