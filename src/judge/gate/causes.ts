import type { DeterminedBy } from '../../stats/metric.js';
import type { CellChanges, CountMove, PriceMove } from './cell-changes.js';
import { differenceText, plain } from './figure-text.js';
import type { Cause } from './finding.js';

const MOST_CAUSES = 3;
/** So that counts have their place beside them. */
const MOST_PRICES = 2;
/** A changed price that explains less than this part of the time that moved is not its cause. */
const EXPLAINS = 0.1;

/** Counters of which a metric is made. Other metrics are times, and have many causes. */
interface Made {
  readonly group: string;
  /** All of the group where it is missing. */
  readonly names?: readonly string[];
}

const MADE_OF: Readonly<Record<string, readonly Made[]>> = {
  hypercallsPerMessage: [{ group: 'hypercalls' }],
  vmexitsPerMessage: [{ group: 'entries' }],
  entriesPerMessage: [{ group: 'entries' }],
  entriesWithTimePerMessage: [{ group: 'entries' }],
  eventsPerMessage: [{ group: 'events', names: ['sent', 'virqs'] }],
  tlbFlushesPerMessage: [{ group: 'tlb', names: ['flushRequests'] }],
  tlbMissesPerMessage: [{ group: 'tlb', names: ['misses'] }],
  copiedBytesPerByte: [{ group: 'copies', names: ['guestBytes', 'hypervisorBytes'] }],
  xenstoreOperations: [{ group: 'xenstore' }],
  xenstoreOperationsPerConnection: [{ group: 'xenstore' }],
  grantsPerConnection: [{ group: 'grants' }, { group: 'hypercalls' }],
};

/**
 * What moved a figure, the main cause first. Empty where nothing that is recorded moved with it.
 *
 * A count that the protocol determines can move only with the program. All others follow from who
 * is faster, too: where a price or a feature has changed, that comes first, and the counts after it
 * say by which way.
 */
export function causesOf(
  metric: string,
  determinedBy: DeterminedBy | undefined,
  changes: CellChanges,
): readonly Cause[] {
  const made = Object.hasOwn(MADE_OF, metric) ? MADE_OF[metric] : undefined;
  const moves =
    made === undefined
      ? withoutConsequences(changes.counts)
      : changes.counts.filter((move) => made.some((one) => holds(one, move)));
  const counts = moves.map((move) => countCause(move, changes));
  const features = changes.features.map(({ kind, name, text }) => ({
    key: `${kind} ${name}`,
    text: `${kind} ${name} ${text}`,
  }));
  const prices = pricesThatExplain(changes).map(priceCause);
  const isProtocol = determinedBy === 'protocol' && made !== undefined;
  const main = isProtocol
    ? [...features, ...counts]
    : [...features, ...prices.slice(0, MOST_PRICES), ...counts];
  const causes = main.slice(0, MOST_CAUSES);
  if (made !== undefined || causes.length > 1) return causes;
  const times = changes.times.filter(({ cause }) => cause !== 'idle').map(timeCause);
  return [...causes, ...times].slice(0, 2);
}

function pricesThatExplain({ prices, busyNsPerMessage }: CellChanges): readonly PriceMove[] {
  const explained = prices.filter(
    ({ nsPerMessage }) =>
      nsPerMessage === undefined || Math.abs(nsPerMessage) >= EXPLAINS * Math.abs(busyNsPerMessage),
  );
  return explained.length > 0 ? explained : prices;
}

function holds({ group, names }: Made, move: CountMove): boolean {
  return move.group === group && (names === undefined || names.includes(move.name));
}

/** Entries by hypercall, and events: where hypercalls moved with them, those are the cause. */
function leaderOf(move: CountMove, { counts }: CellChanges): CountMove | undefined {
  const follows =
    (move.group === 'entries' && move.name === 'hypercall') ||
    (move.group === 'events' && move.name === 'sent');
  if (!follows) return undefined;
  return counts.find(({ group, total }) => group === 'hypercalls' && total > 0 === move.total > 0);
}

/** Counters that may be a cause of time: what follows from others is left out, and sums of bytes. */
function withoutConsequences(counts: readonly CountMove[]): readonly CountMove[] {
  const hypercallsMoved = counts.some(({ group }) => group === 'hypercalls');
  const rest = counts.filter(
    ({ group, name }) =>
      !(hypercallsMoved && group === 'entries' && name === 'hypercall') && !name.endsWith('Bytes'),
  );
  const best = new Map<string, CountMove>();
  for (const move of rest) if (!best.has(move.group)) best.set(move.group, move);
  // The largest of each group first, then the others.
  const first = [...best.values()];
  return [...first, ...rest.filter((move) => !first.includes(move))];
}

function priceCause({ change, perMessage, counted }: PriceMove): Cause {
  const how =
    perMessage === undefined
      ? ''
      : `, ${plain(perMessage, 3)} ${counted} a message${change.differenceNs === 0 ? '' : `: ${differenceText(perMessage * change.differenceNs, 'ns')}`}`;
  return { key: `price ${change.name}`, text: `price ${change.name} ${change.text}${how}` };
}

function timeCause({ cause, nsPerMessage }: { cause: string; nsPerMessage: number }): Cause {
  return {
    key: `${nsPerMessage < 0 ? 'less' : 'more'} ${cause}`,
    text: `${differenceText(nsPerMessage, 'ns')} a message of ${cause}`,
  };
}

const NOUNS: Readonly<Record<string, string>> = {
  hypercalls: 'hypercalls',
  events: 'events',
  tlb: 'TLB',
  grants: 'grants',
  copies: 'copies',
  xenstore: 'xenstore',
};

const ONE_OF: Readonly<Record<string, string>> = {
  VMEXITs: 'VMEXIT',
  'hypervisor entries': 'hypervisor entry',
  hypercalls: 'hypercall',
  events: 'event',
};

/** Fewer than this a message are told as a total: they happen once in a while. */
const SELDOM = 0.01;

function countCause(move: CountMove, changes: CellChanges): Cause {
  const leader = leaderOf(move, changes);
  if (leader !== undefined) return countCause(leader, changes);
  const { group, name, perMessage, total } = move;
  const often = Math.abs(perMessage) >= SELDOM;
  const amount = differenceText(often ? perMessage : total, '1');
  const many = name.endsWith('Bytes')
    ? 'bytes copied'
    : group === 'entries'
      ? changes.entryNoun
      : (NOUNS[group] ?? group);
  const noun = /^[+-]1$/.test(amount) ? (ONE_OF[many] ?? many) : many;
  const where = often ? 'a message' : 'in the cell';
  return {
    key: `${total < 0 ? 'fewer' : 'more'} ${group}.${name}`,
    text: `${amount} ${noun} ${where}: ${name}`,
  };
}
