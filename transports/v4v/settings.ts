import { type Settings, settingValues, type ValuesOf } from '../../src/base/setting.js';
import { largestPayload } from '../../src/ring/wrapped-offset-ring.js';
import type { Endpoint } from '../../src/transport/contract.js';
import { MAX_RING_BYTES } from './argo-abi.js';

/** README.md explains each. */
export const V4V_SETTINGS = {
  notifyPolicy: {
    default: 'when-full',
    meaning: 'when the receiver tells Xen that it has made room',
    choices: ['when-full', 'every-drain'],
  },
  coalesceBytes: {
    default: 0,
    meaning: 'writes of a stream are gathered up to so many bytes; 0: each is sent at once',
    range: [0, largestPayload(MAX_RING_BYTES)],
  },
  macPermissive: { default: true, meaning: 'Xen allows wildcard rings' },
  connectTimeoutMs: {
    default: 1000,
    meaning: 'how long a client asks again while nobody listens',
    range: [0, 3_600_000],
  },
} as const satisfies Settings;

/** Settings of V4V alone, from `--set`. */
export type V4vSettings = ValuesOf<typeof V4V_SETTINGS>;

/** The settings with their defaults. Throws UserError for what V4V does not know. */
export function v4vSettings(given: Endpoint['options']): V4vSettings {
  return settingValues('v4v', V4V_SETTINGS, given);
}
