import { derived, estimate, free, measured, psPerByte, WIDE_FACTOR } from '../price-builders.js';
import type { Profile } from '../profile.js';
import {
  CACHE_LINE_SPREAD,
  CR3_NOTES,
  HANSEN,
  NETBACK_COPY,
  NETBACK_MAPPED,
  REP_MOVS,
  SHOOTDOWN_ANCHORS,
  SKYLAKE_NOTES,
  TEARDOWN_NEW,
  WHY,
} from './sources.js';

/** The default: the newest hardware of which most figures are measured, without mitigations. */
export const SKYLAKE_2017: Profile = {
  name: 'skylake-2017',
  description:
    'Xeon 8160 (Skylake-SP), 2.1 GHz, mitigations off, with Xen 4.12 and Linux 6.0 or later',
  clockHz: 2.1e9,
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
    tlbEntries: 1536,
    l1Bytes: 32 * 1024,
    l2Bytes: 1024 * 1024,
    l3Bytes: 33 * 1024 * 1024,
    guestTickHz: 250,
    scheduler: 'credit2',
    schedulerRatelimitUs: 1000,
    schedulerTimesliceUs: 10_000,
  },
  prices: {
    vmexit: measured(676, 'cycles', 640, 710, `${SKYLAKE_NOTES}; spread taken as 5 %`),
    pvEntry: estimate(250, 'cycles', WHY.pvEntry),
    syscall: estimate(100, 'cycles', WHY.syscall),
    cr3Write: measured(440, 'cycles', 400, 480, `${CR3_NOTES}; spread taken as 10 %`),
    invlpg: estimate(230, 'cycles', `as Ivy Bridge: ${HANSEN}`),
    tlbRefill: estimate(60, 'cycles', 'two-dimensional walk with its tables in cache'),
    ipi: estimate(
      527,
      'ns',
      'rest of an event to a running vCPU, 2250 ns (a KVM guest IPI on Skylake, measured): ' +
        '2249 ns = 2 x vmexit 322 + hypercall 250 + evtchnSend 190 + ipi 527 + ' +
        'exitHandler 210 + inject 190 + upcall 239',
    ),
    deepIdleExit: estimate(30, 'us', WHY.deepIdleExit),
    shootdownFirst: derived(1250, 'ns', 760, 2250, SHOOTDOWN_ANCHORS),
    shootdownFurther: derived(
      300,
      'ns',
      180,
      480,
      `${SHOOTDOWN_ANCHORS}; overlapping, a quarter of the first`,
    ),
    cacheLine: measured(
      54,
      'ns',
      43,
      65,
      `between cores of one socket; ${CACHE_LINE_SPREAD}; Cascade Lake 47`,
    ),

    hypercall: estimate(
      524,
      'cycles',
      'null hypercall of an HVM guest, 1200 cycles (estimate; a lean VMM takes 942 ' +
        'to 1,426), less its VMEXIT: 571 ns = vmexit 322 + hypercall 250',
    ),
    exitHandler: estimate(210, 'ns', WHY.exitHandler),
    evtchnSend: estimate(190, 'ns', WHY.evtchnSend),
    evtchnControl: estimate(400, 'ns', WHY.evtchnControl),
    schedOp: estimate(300, 'ns', WHY.schedOp),
    timerOp: estimate(350, 'ns', WHY.timerOp),
    grantMap: derived(
      1066,
      'ns',
      530,
      1100,
      `half (no source splits it) of the rest of a map + unmap, 2200 ns a page ` +
        `(${NETBACK_MAPPED}): ` +
        '2201 ns = 1/16 x pvEntry 119 + 1/16 x hypercall 250 + grantMap 1066 + ' +
        'grantUnmap 1066 + 1/32 x cr3Write 210 + 1/32 x shootdownFirst 1250',
    ),
    grantUnmap: derived(1066, 'ns', 530, 1100, 'the other half: see grantMap'),
    grantCopy: derived(
      469,
      'ns',
      459,
      498,
      `rest of a copy, 500 ns an operation (${NETBACK_COPY}): 500 ns = 1/32 x pvEntry ` +
        '119 + 1/32 x hypercall 250 + grantCopy 469 + copySetup 19',
    ),
    argoSendv: estimate(350, 'ns', WHY.argoSendv),
    argoNotify: estimate(280, 'ns', WHY.argoNotify),
    argoRegister: estimate(500, 'ns', WHY.argoRegister),
    pageWalk: estimate(200, 'ns', WHY.pageWalk),
    vcpuSwitch: estimate(
      2259,
      'ns',
      'rest of a vCPU switch, 4500 ns (estimate; Sandy Bridge 5000): 4500 ns = vmexit ' +
        '322 + exitHandler 210 + schedOp 300 + vcpuSwitch 2259 + 6 x pageWalk 200 + cr3Write 210',
    ),
    vcpuUnblock: estimate(380, 'ns', WHY.vcpuUnblock),
    vcpuWake: estimate(
      1602,
      'ns',
      'rest of an event to a blocked vCPU, 5000 ns (estimate; Sandy Bridge 5360): ' +
        '4999 ns = vmexit 322 + hypercall 250 + evtchnSend 190 + vcpuUnblock 380 ' +
        '+ ipi 527 + vcpuWake 1602 + 3 x pageWalk 200 + inject 190 + upcall 239 + taskSwitch 700; ' +
        'a deep C-state would add 50 to 100 us',
    ),
    inject: estimate(190, 'ns', WHY.inject),

    mitigationEntry: free('cycles', 'mitigations off (spec-ctrl=no)'),
    l1dFlush: measured(
      2076,
      'cycles',
      1870,
      2280,
      'L1D flush, Skylake-SP 8160; spread taken as 10 %; charged where the profile ' +
        'is run with l1tfFlush',
    ),

    libraryCall: estimate(30, 'ns', WHY.libraryCall),
    systemCall: estimate(100, 'ns', WHY.systemCall),
    eventDevice: estimate(300, 'ns', WHY.eventDevice),
    upcall: estimate(239, 'ns', WHY.upcall),
    taskSwitch: estimate(700, 'ns', WHY.taskSwitch),
    timerTick: estimate(2000, 'ns', WHY.timerTick),
    xenbus: estimate(4000, 'ns', WHY.xenbus),
    memoryMap: estimate(2500, 'ns', WHY.memoryMap),
    clockRead: estimate(40, 'ns', WHY.clockRead),
    payload: estimate(10, 'ps/B', WHY.payload),

    copySetup: derived(40, 'cycles', 35, 60, REP_MOVS),
    copyL1: estimate(psPerByte(52), 'ps/B', '52 GB/s'),
    copyL2: estimate(psPerByte(30), 'ps/B', '30 GB/s'),
    copyL3: estimate(psPerByte(9), 'ps/B', '9 GB/s; no direct source'),
    copyUnprefetched: free('ps/B', WHY.copyUnprefetched),
    copyClaimed: free('ps/B', WHY.copyClaimed),
    copyDram: derived(
      psPerByte(6),
      'ps/B',
      88,
      179,
      '6 GB/s in one thread: 25 MB copied at 11.4 (Skylake client) and 5.6 GB/s (Broadwell-E)',
    ),

    xenstoreOperation: estimate(60, 'us', WHY.xenstore, WIDE_FACTOR),
    brokerStep: estimate(40, 'us', WHY.broker, WIDE_FACTOR),
    domainTeardownPerGib: derived(40, 'ms', 30, 52, TEARDOWN_NEW),
    crashDetection: estimate(1, 'ms', WHY.crashDetection, WIDE_FACTOR),
  },
};
