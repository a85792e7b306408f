import { type GateCell, parameterOf } from './side.js';

/** Where a price shows in a cell. */
export interface PriceEffect {
  /** Causes of the attribution under which it is charged. */
  readonly causes: readonly string[];
  /** How often it was charged, where a counter tells; and what those are, for people. */
  readonly count?: (cell: GateCell) => number | undefined;
  readonly counted?: string;
}

/**
 * The effects of prices, by name. Where counters do not tell how often a price was charged (it
 * depends on the guest type, or on where bytes lay), no count is given and the attribution alone
 * speaks. A price that is not listed is a possible cause of everything.
 */
export function priceEffect(name: string): PriceEffect | undefined {
  return Object.hasOwn(EFFECTS, name) ? EFFECTS[name] : undefined;
}

function counter(group: string, ...names: readonly string[]) {
  return (cell: GateCell): number | undefined => {
    const counts = cell.counters?.[group];
    if (counts === undefined) return undefined;
    return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  };
}

/** Sum of a group, but for the names left out. */
function group(name: string, ...without: readonly string[]) {
  return (cell: GateCell): number | undefined => {
    const counts = cell.counters?.[name];
    if (counts === undefined) return undefined;
    let sum = 0;
    for (const [key, count] of Object.entries(counts)) if (!without.includes(key)) sum += count;
    return sum;
  };
}

/** Counts that are told only where all guests are of one type. */
function ofGuests(type: 'pv' | 'pvh', count: (cell: GateCell) => number | undefined) {
  return (cell: GateCell): number | undefined => {
    const guestType = parameterOf(cell, 'guestType');
    if (guestType === type) return count(cell);
    return guestType === 'pv' || guestType === 'pvh' ? 0 : undefined;
  };
}

const entries = group('entries');
const otherEntries = group('entries', 'hypercall');

const EFFECTS: Readonly<Record<string, PriceEffect>> = {
  vmexit: { causes: ['hypervisor-entry'], count: ofGuests('pvh', entries), counted: 'VMEXITs' },
  pvEntry: { causes: ['hypervisor-entry'], count: ofGuests('pv', entries), counted: 'entries' },
  hypercall: {
    causes: ['hypervisor-entry'],
    count: counter('entries', 'hypercall'),
    counted: 'hypercalls',
  },
  exitHandler: {
    causes: ['hypervisor-entry', 'hypervisor-work'],
    count: otherEntries,
    counted: 'entries other than hypercalls',
  },
  mitigationEntry: { causes: ['hypervisor-entry'], count: entries, counted: 'entries' },
  l1dFlush: { causes: ['hypervisor-entry'] },
  syscall: { causes: ['guest-kernel'] },
  systemCall: {
    causes: ['guest-kernel'],
    count: counter('work', 'systemCalls'),
    counted: 'system calls',
  },
  cr3Write: { causes: ['tlb', 'context-switch'] },
  invlpg: { causes: ['tlb'], count: counter('tlb', 'invlpg'), counted: 'INVLPG' },
  tlbRefill: { causes: ['tlb'], count: counter('tlb', 'misses'), counted: 'TLB misses' },
  shootdownFirst: {
    causes: ['tlb'],
    count: counter('tlb', 'shootdowns'),
    counted: 'shootdowns',
  },
  shootdownFurther: { causes: ['tlb'] },
  ipi: { causes: ['event-delivery', 'idle'], count: counter('events', 'ipis'), counted: 'IPIs' },
  deepIdleExit: { causes: ['context-switch'] },
  cacheLine: { causes: ['cache-line', 'lock'] },
  evtchnSend: {
    causes: ['hypervisor-work'],
    count: counter('hypercalls', 'evtchn_send'),
    counted: 'evtchn_send',
  },
  evtchnControl: { causes: ['hypervisor-work'] },
  schedOp: { causes: ['hypervisor-work'] },
  timerOp: {
    causes: ['hypervisor-work'],
    count: counter('hypercalls', 'set_timer'),
    counted: 'set_timer',
  },
  grantMap: {
    causes: ['hypervisor-work'],
    count: ofGuests('pvh', counter('grants', 'mapped')),
    counted: 'maps',
  },
  grantUnmap: {
    causes: ['hypervisor-work'],
    count: ofGuests('pvh', counter('grants', 'unmapped')),
    counted: 'unmaps',
  },
  grantCopy: {
    causes: ['hypervisor-work'],
    count: counter('grants', 'copied'),
    counted: 'grant copies',
  },
  argoSendv: {
    causes: ['hypervisor-work'],
    count: counter('hypercalls', 'argo_sendv'),
    counted: 'argo_sendv',
  },
  argoNotify: {
    causes: ['hypervisor-work'],
    count: counter('hypercalls', 'argo_notify'),
    counted: 'argo_notify',
  },
  argoRegister: { causes: ['hypervisor-work', 'lock'] },
  pageWalk: { causes: ['page-walk'], count: counter('work', 'pageWalks'), counted: 'page walks' },
  vcpuSwitch: {
    causes: ['context-switch'],
    count: counter('work', 'vcpuSwitches'),
    counted: 'vCPU switches',
  },
  vcpuUnblock: { causes: ['hypervisor-work'] },
  vcpuWake: { causes: ['context-switch'] },
  taskSwitch: {
    causes: ['context-switch'],
    count: counter('work', 'taskSwitches'),
    counted: 'task switches',
  },
  inject: { causes: ['event-delivery'] },
  upcall: { causes: ['event-delivery'] },
  timerTick: { causes: ['guest-kernel'], count: counter('work', 'ticks'), counted: 'ticks' },
  eventDevice: { causes: ['guest-kernel'] },
  memoryMap: { causes: ['guest-kernel'] },
  xenbus: { causes: ['guest-kernel'] },
  libraryCall: { causes: ['guest-user'] },
  clockRead: { causes: ['guest-user'] },
  payload: { causes: ['guest-user'] },
  copySetup: {
    causes: ['copy'],
    count: counter('copies', 'guestCopies', 'hypervisorCopies'),
    counted: 'copies',
  },
  copyL1: { causes: ['copy'] },
  copyL2: { causes: ['copy'] },
  copyL3: { causes: ['copy'] },
  copyUnprefetched: { causes: ['copy'] },
  copyDram: { causes: ['copy'] },
  xenstoreOperation: {
    causes: ['toolstack'],
    count: counter('xenstore', 'operations'),
    counted: 'xenstore operations',
  },
  brokerStep: { causes: ['toolstack'] },
  domainTeardownPerGib: { causes: ['teardown'] },
  crashDetection: { causes: ['toolstack', 'idle'] },
};
