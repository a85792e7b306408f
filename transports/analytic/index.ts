import { type Settings, settingValues } from '../../src/base/setting.js';
import { PS_PER_NS } from '../../src/base/units.js';
import { idealDriver } from '../../src/transport/ideal/driver.js';
import { IDLE } from '../../src/xen/causes.js';

const SETTINGS = {
  latencyNs: {
    default: 1000,
    meaning: 'time from sending a message to its arrival, beside that of its bytes',
    range: [0, 1e9],
    fractional: true,
  },
  nsPerByte: {
    default: 0.1,
    meaning: 'time for which a byte occupies the link; 0.1 are 10 GB/s',
    range: [0, 1e6],
    fractional: true,
  },
} as const satisfies Settings;

/** analytic: T(n) = latency + n * time a byte, and nothing else. What a scenario reports of it can be computed by hand. */
export const analytic = idealDriver({
  name: 'analytic',
  summary: 'a message of n bytes takes latencyNs + n * nsPerByte: an oracle for the harness',
  polling: { stepPs: 1, cause: IDLE },
  emptyLookPs: 0,
  settings: SETTINGS,
  timing(options) {
    const { latencyNs, nsPerByte } = settingValues('analytic', SETTINGS, options);
    return { latencyPs: Math.round(latencyNs * PS_PER_NS), psPerByte: nsPerByte * PS_PER_NS };
  },
});
