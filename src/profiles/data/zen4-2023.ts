import {
  derived,
  estimate,
  estimateBetween,
  free,
  psPerByte,
  WIDE_FACTOR,
} from '../price-builders.js';
import type { Profile } from '../profile.js';
import {
  NETBACK_COPY,
  NETBACK_MAPPED,
  REP_MOVS,
  SHOOTDOWN_ANCHORS,
  TEARDOWN_NEW,
  WHY,
} from './sources.js';

/**
 * AMD: nested paging by NPT, and no APIC virtualisation (AVIC is off by default), so that an EOI
 * exits.
 */
export const ZEN4_2023: Profile = {
  name: 'zen4-2023',
  description: 'EPYC 9334 (Zen 4), 2.7 GHz, both vCPUs in one core complex, default mitigations',
  clockHz: 2.7e9,
  features: {
    nestedPaging: 'npt',
    taggedTlb: true,
    virtualApic: false,
    nextRip: true,
    lazyFpu: false,
    upcallVector: true,
    l1tfFlush: false,
    deepIdleAfterUs: 200,
    longCopyBytes: 0,
    cacheGrainBytes: 4096,
    tlbEntries: 3072,
    l1Bytes: 32 * 1024,
    l2Bytes: 1024 * 1024,
    // Of one core complex; the socket has four of them.
    l3Bytes: 32 * 1024 * 1024,
    guestTickHz: 250,
    scheduler: 'credit2',
    schedulerRatelimitUs: 1000,
    schedulerTimesliceUs: 10_000,
  },
  prices: {
    vmexit: estimate(
      1100,
      'cycles',
      'VMEXIT, VMRUN, VMSAVE and VMLOAD; no figure without a hypervisor around it',
    ),
    pvEntry: estimate(250, 'cycles', WHY.pvEntry),
    syscall: estimate(100, 'cycles', WHY.syscall),
    cr3Write: estimate(400, 'cycles', 'as Skylake, 440 cycles measured'),
    invlpg: estimate(150, 'cycles', 'less than the 220 to 260 of Intel'),
    tlbRefill: estimate(60, 'cycles', 'two-dimensional walk with its tables in cache'),
    ipi: estimate(
      299,
      'ns',
      'rest of an event to a running vCPU, 2400 ns (estimate; Skylake 2250): 2400 ' +
        'ns = 2 x vmexit 407 + 2 x mitigationEntry 222 + hypercall 381 + evtchnSend ' +
        '130 + ipi 299 + exitHandler 130 + inject 95 + upcall 105',
    ),
    deepIdleExit: estimate(30, 'us', WHY.deepIdleExit),
    shootdownFirst: estimate(1200, 'ns', SHOOTDOWN_ANCHORS),
    shootdownFurther: estimate(
      300,
      'ns',
      `${SHOOTDOWN_ANCHORS}; overlapping, a quarter of the first`,
    ),
    cacheLine: estimateBetween(
      25,
      'ns',
      17,
      110,
      'within one core complex; Zen 3 17, Zen 2 24; about 110 between two',
    ),

    hypercall: estimateBetween(
      1030,
      'cycles',
      430,
      1330,
      'null exit, 2730 cycles (KVM, Linux 6.8, EPYC 9334, measured), less VMEXIT and ' +
        'mitigations: 1011 ns = vmexit 407 + mitigationEntry 222 + hypercall 381',
    ),
    exitHandler: estimate(130, 'ns', WHY.exitHandler),
    evtchnSend: estimate(130, 'ns', WHY.evtchnSend),
    evtchnControl: estimate(280, 'ns', WHY.evtchnControl),
    schedOp: estimate(200, 'ns', WHY.schedOp),
    timerOp: estimate(280, 'ns', WHY.timerOp),
    grantMap: estimate(
      857,
      'ns',
      'half (no source splits it) of the rest of a map + unmap, 1800 ns a page (estimate; ' +
        `${NETBACK_MAPPED}): 1800 ns = 1/16 x pvEntry 93 + 1/16 x mitigationEntry ` +
        '222 + 1/16 x hypercall 381 + grantMap 857 + grantUnmap 857 + 1/32 x cr3Write ' +
        '148 + 1/32 x shootdownFirst 1200',
    ),
    grantUnmap: estimate(857, 'ns', 'the other half: see grantMap'),
    grantCopy: estimate(
      363,
      'ns',
      `rest of a copy, 400 ns an operation (estimate; ${NETBACK_COPY}): 400 ns = 1/32 ` +
        'x pvEntry 93 + 1/32 x mitigationEntry 222 + 1/32 x hypercall 381 + grantCopy ' +
        '363 + copySetup 15',
    ),
    argoSendv: estimate(230, 'ns', WHY.argoSendv),
    argoNotify: estimate(180, 'ns', WHY.argoNotify),
    argoRegister: estimate(350, 'ns', WHY.argoRegister),
    pageWalk: estimate(140, 'ns', WHY.pageWalk),
    vcpuSwitch: estimate(
      2052,
      'ns',
      'rest of a vCPU switch, 4000 ns (estimate): 4000 ns = vmexit 407 + mitigationEntry ' +
        '222 + exitHandler 130 + schedOp 200 + vcpuSwitch 2052 + 6 x pageWalk 140 + cr3Write 148',
    ),
    vcpuUnblock: estimate(260, 'ns', WHY.vcpuUnblock),
    vcpuWake: estimate(
      2180,
      'ns',
      'rest of an event to a blocked vCPU, 5000 ns (estimate): 5000 ns = vmexit 407 ' +
        '+ mitigationEntry 222 + hypercall 381 + evtchnSend 130 + vcpuUnblock ' +
        '260 + ipi 299 + vcpuWake 2180 + 3 x pageWalk 140 + inject 95 + upcall 105 + taskSwitch 500',
    ),
    inject: estimate(95, 'ns', WHY.inject),

    mitigationEntry: estimateBetween(
      600,
      'cycles',
      300,
      1200,
      'safe returns (SRSO), automatic IBRS and the return stack filled at each VMEXIT',
    ),
    l1dFlush: free('cycles', 'not open to L1TF'),

    libraryCall: estimate(20, 'ns', WHY.libraryCall),
    systemCall: estimate(70, 'ns', WHY.systemCall),
    eventDevice: estimate(220, 'ns', WHY.eventDevice),
    upcall: estimate(105, 'ns', WHY.upcall),
    taskSwitch: estimate(500, 'ns', WHY.taskSwitch),
    timerTick: estimate(1400, 'ns', WHY.timerTick),
    xenbus: estimate(3000, 'ns', WHY.xenbus),
    memoryMap: estimate(1800, 'ns', WHY.memoryMap),
    clockRead: estimate(35, 'ns', WHY.clockRead),
    payload: estimate(6, 'ps/B', WHY.payload),

    copySetup: estimate(40, 'cycles', `as Intel: ${REP_MOVS}`),
    copyL1: estimate(psPerByte(90), 'ps/B', '90 GB/s; a Zen 5 guest reaches 120'),
    copyL2: estimate(psPerByte(70), 'ps/B', '70 GB/s; a Zen 5 guest reaches 108'),
    copyL3: estimate(psPerByte(30), 'ps/B', '30 GB/s; a Zen 5 guest reaches 50 to 58'),
    copyUnprefetched: free('ps/B', WHY.copyUnprefetched),
    copyClaimed: free('ps/B', WHY.copyClaimed),
    copyDram: estimate(
      psPerByte(15),
      'ps/B',
      '15 GB/s in one thread; a Zen 5 guest reaches 17.5 (libc) or 25 (rep movs)',
    ),

    xenstoreOperation: estimate(50, 'us', WHY.xenstore, WIDE_FACTOR),
    brokerStep: estimate(30, 'us', WHY.broker, WIDE_FACTOR),
    domainTeardownPerGib: derived(40, 'ms', 30, 52, TEARDOWN_NEW),
    crashDetection: estimate(1, 'ms', WHY.crashDetection, WIDE_FACTOR),
  },
};
