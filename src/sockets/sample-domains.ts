import { transports } from '../../transports/index.js';
import { DEFAULT_PROFILE_NAME, findProfile } from '../profiles/index.js';
import type { Profile } from '../profiles/profile.js';
import { LiveDomain } from './live-domain.js';
import { createSeats, type SocketMachine } from './seat.js';

/** Two domains in one thread, for tests. */

export const SOCKET_TRANSPORTS = ['v4v', 'libvchan', 'v2v'] as const;

export function sampleMachine(
  transport: string,
  changes: Partial<SocketMachine> = {},
): SocketMachine {
  return {
    transport,
    transportOptions: {},
    ringSizeBytes: 16_384,
    profile: findProfile(DEFAULT_PROFILE_NAME) as Profile,
    inject: 'none',
    guestType: 'pvh',
    limits: 'default',
    memoryBytes: 256 * 1024 * 1024,
    ...changes,
  };
}

/** Domain 0 and domain 1. */
export async function sampleDomains(
  machine: SocketMachine,
): Promise<readonly [LiveDomain, LiveDomain]> {
  const clock = (): number => Number(process.hrtime.bigint()) * 1000;
  const [here, there] = createSeats(machine);
  const domains = [
    new LiveDomain(here, transports, clock),
    new LiveDomain(there, transports, clock),
  ];
  await Promise.all(domains.map(({ whenJoined }) => whenJoined));
  return domains as unknown as readonly [LiveDomain, LiveDomain];
}
