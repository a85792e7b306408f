import { UserError } from '../../src/base/errors.js';
import { PS_PER_MS } from '../../src/base/units.js';
import type { Endpoint } from '../../src/transport/contract.js';

/** Settings of V2V alone, as `--set` gives them. */
export interface V2vSettings {
  /** How long a domain waits for the broker's answer. */
  readonly brokerTimeoutPs: number;
  /** How long a listener that closes waits for the connector to let go. */
  readonly closeTimeoutPs: number;
  /** Readers of a stream ask for fast receive, as the published stream layer does. */
  readonly fastReceive: boolean;
}

/** xenbus of Linux waits 30 s for a device before it complains (drivers/xen/xenbus/xenbus_probe_frontend.c). */
const DEFAULT_BROKER_TIMEOUT_MS = 30_000;
/** V2V itself waits for ever. A bound is needed to see the leak that its header announces. */
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

const NAMES = ['brokerTimeoutMs', 'closeTimeoutMs', 'fastReceive'];

/** Reads the settings. Throws UserError for one that V2V does not have or cannot use. */
export function v2vSettings(options: Endpoint['options']): V2vSettings {
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    throw new UserError(`v2v has no setting "${name}"`, {
      where: '--set',
      remedy: `its settings are ${NAMES.join(', ')}`,
    });
  }
  return {
    brokerTimeoutPs: milliseconds(options, 'brokerTimeoutMs', DEFAULT_BROKER_TIMEOUT_MS),
    closeTimeoutPs: milliseconds(options, 'closeTimeoutMs', DEFAULT_CLOSE_TIMEOUT_MS),
    fastReceive: flag(options, 'fastReceive', true),
  };
}

function milliseconds(options: Endpoint['options'], name: string, byDefault: number): number {
  const value = options[name] ?? byDefault;
  if (typeof value === 'number' && value > 0 && value <= 3_600_000) {
    return Math.round(value * PS_PER_MS);
  }
  throw new UserError(`${name} is ${String(value)}`, {
    where: '--set',
    remedy: 'give milliseconds, above 0 and at most 3600000',
  });
}

function flag(options: Endpoint['options'], name: string, byDefault: boolean): boolean {
  const value = options[name] ?? byDefault;
  if (typeof value === 'boolean') return value;
  throw new UserError(`${name} is ${String(value)}`, {
    where: '--set',
    remedy: 'give true or false',
  });
}
