import type { MessagePort } from 'node:worker_threads';
import { UserError } from '../../base/errors.js';
import { DEFAULT_PROFILE_NAME } from '../../profiles/index.js';
import type { Profile } from '../../profiles/profile.js';
import { DomainServer } from '../../sockets/domain-server.js';
import { DomainSocket } from '../../sockets/domain-socket.js';
import { LiveDomain } from '../../sockets/live-domain.js';
import { createSeats, type DomainSeat } from '../../sockets/seat.js';
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

export { SocketError, type SocketErrorCode } from '../../sockets/socket-errors.js';
export { DomainServer, DomainSocket };

/** A domain's place on a machine: for `joinMachine`, here or in a worker. What else it holds is the machine's own. */
export interface Seat {
  /** 0 or 1. */
  readonly domain: number;
  /** To be put into the transfer list. */
  readonly port: MessagePort;
}

/** What a domain has done, and counts by group and name. */
export interface Statistics {
  /** Connections that were made, that could not be made, and that stand. */
  readonly connections: number;
  readonly failures: number;
  readonly open: number;
  /** What this domain did to send and to receive. */
  readonly dataPath: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What all domains did to make connections and to take them down. */
  readonly controlPlane: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One domain, in the thread that joined as it. */
export interface Domain {
  /** The other domain has joined, too. */
  readonly whenJoined: Promise<void>;
  /** Waits until the other domain listens at a port. */
  whenListening(port: number): Promise<void>;
  /** A connection to a server of the other domain: the socket emits `connect`, or `error`. */
  connect(port: number, whenConnected?: () => void): DomainSocket;
  /** A server, which is yet to listen. */
  createServer(whenConnected?: (socket: DomainSocket) => void): DomainServer;
  /** So long a connection waits for an answer of the other domain: then ETIMEDOUT. Default: 127000, as Linux. */
  connectTimeoutMs: number;
  /** The domain gets no CPU time, as by `xl pause`. */
  pause(): void;
  unpause(): void;
  statistics(): Statistics;
  /** What the machine holds of Xen's resources for both domains. */
  holdings(): Readonly<Record<string, number>>;
  /** The domain goes away; the other one sees its sockets reset. */
  close(): void;
}

/** What there is to choose. */
export interface MachineChoice {
  /** Default: libvchan. */
  readonly transport?: 'v4v' | 'libvchan' | 'v2v';
  /** Bytes of ring for each direction of each connection. Default: 65536. */
  readonly ringSizeBytes?: number;
  /** Hardware generation whose prices `inject` pays: the name of a profile. Default: skylake-2017. */
  readonly profile?: string;
  /** `profile`: privileged operations take as long as there. Default: none. */
  readonly inject?: 'profile' | 'none';
  /** Default: pvh. */
  readonly guestType?: 'pv' | 'pvh';
  /** Xen's limits on a domain. Default: those that xl gives. */
  readonly limits?: 'default' | 'raised';
  /** Shared memory of both domains, of which the system gives what is used. Default: 1 GiB. */
  readonly memoryBytes?: number;
}

/** The two places of a new machine: whoever holds one, here or in a worker, joins as that domain. Throws UserError. */
export function createMachine(choice: MachineChoice = {}): readonly [Seat, Seat] {
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
export function joinMachine(seat: Seat): Domain {
  return new LiveDomain(seat as DomainSeat, CATALOGUE.transports, monotonicPs);
}

function profileOf(name: string): Profile {
  const found = CATALOGUE.profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  throw new UserError(`there is no profile ${name}`, {
    where: 'createMachine',
    remedy: `choose one of ${CATALOGUE.profiles.map((profile) => profile.name).join(', ')}`,
  });
}
