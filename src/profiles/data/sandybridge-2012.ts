import { derived, estimate, free, psPerByte, recalled, WIDE_FACTOR } from '../price-builders.js';
import type { Profile } from '../profile.js';
import {
  AGESEN,
  DALL,
  HANSEN,
  NETBACK_COPY,
  NETBACK_MAPPED,
  REP_MOVS,
  SHOOTDOWN_ANCHORS,
  TEARDOWN_OLD,
  WHY,
} from './sources.js';

/** The year in which V4V was proposed to Xen. */
export const SANDYBRIDGE_2012: Profile = {
  name: 'sandybridge-2012',
  description: 'Xeon E5-2450 (Sandy Bridge-EN), 2.1 GHz, with Xen and Linux of its time',
  clockHz: 2.1e9,
  features: {
    nestedPaging: 'ept',
    taggedTlb: true,
    // APIC virtualisation came with Ivy Bridge-EP.
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
    l3Bytes: 20 * 1024 * 1024,
    guestTickHz: 250,
    scheduler: 'credit',
    schedulerRatelimitUs: 1000,
    schedulerTimesliceUs: 30_000,
  },
  prices: {
    vmexit: recalled(784, 'cycles', 700, 870, `${AGESEN}; spread taken as 10 %`),
    pvEntry: estimate(280, 'cycles', WHY.pvEntry),
    syscall: estimate(130, 'cycles', WHY.syscall),
    cr3Write: estimate(500, 'cycles', 'as Skylake, 440 cycles measured, and a little slower'),
    invlpg: derived(240, 'cycles', 220, 260, HANSEN),
    tlbRefill: estimate(80, 'cycles', 'two-dimensional walk with its tables in cache'),
    ipi: estimate(
      621,
      'ns',
      `rest of an event to a running vCPU, 2650 ns (virtual IPI: ${DALL}): 2650 ns ` +
        '= 2 x vmexit 373 + hypercall 212 + evtchnSend 230 + ipi 621 + exitHandler ' +
        '260 + inject 250 + upcall 330',
    ),
    deepIdleExit: estimate(30, 'us', WHY.deepIdleExit),
    shootdownFirst: estimate(1200, 'ns', SHOOTDOWN_ANCHORS),
    shootdownFurther: estimate(
      300,
      'ns',
      `${SHOOTDOWN_ANCHORS}; overlapping, a quarter of the first`,
    ),
    cacheLine: estimate(40, 'ns', 'between cores of one socket; Nehalem 26, Broadwell-EP 44'),

    hypercall: recalled(
      446,
      'cycles',
      300,
      600,
      `null hypercall, 1230 cycles (${DALL}), less its VMEXIT: 586 ns = vmexit 373 + hypercall 212`,
    ),
    exitHandler: estimate(260, 'ns', WHY.exitHandler),
    evtchnSend: estimate(230, 'ns', WHY.evtchnSend),
    evtchnControl: estimate(450, 'ns', WHY.evtchnControl),
    schedOp: estimate(350, 'ns', WHY.schedOp),
    timerOp: estimate(420, 'ns', WHY.timerOp),
    grantMap: estimate(
      1467,
      'ns',
      'half (no source splits it) of the rest of a map + unmap, 3000 ns a page (estimate; ' +
        `${NETBACK_MAPPED}): 3001 ns = 1/16 x pvEntry 133 + 1/16 x hypercall 212 ` +
        '+ grantMap 1467 + grantUnmap 1467 + 1/32 x cr3Write 238 + 1/32 x shootdownFirst ' +
        '1200',
    ),
    grantUnmap: estimate(1467, 'ns', 'the other half: see grantMap'),
    grantCopy: estimate(
      620,
      'ns',
      `rest of a copy, 650 ns an operation (estimate; ${NETBACK_COPY}): 650 ns = 1/32 ` +
        'x pvEntry 133 + 1/32 x hypercall 212 + grantCopy 620 + copySetup 19',
    ),
    argoSendv: estimate(400, 'ns', WHY.argoSendv),
    argoNotify: estimate(320, 'ns', WHY.argoNotify),
    argoRegister: estimate(600, 'ns', WHY.argoRegister),
    pageWalk: estimate(250, 'ns', WHY.pageWalk),
    vcpuSwitch: recalled(
      2280,
      'ns',
      1500,
      3100,
      `rest of a vCPU switch, 5000 ns (${DALL}): 5001 ns = vmexit 373 + exitHandler ` +
        '260 + schedOp 350 + vcpuSwitch 2280 + 6 x pageWalk 250 + cr3Write 238',
    ),
    vcpuUnblock: estimate(430, 'ns', WHY.vcpuUnblock),
    vcpuWake: estimate(
      1363,
      'ns',
      `rest of an event to a blocked vCPU, 5360 ns (I/O latency out: ${DALL}): 5360 ` +
        'ns = vmexit 373 + hypercall 212 + evtchnSend 230 + vcpuUnblock 430 + ' +
        'ipi 621 + vcpuWake 1363 + 3 x pageWalk 250 + inject 250 + upcall 330 + taskSwitch 800',
    ),
    inject: estimate(250, 'ns', WHY.inject),

    mitigationEntry: free('cycles', 'no mitigations in the Xen of its time'),
    l1dFlush: estimate(2500, 'cycles', 'where the profile is run with l1tfFlush; Skylake 2076'),

    libraryCall: estimate(35, 'ns', WHY.libraryCall),
    systemCall: estimate(130, 'ns', WHY.systemCall),
    eventDevice: estimate(350, 'ns', WHY.eventDevice),
    upcall: estimate(330, 'ns', WHY.upcall),
    taskSwitch: estimate(800, 'ns', WHY.taskSwitch),
    timerTick: estimate(2200, 'ns', WHY.timerTick),
    xenbus: estimate(4500, 'ns', WHY.xenbus),
    memoryMap: estimate(2700, 'ns', WHY.memoryMap),
    clockRead: estimate(350, 'ns', WHY.clockReadSlow),
    payload: estimate(16, 'ps/B', WHY.payload),

    copySetup: derived(40, 'cycles', 35, 60, REP_MOVS),
    copyL1: estimate(psPerByte(31), 'ps/B', '31 GB/s'),
    copyL2: estimate(psPerByte(14), 'ps/B', '14 GB/s'),
    copyL3: estimate(psPerByte(8), 'ps/B', '8 GB/s; no direct source'),
    copyUnprefetched: free('ps/B', WHY.copyUnprefetched),
    copyClaimed: free('ps/B', WHY.copyClaimed),
    copyDram: estimate(psPerByte(5), 'ps/B', '5 GB/s in one thread; rep movs up to 40 % faster'),

    xenstoreOperation: estimate(100, 'us', WHY.xenstore, WIDE_FACTOR),
    brokerStep: estimate(50, 'us', WHY.broker, WIDE_FACTOR),
    domainTeardownPerGib: derived(530, 'ms', 400, 690, TEARDOWN_OLD),
    crashDetection: estimate(2, 'ms', WHY.crashDetection, WIDE_FACTOR),
  },
};
