import type { Domain } from '../../xen/domain.js';
import type { HypervisorExtension, Machine } from '../../xen/machine.js';
import type { Endpoint } from '../contract.js';
import type { IdealChannel } from './channel.js';
import type { Pipe } from './pipe.js';
import { Polling, type PollingStyle } from './polling.js';

/** One connection: what the client sends and what the server sends. */
export interface Connection {
  readonly fromClient: Pipe;
  readonly fromServer: Pipe;
  accepted: boolean;
}

/** Where a server and its clients meet. */
interface MeetingPlace {
  listening: boolean;
  /** By the client's domid. */
  readonly waiting: Map<number, Connection>;
}

/** The connections of one machine through one ideal transport. */
export class IdealLinks implements HypervisorExtension {
  /** Nothing is left to do: `domainStopped` has done it. */
  domainDestroyed(): void {}

  readonly polling: Polling;
  private readonly places = new Map<string, MeetingPlace>();
  private readonly ends = new Set<IdealChannel>();

  constructor(machine: Machine, style: PollingStyle) {
    this.polling = new Polling(machine, style);
    machine.stopWatchers.push((domain) => this.domainStopped(domain, machine.now));
  }

  /** Meeting places and ends that are still there. */
  get held(): { readonly places: number; readonly ends: number } {
    return { places: this.places.size, ends: this.ends.size };
  }

  place({ serverDomid, port }: Endpoint): MeetingPlace {
    const key = `${serverDomid}:${port}`;
    let place = this.places.get(key);
    if (place === undefined) {
      place = { listening: false, waiting: new Map() };
      this.places.set(key, place);
    }
    return place;
  }

  /** Nobody listens any more. A client that has come too late still waits. */
  leave(endpoint: Endpoint): void {
    const place = this.place(endpoint);
    place.listening = false;
    if (place.waiting.size === 0) this.places.delete(`${endpoint.serverDomid}:${endpoint.port}`);
  }

  opened(end: IdealChannel): void {
    this.ends.add(end);
  }

  closed(end: IdealChannel): void {
    this.ends.delete(end);
  }

  /** The other ends of a domain that has crashed see it at once: an ideal link hides nothing. */
  private domainStopped(domain: Domain, timePs: number): void {
    for (const end of this.ends) if (end.domain === domain) end.abandon();
    this.polling.changed(timePs);
  }
}
