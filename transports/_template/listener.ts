import type { Process } from '../../src/sim/process.js';
import {
  type ConnectOutcome,
  type Endpoint,
  type Listener,
  PEER_GONE,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import type { TemplateChannel } from './channel.js';
import { offerConnection } from './connect.js';

interface Connection {
  readonly channel: TemplateChannel;
  readonly source: number;
  /** In the line of those that may have a message. */
  isQueued: boolean;
  hasEnded: boolean;
}

/** The serving side: one mailbox for each client, one event device for all. */
export class TemplateListener implements Listener {
  lastSource = -1;
  private readonly device: EventDevice;
  private readonly byPort = new Map<number, Connection>();
  private readonly line: Connection[] = [];
  private accepted = 0;
  private ended = 0;

  constructor(
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
  ) {
    this.device = guest.openEventDevice();
  }

  *accept(): Process<ConnectOutcome> {
    const { guest, endpoint, device } = this;
    const client = endpoint.clientDomids[this.accepted];
    if (client === undefined) return { failed: 'every client has connected' };
    const offered = yield* offerConnection(guest, endpoint, client, device, this.onEvent);
    if ('failed' in offered) return offered;
    const { channel, port, isLive } = offered;
    const source = this.accepted++;
    this.byPort.set(port, { channel, source, isQueued: false, hasEnded: false });
    while (!isLive()) this.onEvent(yield* device.wait('template: a client'));
    return { channel };
  }

  tryReceive(address: number, length: number): number {
    for (;;) {
      const connection = this.line[0];
      if (connection === undefined) return this.allHaveEnded() ? PEER_GONE : WOULD_BLOCK;
      const outcome = connection.channel.tryReceive(address, length);
      if (outcome !== WOULD_BLOCK && outcome !== PEER_GONE) {
        if (outcome >= 0) this.lastSource = connection.source;
        return outcome;
      }
      // Its next event puts it back in line.
      this.line.shift();
      connection.isQueued = false;
      if (outcome === PEER_GONE && !connection.hasEnded) {
        connection.hasEnded = true;
        this.ended++;
      }
    }
  }

  *waitUntilReadable(): Process<void> {
    this.onEvent(yield* this.device.wait('template: a message from any client'));
  }

  *close(): Process<void> {
    for (const { channel } of this.byPort.values()) yield* channel.close();
  }

  private allHaveEnded(): boolean {
    return this.ended > 0 && this.ended === this.byPort.size;
  }

  /** A port has fired, whoever waited: its connection may have a message. */
  private readonly onEvent = (port: number): void => {
    const connection = this.byPort.get(port);
    if (connection === undefined || connection.isQueued) return;
    connection.isQueued = true;
    this.line.push(connection);
  };
}
