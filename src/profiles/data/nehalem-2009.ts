import {
  derived,
  estimate,
  free,
  measured,
  psPerByte,
  recalled,
  WIDE_FACTOR,
} from '../price-builders.js';
import type { Profile } from '../profile.js';
import {
  AGESEN,
  CACHE_LINE_SPREAD,
  HANSEN,
  NETBACK_COPY,
  NETBACK_MAPPED,
  REP_MOVS,
  SHOOTDOWN_ANCHORS,
  TEARDOWN_OLD,
  WHY,
  XENSTORE_DISK,
} from './sources.js';

/** The hardware of the years in which V4V was thought of. */
export const NEHALEM_2009: Profile = {
  name: 'nehalem-2009',
  description: 'Xeon X5570 (Nehalem), 2.93 GHz, with Xen and Linux of its time',
  clockHz: 2.93e9,
  features: {
    nestedPaging: 'ept',
    taggedTlb: true,
    virtualApic: false,
    nextRip: true,
    lazyFpu: false,
    // Linux of that time takes the upcall through HVM_PARAM_CALLBACK_IRQ, which wants no EOI.
    upcallVector: false,
    l1tfFlush: false,
    deepIdleAfterUs: 200,
    longCopyBytes: 0,
    cacheGrainBytes: 4096,
    tlbEntries: 512,
    l1Bytes: 32 * 1024,
    l2Bytes: 256 * 1024,
    l3Bytes: 8 * 1024 * 1024,
    guestTickHz: 250,
    scheduler: 'credit',
    schedulerRatelimitUs: 1000,
    schedulerTimesliceUs: 30_000,
  },
  prices: {
    vmexit: recalled(
      1009,
      'cycles',
      900,
      1200,
      `${AGESEN}; Landau et al., WIOV 2011, count 2,000 on an X5570 with the part that KVM does`,
    ),
    pvEntry: estimate(300, 'cycles', WHY.pvEntry),
    syscall: estimate(150, 'cycles', WHY.syscall),
    cr3Write: estimate(500, 'cycles', 'as Skylake, 440 cycles measured, and a little slower'),
    invlpg: estimate(250, 'cycles', `as Ivy Bridge: ${HANSEN}`),
    tlbRefill: recalled(
      86,
      'cycles',
      70,
      105,
      'two-dimensional walk with its tables in cache; spread taken as 20 %',
    ),
    ipi: estimate(
      850,
      'ns',
      'rest of an event to a running vCPU, 3000 ns (estimate): 3000 ns = 2 x vmexit ' +
        '344 + hypercall 202 + evtchnSend 270 + ipi 850 + exitHandler 300 + inject ' +
        '290 + upcall 400',
    ),
    deepIdleExit: estimate(30, 'us', WHY.deepIdleExit),
    shootdownFirst: derived(1000, 'ns', 680, 2250, SHOOTDOWN_ANCHORS),
    shootdownFurther: derived(
      250,
      'ns',
      150,
      400,
      `${SHOOTDOWN_ANCHORS}; overlapping, a quarter of the first`,
    ),
    cacheLine: measured(26, 'ns', 21, 31, `between cores of one socket; ${CACHE_LINE_SPREAD}`),

    hypercall: estimate(
      591,
      'cycles',
      'null hypercall of an HVM guest, 1600 cycles (estimate), less its VMEXIT: 546 ' +
        'ns = vmexit 344 + hypercall 202',
    ),
    exitHandler: estimate(300, 'ns', WHY.exitHandler),
    evtchnSend: estimate(270, 'ns', WHY.evtchnSend),
    evtchnControl: estimate(550, 'ns', WHY.evtchnControl),
    schedOp: estimate(400, 'ns', WHY.schedOp),
    timerOp: estimate(500, 'ns', WHY.timerOp),
    grantMap: estimate(
      1722,
      'ns',
      'half (no source splits it) of the rest of a map + unmap, 3500 ns a page (estimate; ' +
        `${NETBACK_MAPPED}): 3500 ns = 1/16 x pvEntry 102 + 1/16 x hypercall 202 ` +
        '+ grantMap 1722 + grantUnmap 1722 + 1/32 x cr3Write 171 + 1/32 x shootdownFirst ' +
        '1000',
    ),
    grantUnmap: estimate(1722, 'ns', 'the other half: see grantMap'),
    grantCopy: estimate(
      775,
      'ns',
      `rest of a copy, 800 ns an operation (estimate; ${NETBACK_COPY}): 800 ns = 1/32 ` +
        'x pvEntry 102 + 1/32 x hypercall 202 + grantCopy 775 + copySetup 15',
    ),
    argoSendv: estimate(500, 'ns', WHY.argoSendv),
    argoNotify: estimate(400, 'ns', WHY.argoNotify),
    argoRegister: estimate(700, 'ns', WHY.argoRegister),
    pageWalk: estimate(300, 'ns', WHY.pageWalk),
    vcpuSwitch: estimate(
      1985,
      'ns',
      'rest of a vCPU switch, 5000 ns (estimate): 5000 ns = vmexit 344 + exitHandler ' +
        '300 + schedOp 400 + vcpuSwitch 1985 + 6 x pageWalk 300 + cr3Write 171',
    ),
    vcpuUnblock: estimate(500, 'ns', WHY.vcpuUnblock),
    vcpuWake: estimate(
      1344,
      'ns',
      'rest of an event to a blocked vCPU, 6000 ns (estimate): 6000 ns = vmexit 344 ' +
        '+ hypercall 202 + evtchnSend 270 + vcpuUnblock 500 + ipi 850 + vcpuWake ' +
        '1344 + 3 x pageWalk 300 + inject 290 + upcall 400 + taskSwitch 900',
    ),
    inject: estimate(290, 'ns', WHY.inject),

    mitigationEntry: free('cycles', 'no mitigations in the Xen of its time'),
    l1dFlush: estimate(
      3000,
      'cycles',
      'by software, where the profile is run with l1tfFlush; Skylake 2076',
    ),

    libraryCall: estimate(40, 'ns', WHY.libraryCall),
    systemCall: estimate(150, 'ns', WHY.systemCall),
    eventDevice: estimate(400, 'ns', WHY.eventDevice),
    upcall: estimate(400, 'ns', WHY.upcall),
    taskSwitch: estimate(900, 'ns', WHY.taskSwitch),
    timerTick: estimate(2500, 'ns', WHY.timerTick),
    xenbus: estimate(5000, 'ns', WHY.xenbus),
    memoryMap: estimate(3000, 'ns', WHY.memoryMap),
    clockRead: estimate(400, 'ns', WHY.clockReadSlow),
    payload: estimate(12, 'ps/B', WHY.payload),

    copySetup: estimate(45, 'cycles', REP_MOVS),
    copyL1: derived(
      psPerByte(43),
      'ps/B',
      23,
      28,
      'memcpy of 4 KiB, Westmere: 14.8 (Linux) and 12.2 (rep movsq) bytes a cycle; 43 GB/s',
    ),
    copyL2: derived(
      psPerByte(18),
      'ps/B',
      44,
      70,
      'the same measurements, larger blocks; 18 GB/s, spread taken as 25 %',
    ),
    copyL3: estimate(psPerByte(9), 'ps/B', '9 GB/s; no direct source'),
    copyUnprefetched: free('ps/B', WHY.copyUnprefetched),
    copyClaimed: free('ps/B', WHY.copyClaimed),
    copyDram: estimate(psPerByte(5), 'ps/B', '5 GB/s in one thread; rep movs up to 40 % faster'),

    xenstoreOperation: derived(7500, 'us', 5000, 10_000, XENSTORE_DISK),
    brokerStep: estimate(60, 'us', WHY.broker, WIDE_FACTOR),
    domainTeardownPerGib: derived(530, 'ms', 400, 690, TEARDOWN_OLD),
    crashDetection: estimate(
      90,
      'ms',
      `${WHY.crashDetection}; many xenstore operations on disk`,
      WIDE_FACTOR,
    ),
  },
};
