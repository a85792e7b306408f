import {
  derived,
  estimate,
  estimateBetween,
  free,
  measured,
  psPerByte,
  WIDE_FACTOR,
} from '../price-builders.js';
import type { Profile } from '../profile.js';
import {
  CACHE_LINE_SPREAD,
  HANSEN,
  NETBACK_COPY,
  NETBACK_MAPPED,
  REP_MOVS,
  SHOOTDOWN_ANCHORS,
  TEARDOWN_NEW,
  WHY,
} from './sources.js';

/** Intel hardware that needs few mitigations: closed to Meltdown, L1TF and MDS. */
export const ICELAKE_2021: Profile = {
  name: 'icelake-2021',
  description: 'Xeon 8360Y (Ice Lake-SP), 2.4 GHz, with the mitigations that are chosen for it',
  clockHz: 2.4e9,
  features: {
    nestedPaging: 'ept',
    taggedTlb: true,
    virtualApic: true,
    nextRip: true,
    lazyFpu: false,
    upcallVector: true,
    l1tfFlush: false,
    deepIdleAfterUs: 200,
    longCopyBytes: 0,
    cacheGrainBytes: 4096,
    tlbEntries: 2048,
    l1Bytes: 48 * 1024,
    l2Bytes: 1280 * 1024,
    l3Bytes: 54 * 1024 * 1024,
    guestTickHz: 250,
    scheduler: 'credit2',
    schedulerRatelimitUs: 1000,
    schedulerTimesliceUs: 10_000,
  },
  prices: {
    vmexit: estimate(750, 'cycles', 'as Skylake, 676 measured, and a little slower'),
    pvEntry: estimate(250, 'cycles', WHY.pvEntry),
    syscall: estimate(100, 'cycles', WHY.syscall),
    cr3Write: estimate(450, 'cycles', 'as Skylake, 440 cycles measured'),
    invlpg: estimate(230, 'cycles', `as Ivy Bridge: ${HANSEN}`),
    tlbRefill: estimate(55, 'cycles', 'two-dimensional walk with its tables in cache'),
    ipi: estimate(
      339,
      'ns',
      'rest of an event to a running vCPU, 2100 ns (estimate; Skylake 2250): 2100 ' +
        'ns = 2 x vmexit 313 + 2 x mitigationEntry 125 + hypercall 396 + evtchnSend ' +
        '140 + ipi 339 + exitHandler 120 + inject 110 + upcall 120',
    ),
    deepIdleExit: estimate(30, 'us', WHY.deepIdleExit),
    shootdownFirst: estimate(1200, 'ns', SHOOTDOWN_ANCHORS),
    shootdownFurther: estimate(
      300,
      'ns',
      `${SHOOTDOWN_ANCHORS}; overlapping, a quarter of the first`,
    ),
    cacheLine: measured(
      60,
      'ns',
      51,
      72,
      `between cores of one socket; ${CACHE_LINE_SPREAD}; 51 by compare-and-swap`,
    ),

    hypercall: estimateBetween(
      950,
      'cycles',
      650,
      1250,
      'null hypercall, 2000 cycles (KVM on Ice Lake, measured), less VMEXIT and mitigations: ' +
        '833 ns = vmexit 313 + mitigationEntry 125 + hypercall 396',
    ),
    exitHandler: estimate(120, 'ns', WHY.exitHandler),
    evtchnSend: estimate(140, 'ns', WHY.evtchnSend),
    evtchnControl: estimate(300, 'ns', WHY.evtchnControl),
    schedOp: estimate(220, 'ns', WHY.schedOp),
    timerOp: estimate(280, 'ns', WHY.timerOp),
    grantMap: estimate(
      959,
      'ns',
      'half (no source splits it) of the rest of a map + unmap, 2000 ns a page (estimate; ' +
        `${NETBACK_MAPPED}): 2000 ns = 1/16 x pvEntry 104 + 1/16 x mitigationEntry ` +
        '125 + 1/16 x hypercall 396 + grantMap 959 + grantUnmap 959 + 1/32 x cr3Write ' +
        '188 + 1/32 x shootdownFirst 1200',
    ),
    grantUnmap: estimate(959, 'ns', 'the other half: see grantMap'),
    grantCopy: estimate(
      414,
      'ns',
      `rest of a copy, 450 ns an operation (estimate; ${NETBACK_COPY}): 450 ns = 1/32 ` +
        'x pvEntry 104 + 1/32 x mitigationEntry 125 + 1/32 x hypercall 396 + grantCopy ' +
        '414 + copySetup 17',
    ),
    argoSendv: estimate(250, 'ns', WHY.argoSendv),
    argoNotify: estimate(200, 'ns', WHY.argoNotify),
    argoRegister: estimate(400, 'ns', WHY.argoRegister),
    pageWalk: estimate(160, 'ns', WHY.pageWalk),
    vcpuSwitch: estimate(
      2075,
      'ns',
      'rest of a vCPU switch, 4000 ns (estimate): 4000 ns = vmexit 313 + mitigationEntry ' +
        '125 + exitHandler 120 + schedOp 220 + vcpuSwitch 2075 + 6 x pageWalk 160 + cr3Write 188',
    ),
    vcpuUnblock: estimate(280, 'ns', WHY.vcpuUnblock),
    vcpuWake: estimate(
      1898,
      'ns',
      'rest of an event to a blocked vCPU, 4800 ns (estimate): 4800 ns = vmexit 313 ' +
        '+ mitigationEntry 125 + hypercall 396 + evtchnSend 140 + vcpuUnblock ' +
        '280 + ipi 339 + vcpuWake 1898 + 3 x pageWalk 160 + inject 110 + upcall 120 + taskSwitch ' +
        '600',
    ),
    inject: estimate(110, 'ns', WHY.inject),

    mitigationEntry: estimateBetween(
      300,
      'cycles',
      100,
      600,
      'enhanced IBRS and branch history clearing; no page table isolation, no MDS, no L1TF',
    ),
    l1dFlush: free('cycles', 'not open to L1TF'),

    libraryCall: estimate(25, 'ns', WHY.libraryCall),
    systemCall: estimate(80, 'ns', WHY.systemCall),
    eventDevice: estimate(240, 'ns', WHY.eventDevice),
    upcall: estimate(120, 'ns', WHY.upcall),
    taskSwitch: estimate(600, 'ns', WHY.taskSwitch),
    timerTick: estimate(1600, 'ns', WHY.timerTick),
    xenbus: estimate(3500, 'ns', WHY.xenbus),
    memoryMap: estimate(2000, 'ns', WHY.memoryMap),
    clockRead: estimate(35, 'ns', WHY.clockRead),
    payload: estimate(8, 'ps/B', WHY.payload),

    copySetup: derived(40, 'cycles', 35, 60, REP_MOVS),
    copyL1: estimate(psPerByte(60), 'ps/B', '60 GB/s'),
    copyL2: estimate(psPerByte(35), 'ps/B', '35 GB/s'),
    copyL3: estimate(psPerByte(10), 'ps/B', '10 GB/s; no direct source'),
    copyUnprefetched: free('ps/B', WHY.copyUnprefetched),
    copyClaimed: free('ps/B', WHY.copyClaimed),
    copyDram: estimate(psPerByte(8), 'ps/B', '8 GB/s in one thread; rep movs up to 40 % faster'),

    xenstoreOperation: estimate(50, 'us', WHY.xenstore, WIDE_FACTOR),
    brokerStep: estimate(30, 'us', WHY.broker, WIDE_FACTOR),
    domainTeardownPerGib: derived(40, 'ms', 30, 52, TEARDOWN_NEW),
    crashDetection: estimate(1, 'ms', WHY.crashDetection, WIDE_FACTOR),
  },
};
