import { derived, estimate, estimateBetween, psPerByte, WIDE_FACTOR } from '../price-builders.js';
import type { Profile } from '../profile.js';
import { SKYLAKE_2017 } from './skylake-2017.js';
import { NETBACK_COPY, NETBACK_MAPPED, SHOOTDOWN_ANCHORS, WHY } from './sources.js';

/** The same machine with what Spectre, Meltdown, L1TF and MDS made necessary. */
export const SKYLAKE_2017_MITIGATED: Profile = {
  name: 'skylake-2017-mitigated',
  description:
    'Xeon 8160 (Skylake-SP), 2.1 GHz, with the mitigations that Xen and Linux choose for it',
  clockHz: SKYLAKE_2017.clockHz,
  features: { ...SKYLAKE_2017.features, l1tfFlush: true },
  prices: {
    ...SKYLAKE_2017.prices,
    mitigationEntry: derived(
      1624,
      'cycles',
      1000,
      2922,
      'rest of a null hypercall of an HVM guest, 4900 cycles (derived): 2333 ns = ' +
        'vmexit 322 + mitigationEntry 773 + l1dFlush 989 + hypercall 250; KVM ' +
        'with its defaults, which flush no L1D there, takes 3,864 against 942 ' +
        'to 1,426 in a lean VMM: 2,438 to 2,922 for mitigations; taken for PV ' +
        'guests too, where XPTI writes CR3 twice',
    ),
    syscall: estimate(
      520,
      'cycles',
      `${WHY.syscall}, and two CR3 writes of page table isolation in the guest`,
    ),

    shootdownFirst: derived(
      1800,
      'ns',
      1250,
      2700,
      `${SHOOTDOWN_ANCHORS}, and the mitigations of the interrupt`,
    ),
    shootdownFurther: estimate(300, 'ns', `${SHOOTDOWN_ANCHORS}; overlapping`),
    grantMap: estimate(
      1233,
      'ns',
      'half (no source splits it) of the rest of a map + unmap, 2600 ns a page (estimate; ' +
        `${NETBACK_MAPPED}): 2600 ns = 1/16 x pvEntry 119 + 1/16 x mitigationEntry ` +
        '773 + 1/16 x hypercall 250 + grantMap 1233 + grantUnmap 1233 + 1/32 x ' +
        'cr3Write 210 + 1/32 x shootdownFirst 1800',
    ),
    grantUnmap: estimate(1233, 'ns', 'the other half: see grantMap'),
    grantCopy: estimate(
      545,
      'ns',
      `rest of a copy, 600 ns an operation (estimate; ${NETBACK_COPY}): 600 ns = 1/32 ` +
        'x pvEntry 119 + 1/32 x mitigationEntry 773 + 1/32 x hypercall 250 + grantCopy ' +
        '545 + copySetup 19',
    ),
    vcpuSwitch: estimate(
      2997,
      'ns',
      'rest of a vCPU switch, 7000 ns (estimate): 7000 ns = vmexit 322 + mitigationEntry ' +
        '773 + l1dFlush 989 + exitHandler 210 + schedOp 300 + vcpuSwitch 2997 + 6 x pageWalk 200 ' +
        '+ cr3Write 210',
    ),
    vcpuWake: estimate(
      2630,
      'ns',
      'rest of an event to a blocked vCPU, 8000 ns (estimate): 7989 ns = vmexit 322 ' +
        '+ mitigationEntry 773 + l1dFlush 989 + hypercall 250 + evtchnSend 190 ' +
        '+ vcpuUnblock 380 + ipi 527 + vcpuWake 2630 + 3 x pageWalk 200 + inject 190 + upcall 239 ' +
        '+ taskSwitch 900',
    ),
    // An event to a running vCPU gets no rest of its own: see CONTRADICTIONS in
    // published-composites.ts.
    ipi: estimateBetween(
      527,
      'ns',
      263,
      1054,
      'as skylake-2017: an interrupt in flight knows no mitigation',
    ),

    systemCall: estimate(140, 'ns', `${WHY.systemCall}; with retpolines`),
    eventDevice: estimate(350, 'ns', `${WHY.eventDevice}; with retpolines`),
    taskSwitch: estimate(900, 'ns', `${WHY.taskSwitch}; with retpolines`),
    timerTick: estimate(2400, 'ns', `${WHY.timerTick}; with retpolines`),
    xenbus: estimate(4500, 'ns', `${WHY.xenbus}; with retpolines`),
    memoryMap: estimate(3000, 'ns', `${WHY.memoryMap}; with retpolines`),

    copyL3: estimate(psPerByte(8), 'ps/B', '8 GB/s; no direct source'),
    xenstoreOperation: estimate(80, 'us', WHY.xenstore, WIDE_FACTOR),
  },
};
