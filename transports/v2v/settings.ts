import { type Settings, settingValues } from '../../src/base/setting.js';
import { PS_PER_MS } from '../../src/base/units.js';
import type { Endpoint } from '../../src/transport/contract.js';

/** README.md explains each. */
export const V2V_SETTINGS = {
  // xenbus of Linux waits 30 s for a device before it complains (drivers/xen/xenbus/xenbus_probe_frontend.c).
  brokerTimeoutMs: {
    default: 30_000,
    meaning: "how long a domain waits for the broker's answer",
    range: [1, 3_600_000],
  },
  // V2V itself waits for ever. A bound is needed to see the leak that its header announces.
  closeTimeoutMs: {
    default: 5_000,
    meaning: 'how long a listener that closes waits for the connector to let go',
    range: [1, 3_600_000],
  },
  fastReceive: {
    default: true,
    meaning: 'readers of a stream ask for fast receive, as the published stream layer does',
  },
} as const satisfies Settings;

/** Settings of V2V alone, from `--set`. */
export interface V2vSettings {
  readonly brokerTimeoutPs: number;
  readonly closeTimeoutPs: number;
  readonly fastReceive: boolean;
}

/** The settings with their defaults. Throws UserError for what V2V does not know. */
export function v2vSettings(given: Endpoint['options']): V2vSettings {
  const values = settingValues('v2v', V2V_SETTINGS, given);
  return {
    brokerTimeoutPs: values.brokerTimeoutMs * PS_PER_MS,
    closeTimeoutPs: values.closeTimeoutMs * PS_PER_MS,
    fastReceive: values.fastReceive,
  };
}
