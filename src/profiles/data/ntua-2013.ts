import { derived, free } from '../price-builders.js';
import type { Price, PriceUnit, Profile } from '../profile.js';
import { SANDYBRIDGE_2012 } from './sandybridge-2012.js';

const LOGS =
  'fitted to libvchan-intranode raw logs (NTUA CSLab 2013, github HPSI/libvchan-intranode, ' +
  'results-cr-noVchan.txt)';

/** The fit finds sums better than their parts: a single price may lie a quarter off. */
function fitted(value: number, unit: PriceUnit, what: string): Price {
  return derived(value, unit, value * 0.75, value * 1.25, `${LOGS}: ${what}`);
}

/**
 * The machine on which libvchan was timed from user space in PV guests. Its CPU was not recorded:
 * whatever the logs do not show is taken from sandybridge-2012, hardware of the same year.
 */
export const NTUA_2013: Profile = {
  ...SANDYBRIDGE_2012,
  name: 'ntua-2013',
  description:
    'the unrecorded machine of the libvchan-intranode logs of 2013, PV guests, xen-unstable',
  features: { ...SANDYBRIDGE_2012.features, l3Bytes: 8 * 1024 * 1024 },
  prices: {
    ...SANDYBRIDGE_2012.prices,
    pvEntry: fitted(600, 'ns', 'share of send + event notify, 9 to 12 us'),
    exitHandler: fitted(900, 'ns', 'share of send + event notify, 9 to 12 us'),
    hypercall: fitted(800, 'ns', 'share of send + event notify, 9 to 12 us'),
    cr3Write: fitted(500, 'ns', 'share of send + event notify, 9 to 12 us'),
    evtchnSend: fitted(1500, 'ns', 'share of send + event notify, 9 to 12 us'),
    systemCall: fitted(700, 'ns', 'share of send + event notify, 9 to 12 us'),
    eventDevice: fitted(1500, 'ns', 'share of send + event notify, 9 to 12 us'),
    libraryCall: fitted(400, 'ns', 'share of send + event notify, 9 to 12 us'),
    ipi: fitted(1000, 'ns', 'share of notify + wake across domains, 24.5 us'),
    vcpuWake: fitted(3200, 'ns', 'share of notify + wake across domains, 24.5 us'),
    inject: fitted(500, 'ns', 'share of notify + wake across domains, 24.5 us'),
    upcall: fitted(500, 'ns', 'share of notify + wake across domains, 24.5 us'),
    taskSwitch: fitted(1000, 'ns', 'share of notify + wake across domains, 24.5 us'),

    clockRead: fitted(1500, 'ns', 'gettimeofday around each single shot'),
    payload: free('ps/B', 'the program neither makes nor checks its payload'),

    copySetup: fitted(100, 'ns', 'single shots of 4 KiB'),
    copyL1: fitted(150, 'ps/B', 'single shots up to 16 KiB'),
    copyL2: fitted(180, 'ps/B', 'single shots of 64 KiB: 0.18 ns a byte'),
    copyL3: fitted(200, 'ps/B', 'single shots of 256 KiB'),
    copyDram: fitted(
      450,
      'ps/B',
      'transfers of 16 MiB: 0.64 ns a byte for both copies, the user buffers from DRAM',
    ),
  },
};
