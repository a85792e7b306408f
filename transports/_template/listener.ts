import type { Process } from '../../src/sim/process.js';
import type { ConnectOutcome, Endpoint, Listener } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { Turns } from '../../src/transport/turns.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import type { TemplateChannel } from './channel.js';
import { offerConnection } from './connect.js';

/** The serving side: one mailbox for each client, one event device for all. */
export class TemplateListener implements Listener {
  private readonly device: EventDevice;
  private readonly turns: Turns;
  private readonly channels: TemplateChannel[] = [];

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
    const { guest, endpoint, device, turns, channels } = this;
    const client = endpoint.clientDomids[channels.length];
    if (client === undefined) return { failed: 'every client has connected' };
    const offered = yield* offerConnection(guest, endpoint, client, device, turns.onEvent);
    if ('failed' in offered) return offered;
    const { channel, port, isLive } = offered;
    channels.push(channel);
    turns.add(channel, [port]);
    while (!isLive()) turns.onEvent(yield* device.wait('template: a client'));
    return { channel };
  }

  tryReceive(address: number, length: number): number {
    return this.turns.tryReceive(address, length);
  }

  *waitUntilReadable(): Process<void> {
    this.turns.onEvent(yield* this.device.wait('template: a message from any client'));
  }

  *close(): Process<void> {
    for (const channel of this.channels) yield* channel.close();
  }
}
