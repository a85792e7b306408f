import { UserError } from '../../src/base/errors.js';
import { largestPayload } from '../../src/ring/wrapped-offset-ring.js';
import type { Endpoint } from '../../src/transport/contract.js';
import { MAX_RING_BYTES } from './argo-abi.js';

/** Settings of V4V alone, from `--set`. README.md explains each. */
export interface V4vOptions {
  /** When the receiver tells Xen that it has made room. */
  readonly notifyPolicy: 'when-full' | 'every-drain';
  /** Writes of a stream are gathered up to so many bytes; 0: each write is sent at once. */
  readonly coalesceBytes: number;
  /** Xen allows wildcard rings. */
  readonly macPermissive: boolean;
  /** How long a client asks again while nobody listens, in milliseconds of virtual time. */
  readonly connectTimeoutMs: number;
}

export const V4V_DEFAULTS: V4vOptions = {
  notifyPolicy: 'when-full',
  coalesceBytes: 0,
  macPermissive: true,
  connectTimeoutMs: 1000,
};

/** The settings with their defaults. Throws UserError for what V4V does not know. */
export function v4vOptions(given: Endpoint['options']): V4vOptions {
  for (const name of Object.keys(given)) {
    if (!(name in V4V_DEFAULTS)) {
      throw new UserError(`v4v has no setting "${name}"`, {
        where: '--set',
        remedy: `its settings are ${Object.keys(V4V_DEFAULTS).join(', ')}`,
      });
    }
  }
  const options = { ...V4V_DEFAULTS, ...given } as Record<keyof V4vOptions, unknown>;
  const { notifyPolicy, coalesceBytes, macPermissive, connectTimeoutMs } = options;
  if (notifyPolicy !== 'when-full' && notifyPolicy !== 'every-drain') {
    throw refused('notifyPolicy', notifyPolicy, 'when-full or every-drain');
  }
  const most = largestPayload(MAX_RING_BYTES);
  if (!isCount(coalesceBytes, most)) {
    throw refused('coalesceBytes', coalesceBytes, `a number of bytes from 0 to ${most}`);
  }
  if (typeof macPermissive !== 'boolean') {
    throw refused('macPermissive', macPermissive, 'true or false');
  }
  if (!isCount(connectTimeoutMs, 3_600_000)) {
    throw refused('connectTimeoutMs', connectTimeoutMs, 'milliseconds from 0 to 3600000');
  }
  return { notifyPolicy, coalesceBytes, macPermissive, connectTimeoutMs };
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function refused(name: string, value: unknown, remedy: string): UserError {
  return new UserError(`v4v cannot use ${name}=${String(value)}`, {
    where: '--set',
    remedy: `give ${remedy}`,
  });
}
