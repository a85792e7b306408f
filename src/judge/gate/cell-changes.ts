import type { ProfileChange } from './finding.js';
import { priceCount } from './price-counts.js';
import { type GateCell, messagesOf, parameterOf, timeByCause } from './side.js';

/** A counter that moved, a message. */
export interface CountMove {
  readonly group: string;
  readonly name: string;
  readonly perMessage: number;
  /** In the whole cell. */
  readonly total: number;
}

/** Time that moved, nanoseconds a message, summed over the physical CPUs. */
export interface TimeMove {
  readonly cause: string;
  readonly nsPerMessage: number;
}

/** A price that has changed and that this cell pays. */
export interface PriceMove {
  readonly change: ProfileChange;
  /** How often a message pays it; undefined where no counter tells. */
  readonly perMessage: number | undefined;
  readonly counted: string;
  /** Nanoseconds a message that it explains; undefined where no counter tells. */
  readonly nsPerMessage: number | undefined;
}

/** Everything that tells why the figures of a cell moved. Largest first in each list. */
export interface CellChanges {
  readonly prices: readonly PriceMove[];
  readonly features: readonly ProfileChange[];
  readonly counts: readonly CountMove[];
  readonly times: readonly TimeMove[];
  /** Busy time that moved in all, nanoseconds a message. */
  readonly busyNsPerMessage: number;
  /** What an entry into the hypervisor is to these guests. */
  readonly entryNoun: 'VMEXITs' | 'hypervisor entries';
}

/** Where one cause shows in several groups, the first of them is the cause and the rest follows. */
const GROUP_ORDER: readonly string[] = [
  'hypercalls',
  'grants',
  'xenstore',
  'entries',
  'events',
  'tlb',
  'copies',
  'work',
];
/** Moves below this part of the largest of their group are ripples of it. */
const RIPPLE = 0.05;

/** Compares counters and attribution of a cell with those that it had. */
export function cellChanges(
  before: GateCell,
  after: GateCell,
  profile: readonly ProfileChange[],
): CellChanges {
  const messages = messagesOf(after) ?? 1;
  const messagesBefore = messagesOf(before) ?? messages;
  const times = timeMoves(before, after, messagesBefore, messages);
  const busyNsPerMessage = times.reduce(
    (sum, { cause, nsPerMessage }) => (cause === 'idle' ? sum : sum + nsPerMessage),
    0,
  );
  return {
    prices: priceMoves(after, profile, messages, times),
    features: profile.filter(({ kind }) => kind !== 'price'),
    counts: countMoves(before, after, messagesBefore, messages),
    times,
    busyNsPerMessage,
    entryNoun: parameterOf(after, 'guestType') === 'pvh' ? 'VMEXITs' : 'hypervisor entries',
  };
}

function countMoves(
  before: GateCell,
  after: GateCell,
  messagesBefore: number,
  messages: number,
): readonly CountMove[] {
  const moves: CountMove[] = [];
  for (const group of names(before.counters, after.counters)) {
    const old = before.counters?.[group];
    const young = after.counters?.[group];
    const own: CountMove[] = [];
    for (const name of names(old, young)) {
      // Sums of time and of bytes are effects of counts, and no counts.
      if (/(Ps|Ns|Bytes)$/.test(name) && group !== 'copies') continue;
      const total = (young?.[name] ?? 0) - (old?.[name] ?? 0);
      const perMessage = (young?.[name] ?? 0) / messages - (old?.[name] ?? 0) / messagesBefore;
      if (total !== 0) own.push({ group, name, total, perMessage });
    }
    own.sort((a, b) => Math.abs(b.perMessage) - Math.abs(a.perMessage));
    const largest = Math.abs(own[0]?.perMessage ?? 0);
    moves.push(...own.filter(({ perMessage }) => Math.abs(perMessage) >= RIPPLE * largest));
  }
  return moves.sort((a, b) => rank(a.group) - rank(b.group));
}

function rank(group: string): number {
  const place = GROUP_ORDER.indexOf(group);
  return place < 0 ? GROUP_ORDER.length : place;
}

function timeMoves(
  before: GateCell,
  after: GateCell,
  messagesBefore: number,
  messages: number,
): readonly TimeMove[] {
  const old = timeByCause(before);
  const young = timeByCause(after);
  const moves: TimeMove[] = [];
  for (const cause of new Set([...old.keys(), ...young.keys()])) {
    const nsPerMessage =
      (young.get(cause) ?? 0) / messages - (old.get(cause) ?? 0) / messagesBefore;
    if (nsPerMessage !== 0) moves.push({ cause, nsPerMessage });
  }
  return moves.sort((a, b) => Math.abs(b.nsPerMessage) - Math.abs(a.nsPerMessage));
}

function priceMoves(
  after: GateCell,
  profile: readonly ProfileChange[],
  messages: number,
  times: readonly TimeMove[],
): readonly PriceMove[] {
  const moves: PriceMove[] = [];
  for (const change of profile) {
    if (change.kind !== 'price') continue;
    const known = priceCount(change.name);
    const count = known?.count(after);
    if (count === 0) continue;
    // A price of which nobody says where it is charged may be the cause of everything.
    const shows = times.some(({ cause }) => change.causes?.includes(cause) === true);
    if (change.causes !== undefined && !shows) continue;
    const perMessage = count === undefined ? undefined : count / messages;
    moves.push({
      change,
      perMessage,
      counted: known?.counted ?? '',
      nsPerMessage: perMessage === undefined ? undefined : perMessage * change.differenceNs,
    });
  }
  const weight = ({ nsPerMessage, change }: PriceMove): number =>
    Math.abs(nsPerMessage ?? change.differenceNs / 1000);
  return moves.sort((a, b) => weight(b) - weight(a));
}

function names(before: object | undefined, after: object | undefined): readonly string[] {
  return [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].sort();
}
