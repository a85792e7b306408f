import { derived, estimate, free } from '../price-builders.js';
import type { Price, PriceUnit, Profile } from '../profile.js';
import { SANDYBRIDGE_2012 } from './sandybridge-2012.js';
import { WHY } from './sources.js';

const LOGS =
  'fitted to libvchan-intranode raw logs (NTUA CSLab 2013, github HPSI/libvchan-intranode, ' +
  'results-cr-noVchan.txt; rings of 4, 16, 64 and 256 KiB)';

/** The fit finds sums better than their parts: a single price may lie a quarter off. */
function fitted(value: number, unit: PriceUnit, what: string): Price {
  return derived(value, unit, value * 0.75, value * 1.25, `${LOGS}: ${what}`);
}

const NOTIFY = 'share of what a send with its notify takes';
const WAKE = 'share of the way from a notify to the woken reader or writer';

/**
 * The machine on which libvchan was timed from user space in PV guests. Its CPU was not recorded: whatever the logs do not
 * show is taken from sandybridge-2012, hardware of the same year.
 *
 * Fitted by coordinate descent over the seventeen prices below, the features of its caches tried by hand, on transfers of
 * all sizes through four rings; every other ring and the shape of the curves follow from the mechanisms. What the prices
 * of PV entries and of the wake-up say one by one is weaker than what they say together.
 */
export const NTUA_2013: Profile = {
  ...SANDYBRIDGE_2012,
  name: 'ntua-2013',
  description:
    'the unrecorded machine of the libvchan-intranode logs of 2013, PV guests, xen-unstable',
  features: {
    ...SANDYBRIDGE_2012.features,
    // Xen of 2013 switched the FPU lazily; the caches are those at which the logs have their knees.
    lazyFpu: true,
    l2Bytes: 256 * 1024,
    l3Bytes: 4 * 1024 * 1024,
    deepIdleAfterUs: 500,
    longCopyBytes: 32 * 1024,
    cacheGrainBytes: 4096,
  },
  prices: {
    ...SANDYBRIDGE_2012.prices,
    pvEntry: fitted(243, 'ns', NOTIFY),
    hypercall: estimate(100, 'ns', 'software of a PV hypercall, beside pvEntry'),
    exitHandler: estimate(200, 'ns', 'software of a PV trap, beside pvEntry'),
    cr3Write: estimate(200, 'ns', 'two for each system call of a 64-bit PV guest'),
    tlbRefill: estimate(30, 'ns', 'about 60 cycles'),
    evtchnSend: fitted(584, 'ns', NOTIFY),
    systemCall: estimate(200, 'ns', WHY.systemCall),
    eventDevice: fitted(73, 'ns', NOTIFY),
    libraryCall: fitted(61.4, 'ns', 'small writes'),
    cacheLine: fitted(54.6, 'ns', 'small writes: the flags and indexes of the control page'),
    deepIdleExit: fitted(30_030, 'ns', 'the first wake-up of each side takes so much longer'),
    ipi: fitted(4828, 'ns', WAKE),
    vcpuUnblock: fitted(598, 'ns', NOTIFY),
    vcpuWake: fitted(5839, 'ns', WAKE),
    schedOp: estimate(500, 'ns', WHY.schedOp),
    inject: estimate(300, 'ns', WHY.inject),
    upcall: fitted(4996, 'ns', WAKE),
    taskSwitch: fitted(1125, 'ns', WAKE),

    clockRead: fitted(3091, 'ns', 'what a single shot takes beyond its copy'),
    payload: free('ps/B', 'the program neither makes nor checks its payload'),

    copySetup: fitted(77.3, 'ns', 'small writes'),
    copyL1: fitted(221, 'ps/B', 'single shots up to 16 KiB'),
    copyL2: fitted(266, 'ps/B', 'single shots of 64 KiB'),
    copyL3: fitted(297, 'ps/B', 'single shots of 256 KiB, and transfers through all rings'),
    copyUnprefetched: fitted(148, 'ps/B', 'writes below 32 KiB through rings beyond L2'),
    copyClaimed: free('ps/B', WHY.copyClaimed),
    copyDram: fitted(350, 'ps/B', 'transfers of 16 MiB: the user buffers come from DRAM'),
  },
};
