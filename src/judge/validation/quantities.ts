import type { Cell } from '../../results/types.js';
import type { DeterminedBy } from '../../stats/metric.js';

/** What rows are sorted and summed up by. */
export type QuantityKind = 'transport' | 'entries' | 'guest kernel' | 'TLB' | 'scheduling';

/**
 * One thing that is counted on both sides, a message.
 *
 * Names are those of real Xen's cells: those of the model are brought to them first (as-on-xen.ts).
 */
export interface Quantity {
  readonly name: string;
  readonly label: string;
  readonly kind: QuantityKind;
  /** A metric of the cell, by its name; or a counter, by group and name, which is divided by the messages. */
  readonly source: string | readonly [group: string, name: string];
  readonly determinedBy: (cell: Cell) => DeterminedBy;
  /** Where it is worth a row. Left out: everywhere where either side counted any. */
  readonly applies?: (cell: Cell) => boolean;
  /** Explains others: shown on demand, and not judged by itself. */
  readonly detail?: boolean;
}

const always =
  (kind: DeterminedBy) =>
  (_cell: Cell): DeterminedBy =>
    kind;

const hasPvh = (cell: Cell): boolean => guestTypes(cell).includes('pvh');
const hasPv = (cell: Cell): boolean => guestTypes(cell).includes('pv');

/** Work in which one side waits for the other after every message: nobody's speed changes what is sent. */
const ONE_AT_A_TIME: readonly string[] = ['ping-pong', 'bare-grants'];

/** Events, and what follows from them: by the protocol where one message is on its way at a time. */
const byTurns = (cell: Cell): DeterminedBy =>
  ONE_AT_A_TIME.includes(cell.scenario) ? 'protocol' : 'schedule';

/** A send may be refused where the ring is full, and is then made again: how often is up to the schedule. */
const operation = (name: string, label: string, kind: Quantity['determinedBy']): Quantity => ({
  name,
  label,
  kind: 'transport',
  source: ['hypercalls', name],
  determinedBy: kind,
});

const kernel = (name: string): Quantity => ({
  name,
  label: name.replaceAll('_', ' '),
  kind: 'guest kernel',
  source: ['hypercalls', name],
  determinedBy: always('schedule'),
  applies: hasPv,
  detail: true,
});

const entry = (reason: string): Quantity => ({
  name: `entry ${reason}`,
  label: `entries: ${reason}`,
  kind: 'entries',
  source: ['entries', reason],
  determinedBy: always('schedule'),
  detail: true,
});

const tlb = (name: string, label: string, applies?: (cell: Cell) => boolean): Quantity => ({
  name,
  label,
  kind: 'TLB',
  source: ['tlb', name],
  determinedBy: always('schedule'),
  detail: true,
  ...(applies === undefined ? {} : { applies }),
});

/** All that is compared, in the order of tables. */
export const QUANTITIES: readonly Quantity[] = [
  {
    name: 'hypercallsPerMessage',
    label: "the transport's hypercalls",
    kind: 'transport',
    source: 'hypercallsPerMessage',
    determinedBy: byTurns,
  },
  {
    name: 'eventsPerMessage',
    label: 'events sent',
    kind: 'transport',
    source: 'eventsPerMessage',
    determinedBy: byTurns,
  },
  operation('evtchn_send', 'evtchn_send', byTurns),
  operation('gnttab_map', 'grant maps', always('protocol')),
  operation('gnttab_unmap', 'grant unmaps', always('protocol')),
  operation('gnttab_copy', 'grant copies', always('protocol')),
  operation('argo_sendv', 'argo sendv', byTurns),
  operation('argo_notify', 'argo notify', byTurns),
  {
    name: 'tlbFlushesPerMessage',
    label: 'TLB flush requests',
    kind: 'TLB',
    source: 'tlbFlushesPerMessage',
    determinedBy: always('protocol'),
  },
  {
    name: 'vmexitsPerMessage',
    label: 'VMEXITs',
    kind: 'entries',
    source: 'vmexitsPerMessage',
    determinedBy: always('schedule'),
    applies: hasPvh,
  },
  {
    name: 'entriesPerMessage',
    label: 'hypervisor entries',
    kind: 'entries',
    source: 'entriesPerMessage',
    determinedBy: always('schedule'),
    applies: hasPv,
  },
  {
    name: 'entriesWithTimePerMessage',
    label: 'entries, timers included',
    kind: 'entries',
    source: 'entriesWithTimePerMessage',
    determinedBy: always('schedule'),
  },
  entry('hypercall'),
  entry('hlt'),
  entry('eoi'),
  entry('nm'),
  entry('syscall'),
  entry('external-interrupt'),
  kernel('iret'),
  kernel('set_segment_base'),
  kernel('stack_switch'),
  kernel('sched_op'),
  { ...kernel('set_timer'), applies: () => true },
  tlb('flushesOfLocalTlb', 'flushes of the own TLB'),
  tlb('asidFlushes', 'ASID flushes', hasPvh),
  tlb('cr3Writes', 'CR3 writes of Xen'),
  tlb('invlpg', 'INVLPG of guests', hasPvh),
  {
    name: 'blocks',
    label: 'vCPU blocks',
    kind: 'scheduling',
    source: ['scheduling', 'blocks'],
    determinedBy: always('schedule'),
    detail: true,
  },
  {
    name: 'contextSwitches',
    label: 'vCPU switches',
    kind: 'scheduling',
    source: ['scheduling', 'contextSwitches'],
    determinedBy: always('schedule'),
    detail: true,
  },
];

/** Messages that a cell's counters refer to. */
export function messagesOf(cell: Cell): number {
  const messages = cell.parameters['messages'];
  return typeof messages === 'number' && messages > 0 ? messages : 1;
}

/** Guest types of both sides. */
export function guestTypes(cell: Cell): readonly string[] {
  return String(cell.parameters['guestType'] ?? '').split(':');
}

/** How much of it there was a message. Undefined where the cell does not say. */
export function amountOf(quantity: Quantity, cell: Cell): number | undefined {
  const { source } = quantity;
  if (typeof source === 'string') return cell.metrics[source]?.value;
  const group = cell.counters?.[source[0]];
  return group === undefined ? undefined : (group[source[1]] ?? 0) / messagesOf(cell);
}
