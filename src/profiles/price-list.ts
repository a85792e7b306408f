/**
 * The prices a profile must name. Each is one indivisible piece of work, charged by exactly one mechanism: a published
 * composite (an event delivery, a grant map) is freed of what other mechanisms charge before it becomes a price here.
 */
export interface PriceMeaning {
  readonly group: 'hardware' | 'hypervisor' | 'mitigation' | 'guest' | 'memory' | 'toolstack';
  /** "time": picoseconds once; "per-byte": picoseconds a byte. */
  readonly kind: 'time' | 'per-byte';
  /** The attribution causes under which it is charged. */
  readonly causes: readonly string[];
  readonly meaning: string;
}

const time = (
  group: PriceMeaning['group'],
  causes: string | readonly string[],
  meaning: string,
): PriceMeaning => ({
  group,
  kind: 'time',
  causes: typeof causes === 'string' ? [causes] : causes,
  meaning,
});
const perByte = (group: PriceMeaning['group'], causes: string, meaning: string): PriceMeaning => ({
  group,
  kind: 'per-byte',
  causes: [causes],
  meaning,
});

export const PRICE_LIST = {
  vmexit: time(
    'hardware',
    'hypervisor-entry',
    'one VMEXIT and the VMENTRY after it, in hardware (PVH guests)',
  ),
  pvEntry: time(
    'hardware',
    'hypervisor-entry',
    'one trap or syscall into Xen and the return from it (PV guests)',
  ),
  syscall: time('hardware', 'guest-kernel', 'one system call of a PVH guest: syscall and sysret'),
  cr3Write: time(
    'hardware',
    ['tlb', 'context-switch'],
    'one CR3 write or whole flush: its fixed part',
  ),
  invlpg: time('hardware', 'tlb', 'one INVLPG'),
  tlbRefill: time('hardware', 'tlb', 'one TLB miss: the page walk of the hardware, tables cached'),
  ipi: time('hardware', 'event-delivery', 'an interprocessor interrupt from sender to arrival'),
  deepIdleExit: time(
    'hardware',
    'context-switch',
    'a pCPU leaves a deep idle state, into which the governor sent it after a long sleep',
  ),
  shootdownFirst: time('hardware', 'tlb', 'a TLB shootdown that waits for one other pCPU'),
  shootdownFurther: time('hardware', 'tlb', 'each further pCPU of a shootdown'),
  cacheLine: time('hardware', ['cache-line', 'lock'], 'a cache line moves between two pCPUs'),

  hypercall: time(
    'hypervisor',
    'hypervisor-entry',
    'dispatching one hypercall: software part of a null hypercall',
  ),
  exitHandler: time('hypervisor', 'hypervisor-entry', 'handling one exit that is not a hypercall'),
  evtchnSend: time(
    'hypervisor',
    'hypervisor-work',
    'EVTCHNOP_send: find the port, set it pending, kick the vCPU',
  ),
  evtchnControl: time('hypervisor', 'hypervisor-work', 'any other event_channel_op'),
  schedOp: time('hypervisor', 'hypervisor-work', 'sched_op: block, yield, poll'),
  timerOp: time(
    'hypervisor',
    'hypervisor-work',
    'set_timer_op or a write to the timer of the APIC',
  ),
  grantMap: time('hypervisor', 'hypervisor-work', 'mapping one granted page, without its flush'),
  grantUnmap: time(
    'hypervisor',
    'hypervisor-work',
    'unmapping one granted page, without its flush',
  ),
  grantCopy: time('hypervisor', 'hypervisor-work', 'GNTTABOP_copy: fixed part of one operation'),
  argoSendv: time(
    'hypervisor',
    'hypervisor-work',
    'argo_op sendv: find the ring, take the locks, write the header',
  ),
  argoNotify: time('hypervisor', 'hypervisor-work', 'argo_op notify'),
  argoRegister: time(
    'hypervisor',
    'hypervisor-work',
    'argo_op register_ring or unregister_ring, a page',
  ),
  pageWalk: time('hypervisor', 'page-walk', 'Xen walks the page tables of a guest for one page'),
  vcpuSwitch: time('hypervisor', 'context-switch', 'changing the vCPU of a pCPU'),
  vcpuUnblock: time(
    'hypervisor',
    'hypervisor-work',
    "waking a blocked vCPU: the scheduler's work on the pCPU that wakes it",
  ),
  vcpuWake: time('hypervisor', 'context-switch', 'an idle pCPU schedules a woken vCPU'),
  inject: time('hypervisor', 'event-delivery', 'injecting the event upcall into a guest'),

  mitigationEntry: time(
    'mitigation',
    'hypervisor-entry',
    'speculation mitigations on each hypervisor entry',
  ),
  l1dFlush: time(
    'mitigation',
    'hypervisor-entry',
    'L1D flush on each return to a PVH guest, where the profile is open to L1TF',
  ),

  libraryCall: time('guest', 'guest-user', 'one call of the transport library in user space'),
  systemCall: time(
    'guest',
    'guest-kernel',
    'the work of the guest kernel in one system call, without the syscall itself',
  ),
  eventDevice: time(
    'guest',
    'guest-kernel',
    '/dev/xen/evtchn: one read, write or notify, without the system call',
  ),
  upcall: time(
    'guest',
    'event-delivery',
    'upcall handler of the guest: find the port, run its handler',
  ),
  taskSwitch: time(
    'guest',
    'context-switch',
    'the guest kernel changes task, or leaves or enters its idle loop',
  ),
  timerTick: time('guest', 'guest-kernel', "the guest kernel's timer tick"),
  xenbus: time('guest', 'guest-kernel', 'xenbus: sending one request and taking its answer'),
  memoryMap: time(
    'guest',
    'guest-kernel',
    'mmap or munmap of one granted region in the guest kernel',
  ),
  clockRead: time(
    'guest',
    'guest-user',
    'a program reads the clock, as it does before and after what it times',
  ),
  payload: perByte('guest', 'guest-user', 'the application makes or checks the payload'),

  copySetup: time('memory', 'copy', 'starting one copy'),
  copyL1: perByte('memory', 'copy', 'copying, both ends in L1'),
  copyL2: perByte('memory', 'copy', 'copying, both ends in L2'),
  copyL3: perByte('memory', 'copy', 'copying, both ends in L3 or in the cache of another core'),
  copyUnprefetched: perByte(
    'memory',
    'copy',
    'extra for a byte beyond L2 at either end of a copy shorter than longCopyBytes',
  ),
  copyDram: perByte('memory', 'copy', 'copying, both ends in DRAM'),

  xenstoreOperation: time('toolstack', 'toolstack', 'xenstored carries out one operation'),
  brokerStep: time(
    'toolstack',
    'toolstack',
    'the dom0 broker carries out one step of a connection',
  ),
  domainTeardownPerGib: time(
    'toolstack',
    'teardown',
    'taking the memory of a destroyed domain back, a GiB',
  ),
  crashDetection: time('toolstack', 'toolstack', 'from a crash until the toolstack knows of it'),

  // Behind all others: prices are drawn in this order, and draws of those that there were stay the same.
  copyClaimed: perByte(
    'memory',
    'copy',
    'extra for a byte written to where another core has read since the last write: its copies must go first',
  ),
} as const satisfies Readonly<Record<string, PriceMeaning>>;

export type PriceName = keyof typeof PRICE_LIST;
export const PRICE_NAMES = Object.keys(PRICE_LIST) as readonly PriceName[];

/** Prices as the machine charges them: picoseconds, or picoseconds a byte. */
export type PriceTable = { [name in PriceName]: number };
