/** Where the figures come from, named once. */

export const AGESEN = 'Agesen et al., USENIX ATC 2012, table 1 (recalled, not opened again)';
export const DALL =
  'Dall et al., ISCA 2016, table II, Xen on x86, E5-2450 (recalled, not opened again)';
export const SKYLAKE_NOTES = "Skylake-SP 8160, bare VMEXIT + VMRESUME: one project's notes";
export const HANSEN =
  'Hansen, linux-mm 2014, Ivy Bridge: 220 to 260 cycles for each further page, tracing included';
export const CR3_NOTES =
  'Skylake-SP, a CR3 write and the refill it forces: 440 cycles, of which 210 fall ' +
  'on the next VM entry';
export const SHOOTDOWN_ANCHORS =
  'two anchors only: native IPI of Westmere, 1600 to 2000 cycles, and a KVM guest IPI, 2.25 us';
export const NETBACK_MAPPED =
  'mapped-grant netback (Oracle commits fdbb2e3659b3 and 18d34eabd73a, E5-2699 v3), an upper ' +
  'bound; a PV dom0, batches of 32, one other pCPU flushed';
export const NETBACK_COPY = 'Haswell netback patches: 490 to 529 ns an operation, batched, PV dom0';
export const CACHE_LINE_SPREAD = 'MLC and a ping-pong of compare-and-swap differ by 20 %';
export const TEARDOWN_OLD =
  'Xen before 4.10 scrubs freed memory at once: decided by the version of Xen, not ' +
  'by the CPU; spread taken as 30 %';
export const TEARDOWN_NEW =
  'Xen 4.10 and later scrub freed memory when idle: decided by the version of Xen, ' +
  'not by the CPU; spread taken as 30 %';
export const XENSTORE_DISK =
  'xenstored of 2007 with its data base (TDB) on disk: 5 to 10 ms an operation';
export const REP_MOVS =
  'Intel optimization manual, section 2.4.6 (Sandy Bridge), REP strings: 35 to 40 ' +
  'cycles before the bytes flow';

/** Why an estimate is what it is, for the prices that nobody has published. */
export const WHY = {
  deepIdleExit:
    'C6 and the caches it emptied: a deep C-state adds 50 to 100 us on servers, 30 on the one machine ' +
    'with a published first wake-up (libvchan-intranode logs)',
  deepIdleEmulated: 'an emulated CPU does not sleep deep',
  copyClaimed:
    'the sources do not tell it apart from the rest of their times; interdom calibrate measures it',
  copyUnprefetched: 'rep movs and the prefetchers of this generation do as well on short copies',
  pvEntry: 'SYSCALL and SYSRET (or IRET), with the registers saved and the stack changed between',
  syscall: 'SYSCALL, SYSRET and two SWAPGS, nothing in between',
  exitHandler: 'finding out the reason of an exit, and HLT, EOI or an interrupt handled',
  evtchnSend: 'two port look-ups, a lock, three bits in shared memory',
  evtchnControl: "about two EVTCHNOP_send: locks of both domains, the domain's port table",
  schedOp: 'saving state, the lock of the run queue, choosing what runs next',
  timerOp: "Xen's timer heap, and in half of the cases the timer of the APIC",
  vcpuUnblock: 'vcpu_wake: the lock of the run queue, the vCPU put into it, a pCPU chosen and told',
  argoSendv:
    'three locks, the look-up of the ring, one header; the page walks and the copy ' +
    'are charged apart',
  argoNotify: 'as sendv without the copy, and without a header',
  argoRegister: 'get_page_and_type of one frame and its place in the ring',
  pageWalk: 'four levels, each with a p2m look-up and map_domain_page, tables in cache',
  inject: 'vlapic or bounce frame: setting up the upcall before the guest goes on',
  upcall: "the guest's interrupt entry and exit, the scan of pending bits, the wake-up of a task",
  taskSwitch:
    'the scheduler of Linux and switch_to: half of what lat_ctx shows between two processes',
  libraryCall: 'a call, a few loads, branches; indexes and copies are charged apart',
  systemCall: 'file table look-up and dispatch of read, write or ioctl',
  eventDevice: '/dev/xen/evtchn: a lock, the port ring, one number to or from the user',
  timerTick: 'scheduler tick, timer wheel, RCU: some thousand instructions',
  xenbus:
    'two locks, the message in and out of the ring, a wait-queue; sending and switching ' +
    'are charged apart',
  memoryMap: 'vma, notifier and page tables of one small region',
  clockRead: 'clock_gettime without a system call, by the pvclock page or the TSC',
  clockReadSlow: 'gettimeofday: the Xen clock source of its time needed a system call',
  payload: 'each byte touched once by vector instructions: half a copy in L1',
  xenstore: 'xenstored with its data in memory; no figure has been published',
  broker: 'a daemon of dom0 wakes, decides, answers; its xenstore operations are charged apart',
  crashDetection: 'VIRQ_DOM_EXC to xenstored, a watch, libxl; no figure has been published',
} as const;
