import { UserError } from '../../base/errors.js';
import { DEFAULT_PROFILE_NAME } from '../../profiles/index.js';
import type { Profile } from '../../profiles/profile.js';
import { LiveDomain } from '../../sockets/live-domain.js';
import { createSeats, type DomainSeat, type SocketMachine } from '../../sockets/seat.js';
import { CATALOGUE } from '../catalogue.js';
import { monotonicPs } from './clock.js';

/**
 * What another project imports as `interdom/sockets`: two domains of a live machine, and sockets between them.
 *
 *     const [here, there] = createMachine({ transport: 'v4v' });
 *     const worker = new Worker(script, { workerData: there, transferList: [there.port] });
 *     const domain = joinMachine(here);            // and in the worker: joinMachine(workerData)
 *     await domain.whenListening(7);
 *     domain.connect(7).end('hello');              // a Duplex
 */

export { DomainServer } from '../../sockets/domain-server.js';
export { DomainSocket } from '../../sockets/domain-socket.js';
export type { DomainStatistics } from '../../sockets/live-domain.js';
export type { DomainSeat } from '../../sockets/seat.js';
export { SocketError, type SocketErrorCode } from '../../sockets/socket-errors.js';

/** One domain, in the thread that joined as it. */
export type Domain = Pick<
  LiveDomain,
  'connect' | 'createServer' | 'whenJoined' | 'whenListening' | 'statistics' | 'holdings' | 'close'
>;

/** What there is to choose. */
export interface MachineChoice {
  /** Default: libvchan. */
  readonly transport?: 'v4v' | 'libvchan' | 'v2v';
  /** Bytes of ring for each direction of each connection. Default: 65536. */
  readonly ringSizeBytes?: number;
  /** Hardware generation whose prices `inject` pays: the name of a profile. Default: skylake-2017. */
  readonly profile?: string;
  /** `profile`: privileged operations take as long as there. Default: none. */
  readonly inject?: SocketMachine['inject'];
  /** Default: pvh. */
  readonly guestType?: SocketMachine['guestType'];
  /** Xen's limits on a domain. Default: those that xl gives. */
  readonly limits?: SocketMachine['limits'];
  /** Shared memory of both domains, of which the system gives what is used. Default: 1 GiB. */
  readonly memoryBytes?: number;
}

/** The two places of a new machine: whoever holds one, here or in a worker, joins as that domain. Throws UserError. */
export function createMachine(choice: MachineChoice = {}): readonly [DomainSeat, DomainSeat] {
  return createSeats({
    transport: choice.transport ?? 'libvchan',
    transportOptions: {},
    ringSizeBytes: choice.ringSizeBytes ?? 65_536,
    profile: profileOf(choice.profile ?? DEFAULT_PROFILE_NAME),
    inject: choice.inject ?? 'none',
    guestType: choice.guestType ?? 'pvh',
    limits: choice.limits ?? 'default',
    memoryBytes: choice.memoryBytes ?? 1024 * 1024 * 1024,
  });
}

/** Joins a machine as one of its domains, whose sockets belong to this thread. */
export function joinMachine(seat: DomainSeat): Domain {
  return new LiveDomain(seat, CATALOGUE.transports, monotonicPs);
}

function profileOf(name: string): Profile {
  const found = CATALOGUE.profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  throw new UserError(`there is no profile ${name}`, {
    where: 'createMachine',
    remedy: `choose one of ${CATALOGUE.profiles.map((profile) => profile.name).join(', ')}`,
  });
}
