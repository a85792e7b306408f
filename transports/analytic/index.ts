import { UserError } from '../../src/base/errors.js';
import { PS_PER_NS } from '../../src/base/units.js';
import type { Endpoint } from '../../src/transport/contract.js';
import { idealDriver } from '../../src/transport/ideal/driver.js';
import { IDLE } from '../../src/xen/causes.js';

/** The settings, their defaults (1 us and 10 GB/s) and the largest that make sense. */
const SETTINGS = {
  latencyNs: { byDefault: 1000, most: 1e9 },
  nsPerByte: { byDefault: 0.1, most: 1e6 },
} as const;

/** analytic: T(n) = latency + n * time a byte, and nothing else. What a scenario reports of it can be computed by hand. */
export const analytic = idealDriver({
  name: 'analytic',
  summary: 'a message of n bytes takes latencyNs + n * nsPerByte: an oracle for the harness',
  polling: { stepPs: 1, cause: IDLE },
  emptyLookPs: 0,
  timing(options) {
    for (const name of Object.keys(options)) {
      if (name in SETTINGS) continue;
      throw new UserError(`analytic has no setting "${name}"`, {
        where: '--set',
        remedy: `its settings are ${Object.keys(SETTINGS).join(' and ')}`,
      });
    }
    return {
      latencyPs: Math.round(setting(options, 'latencyNs') * PS_PER_NS),
      psPerByte: setting(options, 'nsPerByte') * PS_PER_NS,
    };
  },
});

function setting(options: Endpoint['options'], name: keyof typeof SETTINGS): number {
  const { byDefault, most } = SETTINGS[name];
  const value = options[name] ?? byDefault;
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw new UserError(`${name} is ${String(value)}`, {
    where: '--set',
    remedy: `give a number from 0 to ${most}`,
  });
}
