import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LiveDomain } from '../../sockets/live-domain.js';
import type { Counts } from '../../sockets/machine-copy.js';
import { NearSide } from '../../sockets/near-side.js';
import { createSeats, type SocketMachine } from '../../sockets/seat.js';
import type { SocketAddress } from '../../sockets/socket-address.js';
import { CATALOGUE } from '../catalogue.js';
import { monotonicMs, monotonicPs } from './clock.js';
import type { FarWorkerData } from './far-worker.js';

/** What both domains have done together. */
export interface JoinedCounts {
  /** To send and to receive. */
  readonly dataPath: Counts;
  /** To make connections and to take them down, dom0 included. */
  readonly controlPlane: Counts;
}

/** Two domains, of which this thread is the one that accepts, and a worker the one that dials. */
export class JoinedDomains {
  readonly near: NearSide;

  private constructor(
    private readonly domain: LiveDomain,
    private readonly worker: Worker,
  ) {
    this.near = new NearSide(domain, monotonicMs);
  }

  /**
   * Starts both, and waits until they stand.
   *
   * @param targets what is dialled for a connection to port 0, 1, ...
   * @param whenFarFails is called where the other domain dies
   */
  static async start(
    machine: SocketMachine,
    targets: readonly SocketAddress[],
    whenFarFails: (error: Error) => void,
  ): Promise<JoinedDomains> {
    const [here, there] = createSeats(machine);
    const workerData: FarWorkerData = { seat: there, targets };
    const worker = new Worker(new URL('far-worker.js', import.meta.url), {
      workerData,
      transferList: [there.port],
    });
    worker.on('error', whenFarFails);
    const domain = new LiveDomain(here, CATALOGUE.transports, monotonicPs);
    await Promise.race([
      domain.whenListening(0),
      once(worker, 'exit').then(() => Promise.reject(new Error('the other domain has ended'))),
    ]);
    return new JoinedDomains(domain, worker);
  }

  async counts(): Promise<JoinedCounts> {
    this.worker.postMessage('statistics');
    const [there] = (await once(this.worker, 'message')) as [{ dataPath: Counts }];
    const here = this.domain.statistics();
    return { dataPath: sum(here.dataPath, there.dataPath), controlPlane: here.controlPlane };
  }

  async end(): Promise<void> {
    this.worker.removeAllListeners();
    this.domain.close();
    await this.worker.terminate();
  }
}

function sum(a: Counts, b: Counts): Counts {
  return Object.fromEntries(
    Object.entries(a).map(([group, counts]) => [
      group,
      Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [name, count + (b[group]?.[name] ?? 0)]),
      ),
    ]),
  );
}
