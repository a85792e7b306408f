import type { Process } from '../../sim/process.js';
import {
  AGAIN,
  type ConnectOutcome,
  type Endpoint,
  type Listener,
  PEER_GONE,
  WOULD_BLOCK,
} from '../contract.js';
import type { Guest } from '../guest.js';
import { IdealChannel, type IdealEnd } from './channel.js';
import type { IdealLinks } from './links.js';
import type { Awaited } from './polling.js';

/** The serving side. Those who have sent stand in line, so that thousands who have not cost nothing. */
export class IdealListener implements Listener {
  lastSource = -1;
  private readonly channels: IdealChannel[] = [];
  /** Sources of bytes that nobody has taken yet: each at most once. */
  private readonly line: number[] = [];
  private readonly isInLine: boolean[] = [];
  private endedCount = 0;
  private wantedBytes = 1;
  private readonly data: Awaited;

  constructor(
    private readonly guest: Guest,
    private readonly endpoint: Endpoint,
    private readonly links: IdealLinks,
    private readonly chargeEmptyLook: IdealEnd['chargeEmptyLook'],
  ) {
    this.data = {
      reason: 'data in any queue',
      isThere: (timePs) => this.findArrived(this.wantedBytes, timePs) >= 0 || this.allHaveEnded(),
      certainPs: () => {
        let earliest = Number.POSITIVE_INFINITY;
        for (const source of this.line) {
          earliest = Math.min(
            earliest,
            this.channelOf(source).incoming.arrivalOf(this.wantedBytes),
          );
        }
        return earliest;
      },
      mayComeEarlier: true,
    };
  }

  *accept(): Process<ConnectOutcome> {
    const { guest, endpoint, links, channels } = this;
    const source = channels.length;
    const client = endpoint.clientDomids[source];
    if (client === undefined) return { failed: 'every client has connected' };
    const { waiting } = links.place(endpoint);
    yield* links.polling.wait(guest, {
      reason: 'a client',
      isThere: () => waiting.has(client),
      certainPs: () => Number.POSITIVE_INFINITY,
      mayComeEarlier: true,
    });
    const connection = waiting.get(client);
    if (connection === undefined) return { failed: 'the client has gone' };
    waiting.delete(client);
    const channel = new IdealChannel({
      guest,
      links,
      outgoing: connection.fromServer,
      incoming: connection.fromClient,
      chargeEmptyLook: this.chargeEmptyLook,
    });
    channels.push(channel);
    connection.fromClient.onNews = () => this.onNews(source);
    connection.accepted = true;
    links.polling.changed(guest.vcpu.pcpu.clock);
    return { channel };
  }

  tryReceive(address: number, length: number): number {
    const { guest, line } = this;
    if (guest.isAhead()) return AGAIN;
    const place = this.findArrived(length, guest.vcpu.pcpu.clock);
    if (place >= 0) {
      const source = line[place] as number;
      const channel = this.channelOf(source);
      line.splice(place, 1);
      channel.take(address, length);
      if (channel.incoming.queuedBytes > 0) line.push(source);
      else this.isInLine[source] = false;
      this.lastSource = source;
      return length;
    }
    this.wantedBytes = length;
    if (this.allHaveEnded()) return PEER_GONE;
    this.chargeEmptyLook(guest);
    return guest.isAhead() ? AGAIN : WOULD_BLOCK;
  }

  waitUntilReadable(): Process<void> {
    return this.links.polling.wait(this.guest, this.data);
  }

  *close(): Process<void> {
    for (const channel of this.channels) yield* channel.close();
    this.links.leave(this.endpoint);
  }

  /** A client has sent, or will send no more. */
  private onNews(source: number): void {
    const { incoming } = this.channelOf(source);
    if (incoming.queuedBytes > 0 && this.isInLine[source] !== true) {
      this.isInLine[source] = true;
      this.line.push(source);
    }
    if (incoming.senderGone) this.endedCount++;
  }

  /** Where in the line the first stands of whom so many bytes have arrived; -1 where there is none. */
  private findArrived(bytes: number, timePs: number): number {
    return this.line.findIndex(
      (source) => this.channelOf(source).incoming.arrivedBy(timePs) >= bytes,
    );
  }

  private allHaveEnded(): boolean {
    const { channels, line } = this;
    return channels.length > 0 && this.endedCount >= channels.length && line.length === 0;
  }

  private channelOf(source: number): IdealChannel {
    return this.channels[source] as IdealChannel;
  }
}
