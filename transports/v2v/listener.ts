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
import type { V2vEnd } from './end.js';
import { listenAndAccept } from './temple.js';

interface Connection {
  readonly channel: V2vEnd;
  readonly source: number;
  /** In the line of those that may have messages. */
  queued: boolean;
  gone: boolean;
}

/** A server with one V2V connection for each client: two event channels, three granted regions and one watch each. */
export class V2vListener implements Listener {
  lastSource = -1;
  private readonly device: EventDevice;
  private readonly connections: Connection[] = [];
  private readonly byPort = new Map<number, Connection>();
  private readonly ready: Connection[] = [];
  private goneCount = 0;

  constructor(
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
  ) {
    this.device = guest.openEventDevice();
  }

  *accept(): Process<ConnectOutcome> {
    const { guest, endpoint, connections, device } = this;
    const connector = endpoint.clientDomids[connections.length];
    if (connector === undefined) return { failed: 'every client has connected' };
    const pair = { port: endpoint.port, listener: guest.domid, connector };
    const channel = yield* listenAndAccept(guest, endpoint, pair, device);
    if ('failed' in channel) return channel;
    const connection = { channel, source: connections.length, queued: false, gone: false };
    connections.push(connection);
    for (const port of channel.ports) this.byPort.set(port, connection);
    channel.onEvent = this.onEvent;
    return { channel };
  }

  tryReceive(address: number, length: number): number {
    for (;;) {
      const connection = this.ready[0];
      if (connection === undefined) return WOULD_BLOCK;
      const outcome = connection.channel.tryReceive(address, length);
      if (outcome !== WOULD_BLOCK && outcome !== PEER_GONE) {
        if (outcome >= 0) this.lastSource = connection.source;
        return outcome;
      }
      // Empty, and it has asked to be told: its next event puts it back in line.
      this.ready.shift();
      connection.queued = false;
      if (outcome === PEER_GONE && !connection.gone) {
        connection.gone = true;
        this.goneCount++;
      }
      if (this.goneCount > 0 && this.goneCount === this.connections.length) return PEER_GONE;
    }
  }

  *waitUntilReadable(): Process<void> {
    const port = yield* this.device.wait('v2v: a message from any client');
    if (port >= 0) {
      this.onEvent(port);
      return;
    }
    for (const connection of this.connections) {
      if (!connection.channel.peer.changed) continue;
      yield* connection.channel.peer.read();
      this.enqueue(connection);
    }
  }

  *close(): Process<void> {
    for (const { channel } of this.connections) yield* channel.close();
  }

  /** One device serves all connections: a wait of one may take the event of another. */
  private readonly onEvent = (port: number): void => {
    const connection = this.byPort.get(port);
    if (connection !== undefined) this.enqueue(connection);
  };

  private enqueue(connection: Connection): void {
    if (connection.queued) return;
    connection.queued = true;
    this.ready.push(connection);
  }
}
