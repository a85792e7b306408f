import type { ModelStep } from '../../testbed/model/trace-cell.js';
import type { XenStep } from '../../testbed/xen/counting/trace-steps.js';

/** A step that both the model's trace and xentrace have, under one name. */
export interface CommonStep {
  readonly atNs: number;
  /** "dom2 event_channel_op", "wakes dom1". */
  readonly name: string;
}

/** Names that xentrace gives to what the model tells apart. */
const HYPERCALLS: readonly (readonly [RegExp, string])[] = [
  [/^evtchn_/, 'event_channel_op'],
  [/^gnttab_/, 'grant_table_op'],
  [/^argo_/, 'argo_op'],
  [/^sched_/, 'sched_op'],
];
/** They come with time, not with messages, and fall where they like. */
const TIMERS: readonly string[] = ['set_timer', 'vcpu_op', 'set_timer_op'];
const EXITS: Readonly<Record<string, string>> = {
  hlt: 'HLT',
  eoi: 'EOI',
  nm: '#NM',
  'pv-trap': '#NM',
};

/** Steps of the model that real Xen's trace has too, dom0's and timers left out. */
export function commonOfModel(steps: readonly ModelStep[]): CommonStep[] {
  return steps.flatMap(({ atNs, domid, kind, what }) => {
    const name = domid === 0 ? undefined : modelName(kind, what, domid);
    return name === undefined ? [] : [{ atNs, name }];
  });
}

function modelName(kind: ModelStep['kind'], what: string, domid: number): string | undefined {
  switch (kind) {
    case 'hypercall':
      return hypercallName(what, domid);
    case 'entry':
      return exitName(what, domid);
    case 'wake':
      return `wakes dom${domid}`;
    case 'block':
      return `dom${domid} sleeps`;
    case 'context-switch':
      return `switches to dom${domid}`;
    default:
      return undefined;
  }
}

/** Steps of real Xen that the model's trace has too. */
export function commonOfXen(steps: readonly XenStep[]): CommonStep[] {
  return steps.flatMap(({ atNs, domid, kind, what }) => {
    const name = xenName(kind, what, domid);
    return name === undefined ? [] : [{ atNs, name }];
  });
}

function xenName(kind: XenStep['kind'], what: string, domid = 0): string | undefined {
  const isGuest = /^dom[1-9]/.test(what);
  switch (kind) {
    case 'hypercall':
      return domid === 0 ? undefined : hypercallName(what, domid);
    case 'exit':
    case 'trap':
      return domid === 0 ? undefined : exitName(what, domid);
    case 'wake':
      return isGuest ? `wakes ${what}` : undefined;
    case 'block':
      return isGuest ? `${what} sleeps` : undefined;
    case 'runs':
      return isGuest ? `switches to ${what}` : undefined;
    default:
      return undefined;
  }
}

function hypercallName(what: string, domid: number): string | undefined {
  if (TIMERS.includes(what)) return undefined;
  const known = HYPERCALLS.find(([pattern]) => pattern.test(what));
  return `dom${domid} ${known?.[1] ?? what}`;
}

function exitName(what: string, domid: number): string | undefined {
  const name = EXITS[what];
  return name === undefined ? undefined : `dom${domid} ${name}`;
}

/** What a message asks of Xen first: by it round trips are told apart. */
const TRANSPORT_OPERATION = / (event_channel_op|argo_op|grant_table_op)$/;

/**
 * One round trip of an account of several: from the first side's operation to its next one. Of several one that goes as
 * most do, and where no two go alike the shortest, which has least of what else the kernels do. An account without a second
 * operation comes back whole.
 */
export function typicalRoundTrip(steps: readonly CommonStep[]): readonly CommonStep[] {
  const first = steps.find(({ name }) => TRANSPORT_OPERATION.test(name))?.name;
  const trips: CommonStep[][] = [];
  for (const step of steps) {
    if (step.name === first) trips.push([]);
    trips.at(-1)?.push(step);
  }
  // The last one is cut off by the end of the trace.
  const whole = trips.slice(0, -1);
  const course = (trip: readonly CommonStep[]): string => trip.map(({ name }) => name).join('; ');
  const times = (trip: readonly CommonStep[]): number =>
    whole.filter((other) => course(other) === course(trip)).length;
  const [typical] = [...whole].sort((a, b) => times(b) - times(a) || a.length - b.length);
  return typical ?? steps;
}

/** A round trip that begins where those of `typicalRoundTrip` begin: what stands before comes behind. */
export function fromFirstOperation(steps: readonly CommonStep[]): readonly CommonStep[] {
  const at = steps.findIndex(({ name }) => TRANSPORT_OPERATION.test(name));
  return at <= 0 ? steps : [...steps.slice(at), ...steps.slice(0, at)];
}

/** A line of the comparison: a step of either side, or of both. */
export interface AlignedStep {
  readonly model?: CommonStep;
  readonly xen?: CommonStep;
}

export interface Alignment {
  readonly lines: readonly AlignedStep[];
  /** Line at which the two first part; undefined where they do not. */
  readonly divergesAt: number | undefined;
}

/** Lays two accounts side by side so that as many steps as possible meet. */
export function aligned(model: readonly CommonStep[], xen: readonly CommonStep[]): Alignment {
  const common = commonLengths(model, xen);
  const lines: AlignedStep[] = [];
  let i = 0;
  let k = 0;
  while (i < model.length || k < xen.length) {
    const mine = model[i];
    const theirs = xen[k];
    if (mine !== undefined && theirs !== undefined && mine.name === theirs.name) {
      lines.push({ model: mine, xen: theirs });
      i++;
      k++;
    } else if (
      theirs === undefined ||
      (mine !== undefined && lengthAt(common, i + 1, k) >= lengthAt(common, i, k + 1))
    ) {
      lines.push({ model: mine as CommonStep });
      i++;
    } else {
      lines.push({ xen: theirs });
      k++;
    }
  }
  const at = lines.findIndex((line) => line.model === undefined || line.xen === undefined);
  return { lines, divergesAt: at < 0 ? undefined : at };
}

/** Length of the longest common subsequence behind each pair of places. */
function commonLengths(a: readonly CommonStep[], b: readonly CommonStep[]): number[][] {
  const lengths = a.map(() => new Array<number>(b.length + 1).fill(0));
  lengths.push(new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let k = b.length - 1; k >= 0; k--) {
      (lengths[i] as number[])[k] =
        a[i]?.name === b[k]?.name
          ? 1 + lengthAt(lengths, i + 1, k + 1)
          : Math.max(lengthAt(lengths, i + 1, k), lengthAt(lengths, i, k + 1));
    }
  }
  return lengths;
}

function lengthAt(lengths: readonly (readonly number[])[], i: number, k: number): number {
  return lengths[i]?.[k] ?? 0;
}

/** Whether both do the same, in a sentence. */
export function verdict({ lines, divergesAt }: Alignment): string {
  if (divergesAt === undefined) {
    return `Model and real Xen do the same ${lines.length} steps in the same order.`;
  }
  const same = lines.filter(({ model, xen }) => model !== undefined && xen !== undefined).length;
  return `Model and real Xen part at step ${divergesAt + 1}; ${same} of ${lines.length} steps are the same.`;
}
