import type { Process } from '../../src/sim/process.js';
import type { ConnectOutcome, Endpoint, Listener } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { Turns } from '../../src/transport/turns.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import { Closing } from './closing.js';
import type { V2vEnd } from './end.js';
import { listenAndAccept } from './temple.js';

/** A server with one V2V connection for each client: two event channels, three granted regions and one watch each. */
export class V2vListener implements Listener {
  private readonly device: EventDevice;
  private readonly turns: Turns;
  private readonly ends: V2vEnd[] = [];
  private readonly closing = new Closing();

  constructor(
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
  ) {
    this.device = guest.openEventDevice();
    this.turns = new Turns(guest, this.device);
  }

  get lastSource(): number {
    return this.turns.lastSource;
  }

  *accept(): Process<ConnectOutcome> {
    const { guest, endpoint, ends, device, turns } = this;
    const connector = endpoint.clientDomids[ends.length];
    if (connector === undefined) return { failed: 'every client has connected' };
    const pair = { port: endpoint.port, listener: guest.domid, connector };
    const channel = yield* listenAndAccept(guest, endpoint, pair, device, this.closing);
    if ('failed' in channel) return channel;
    ends.push(channel);
    turns.add(channel, channel.ports);
    // One device serves all connections: a wait of one may take the event of another.
    channel.onEvent = turns.onEvent;
    return { channel };
  }

  tryReceive(address: number, length: number): number {
    return this.turns.tryReceive(address, length);
  }

  *waitUntilReadable(): Process<void> {
    const port = yield* this.device.wait('v2v: a message from any client');
    if (port >= 0) {
      this.turns.onEvent(port);
      return;
    }
    for (const [source, { peer }] of this.ends.entries()) {
      if (!peer.changed) continue;
      yield* peer.read();
      this.turns.noteNews(source);
    }
  }

  *close(): Process<void> {
    this.closing.ask();
    for (const channel of this.ends) yield* channel.close();
  }
}
