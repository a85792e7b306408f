import type { EventDevice } from '../xen/event-device.js';
import { AGAIN, type Channel, PEER_GONE, WOULD_BLOCK } from './contract.js';
import type { Guest } from './guest.js';

/** So many messages of one connection in a row, then the others have their turn. */
const MESSAGES_A_TURN = 16;

/** A connection of a server, and its place among those that may have something. */
interface Place {
  readonly channel: Pick<Channel, 'tryReceive'>;
  readonly source: number;
  isInLine: boolean;
  hasEnded: boolean;
}

/**
 * Whom a server of several connections serves next, as a fair event loop over one event device does: those whose event has
 * come stand in line, each is served until it is empty or has had its share, and behind each share the loop asks the
 * device who else has come. So one that never stops sending delays the others, and shuts nobody out.
 */
export class Turns {
  /** Source of the message that was received last; -1 before the first. */
  lastSource = -1;
  private readonly places: Place[] = [];
  private readonly byPort = new Map<number, Place>();
  private readonly line: Place[] = [];
  private inARow = 0;
  private ended = 0;

  constructor(
    private readonly guest: Guest,
    private readonly device: EventDevice,
  ) {}

  /** One more connection, the source of which is its number from 0. @param ports whose events tell that it has something */
  add(channel: Place['channel'], ports: readonly number[]): void {
    const place = { channel, source: this.places.length, isInLine: false, hasEnded: false };
    this.places.push(place);
    for (const port of ports) this.byPort.set(port, place);
  }

  /** A port has fired, whoever waited: its connection may have something. */
  readonly onEvent = (port: number): void => {
    const place = this.byPort.get(port);
    if (place !== undefined) this.enqueue(place);
  };

  /** Something else has told of a connection: it may have something, or have ended. */
  noteNews(source: number): void {
    const place = this.places[source];
    if (place !== undefined) this.enqueue(place);
  }

  /** Receives one whole message from whoever is next. As Listener.tryReceive. */
  tryReceive(address: number, length: number): number {
    if (this.inARow === MESSAGES_A_TURN) {
      if (this.guest.isAhead()) return AGAIN;
      this.nextTurn();
    }
    for (;;) {
      const place = this.line[0];
      if (place === undefined) return this.allHaveEnded() ? PEER_GONE : WOULD_BLOCK;
      const outcome = place.channel.tryReceive(address, length);
      if (outcome >= 0) {
        this.lastSource = place.source;
        this.inARow++;
        return outcome;
      }
      if (outcome !== WOULD_BLOCK && outcome !== PEER_GONE) return outcome;
      // Empty, and it has asked to be told: its next event puts it back in line.
      this.line.shift();
      this.inARow = 0;
      place.isInLine = false;
      if (outcome === PEER_GONE && !place.hasEnded) {
        place.hasEnded = true;
        this.ended++;
      }
    }
  }

  private nextTurn(): void {
    this.inARow = 0;
    const served = this.line.shift();
    if (this.places.length > 1) {
      for (let port = this.device.poll(); port >= 0; port = this.device.poll()) this.onEvent(port);
    }
    if (served !== undefined) this.line.push(served);
  }

  private enqueue(place: Place): void {
    if (place.isInLine) return;
    place.isInLine = true;
    this.line.push(place);
  }

  private allHaveEnded(): boolean {
    return this.ended > 0 && this.ended === this.places.length;
  }
}
