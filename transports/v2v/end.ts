import type { Process } from '../../src/sim/process.js';
import type { Channel, HostileAct } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import { hostileV2vActs } from './hostile.js';
import type { MessageRings } from './message-ring.js';
import type { PeerState } from './peer-state.js';

/** What could not be taken back at the end of a connection. */
export interface Leak {
  readonly reason: string;
  /** Pages that the peer may still reach. */
  readonly pages: number;
  /** Whether another `close` may do better. */
  readonly mayRetry: boolean;
}

/** What one side holds of a connection. */
export interface V2vSide {
  readonly guest: Guest;
  readonly peerDomid: number;
  readonly rings: MessageRings;
  /** Bytes of buffer for each direction, as the contract counts them. */
  readonly bufferBytes: number;
  readonly largestMessage: number;
  readonly fastReceive: boolean;
  /** How long `close` waits for the peer. */
  readonly closeTimeoutPs: number;
  readonly device: EventDevice;
  /** Event channel of the ring that this side sends through, and of the one from which it receives. */
  readonly sendPort: number;
  readonly receivePort: number;
  readonly peer: PeerState;
  /** Pages of the rings and the control page that this side has granted. */
  readonly ringPagesExposed: number;
  /** Ends the connection by the rules of this side's role. */
  disconnect(): Process<Leak | undefined>;
}

/** One end of a V2V connection: what is the same whichever way the payload takes. */
export abstract class V2vEnd implements Channel {
  /** Set where `close` could not take everything back. */
  leak: Leak | undefined;
  /** The peer has written what cannot be, or this end is closed: nothing moves any more. */
  protected broken = false;
  private closed = false;

  constructor(protected readonly side: V2vSide) {}

  abstract trySend(address: number, length: number): number;
  abstract tryReceive(address: number, length: number): number;
  abstract write(address: number, length: number): number;
  abstract read(address: number, length: number): number;
  /** Pages granted for payload now. */
  protected abstract payloadPagesExposed(): number;
  /** Waits, for a bounded time, until the peer has read what lies in pages of this side. */
  protected abstract linger(): Process<void>;
  /** Lets go of the peer's pages that a transfer in progress has mapped. */
  protected abstract unmapTransfers(): void;
  /** Takes this side's payload pages back. Returns how many the peer still maps. */
  protected abstract takePagesBack(): number;

  get ringSizeBytes(): number {
    return this.side.bufferBytes;
  }

  /** Ports whose events belong to this connection. */
  /** Hears of each event that this end's waits take, whichever connection it is for. */
  onEvent: ((port: number) => void) | undefined;

  get ports(): readonly number[] {
    return [this.side.sendPort, this.side.receivePort];
  }

  get peer(): PeerState {
    return this.side.peer;
  }

  waitUntilWritable(): Process<void> {
    return this.waitForEvent('v2v: room in the ring');
  }

  waitUntilReadable(): Process<void> {
    return this.waitForEvent('v2v: a message');
  }

  waitUntilReady(): Process<void> {
    return this.waitForEvent('v2v: a message, or room in the ring');
  }

  pagesExposedToPeer(): number {
    if (this.closed) return this.leak?.pages ?? 0;
    return this.side.ringPagesExposed + this.payloadPagesExposed();
  }

  hostileActs(): readonly HostileAct[] {
    return hostileV2vActs(this.side);
  }

  /** Ends the connection. Where the peer does not let go, says so in `leak`; closing again may then do better. */
  *close(): Process<void> {
    if (this.closed) return;
    if (!this.broken) yield* this.linger();
    this.broken = true;
    this.unmapTransfers();
    this.leak = yield* this.side.disconnect();
    if (this.leak?.mayRetry === true) return;
    this.closed = true;
    const stuck = this.takePagesBack();
    if (stuck === 0) return;
    const { reason, pages } = this.leak ?? {
      reason: `dom${this.side.peerDomid} still maps payload`,
      pages: 0,
    };
    this.leak = { reason, pages: pages + stuck, mayRetry: false };
  }

  protected get peerIsGone(): boolean {
    return this.broken || this.side.peer.gone;
  }

  /** WaitForMultipleObjects of the published code: either event channel, or a change of the peer's state. */
  private *waitForEvent(reason: string): Process<void> {
    const { device, peer } = this.side;
    if (!peer.changed) {
      const port = yield* device.wait(reason);
      if (port >= 0) this.onEvent?.(port);
    }
    if (peer.changed) yield* peer.read();
  }
}
