import { type GateCell, parameterOf } from './side.js';

type Count = (cell: GateCell) => number | undefined;

/** How often a cell paid a price, and what it paid it for, for people. */
export interface PriceCount {
  readonly count: Count;
  readonly counted: string;
}

/**
 * The counter that tells how often a price was charged, by the price's name. Undefined where none does: the attribution to
 * the causes of the price then speaks alone.
 */
export function priceCount(name: string): PriceCount | undefined {
  return Object.hasOwn(COUNTS, name) ? COUNTS[name] : undefined;
}

function counter(group: string, ...names: readonly string[]): Count {
  return (cell) => {
    const counts = cell.counters?.[group];
    if (counts === undefined) return undefined;
    return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  };
}

/** Sum of a group, but for the names left out. */
function group(name: string, ...without: readonly string[]): Count {
  return (cell) => {
    const counts = cell.counters?.[name];
    if (counts === undefined) return undefined;
    let sum = 0;
    for (const [key, count] of Object.entries(counts)) if (!without.includes(key)) sum += count;
    return sum;
  };
}

/** Told only where both guests are of one type. */
function ofGuests(type: 'pv' | 'pvh', count: Count): Count {
  return (cell) => {
    const guestType = parameterOf(cell, 'guestType');
    if (guestType === type) return count(cell);
    return guestType === 'pv' || guestType === 'pvh' ? 0 : undefined;
  };
}

const entries = group('entries');
const otherEntries = group('entries', 'hypercall');

const COUNTS: Readonly<Record<string, PriceCount>> = {
  vmexit: { count: ofGuests('pvh', entries), counted: 'VMEXITs' },
  pvEntry: { count: ofGuests('pv', entries), counted: 'entries' },
  hypercall: { count: counter('entries', 'hypercall'), counted: 'hypercalls' },
  exitHandler: { count: otherEntries, counted: 'entries other than hypercalls' },
  mitigationEntry: { count: entries, counted: 'entries' },
  systemCall: { count: counter('work', 'systemCalls'), counted: 'system calls' },
  invlpg: { count: counter('tlb', 'invlpg'), counted: 'INVLPG' },
  tlbRefill: { count: counter('tlb', 'misses'), counted: 'TLB misses' },
  shootdownFirst: { count: counter('tlb', 'shootdowns'), counted: 'shootdowns' },
  ipi: { count: counter('events', 'ipis'), counted: 'IPIs' },
  evtchnSend: { count: counter('hypercalls', 'evtchn_send'), counted: 'evtchn_send' },
  timerOp: { count: counter('hypercalls', 'set_timer'), counted: 'set_timer' },
  grantMap: { count: ofGuests('pvh', counter('grants', 'mapped')), counted: 'maps' },
  grantUnmap: { count: ofGuests('pvh', counter('grants', 'unmapped')), counted: 'unmaps' },
  grantCopy: { count: counter('grants', 'copied'), counted: 'grant copies' },
  argoSendv: { count: counter('hypercalls', 'argo_sendv'), counted: 'argo_sendv' },
  argoNotify: { count: counter('hypercalls', 'argo_notify'), counted: 'argo_notify' },
  pageWalk: { count: counter('work', 'pageWalks'), counted: 'page walks' },
  vcpuSwitch: { count: counter('work', 'vcpuSwitches'), counted: 'vCPU switches' },
  taskSwitch: { count: counter('work', 'taskSwitches'), counted: 'task switches' },
  timerTick: { count: counter('work', 'ticks'), counted: 'ticks' },
  copySetup: { count: counter('copies', 'guestCopies', 'hypervisorCopies'), counted: 'copies' },
  xenstoreOperation: { count: counter('xenstore', 'operations'), counted: 'xenstore operations' },
};

/** Prices of which a counter tells how often they were charged. */
export const PRICES_COUNTED = Object.keys(COUNTS);
