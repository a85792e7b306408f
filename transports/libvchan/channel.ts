import type { Process } from '../../src/sim/process.js';
import { TRACE, type Trace } from '../../src/sim/trace.js';
import {
  AGAIN,
  type Channel,
  type HostileAct,
  PEER_GONE,
  TOO_LARGE,
  WOULD_BLOCK,
} from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import { GUEST_USER } from '../../src/xen/causes.js';
import type { EventDevice } from '../../src/xen/event-device.js';
import type { Pcpu } from '../../src/xen/pcpu.js';
import type { SharedFields } from '../../src/xen/shared-fields.js';
import { CLOSED, NO_ROOM, type RingReader, type RingWriter } from '../../src/xen/shared-ring.js';
import { hostileVchanActs } from './hostile.js';
import {
  CLI_LIVE,
  CLI_NOTIFY,
  LEFT_CONS,
  LEFT_PROD,
  NOTIFY_READ,
  NOTIFY_WRITE,
  RIGHT_CONS,
  RIGHT_PROD,
  SRV_LIVE,
  SRV_NOTIFY,
} from './layout.js';

/** Of the data path: V8 compiles a module's own constants in, and looks those that it imports up at each use. */
const { publish: PUBLISH, consume: CONSUME } = TRACE;
const USER = GUEST_USER;

/** What one side holds of a connected vchan. */
export interface VchanSide {
  readonly guest: Guest;
  readonly isServer: boolean;
  /** The control page's first cache line: every index and flag lies in it. */
  readonly control: SharedFields;
  readonly readRing: { readonly address: number; readonly bytes: number };
  readonly writeRing: { readonly address: number; readonly bytes: number };
  readonly device: EventDevice;
  readonly port: number;
  /** Is told of each event that a wait of this end takes from the device: others may share it. */
  onEvent?(port: number): void;
  readonly pagesExposed: number;
  /** Releases what the side holds: unmaps or unshares, closes the port. */
  release(): Process<void>;
}

/**
 * One end of a vchan, step for step as tools/libs/vchan/io.c (Xen 4.17.5) does it.
 *
 * A step that moves an index is a point at which the other side may look: the functions stop before it with AGAIN while
 * another vCPU comes first. `unpublished` and `unconsumed` are the bytes copied but not yet announced meanwhile.
 */
export class VchanChannel implements Channel {
  private unpublished = 0;
  private unconsumed = 0;
  private closed = false;
  private readonly domid: number;
  private readonly trace: Trace;
  private readonly pcpu: Pcpu;
  /** What a call of the library costs. */
  private readonly callPs: number;
  private readonly control: SharedFields;
  private readonly reader: RingReader;
  private readonly writer: RingWriter;
  /** The indexes that I move. */
  private readonly readCons: number;
  private readonly writeProd: number;
  /** The byte in which I ask to be told, and the one in which the peer asks. */
  private readonly myNotify: number;
  private readonly peerNotify: number;
  private readonly peerLive: number;
  private readonly myLive: number;

  constructor(private readonly side: VchanSide) {
    const { isServer, control: fields, readRing, writeRing } = side;
    this.domid = side.guest.domid;
    this.trace = side.guest.machine.trace;
    this.pcpu = side.guest.vcpu.pcpu;
    this.callPs = side.guest.machine.prices.libraryCall;
    this.control = fields;
    const left = { cons: LEFT_CONS, prod: LEFT_PROD };
    const right = { cons: RIGHT_CONS, prod: RIGHT_PROD };
    const [reads, writes] = isServer ? [left, right] : [right, left];
    this.peerLive = isServer ? CLI_LIVE : SRV_LIVE;
    const { memory } = side.guest;
    const open = this.peerLive;
    this.reader = memory.ringReader({ fields, ...reads, ...readRing });
    this.writer = memory.ringWriter({ fields, open, ...writes, ...writeRing });
    this.readCons = reads.cons;
    this.writeProd = writes.prod;
    // The names are those of the header: a server asks through cli_notify, for the client looks there.
    this.myNotify = isServer ? CLI_NOTIFY : SRV_NOTIFY;
    this.peerNotify = isServer ? SRV_NOTIFY : CLI_NOTIFY;
    this.myLive = isServer ? SRV_LIVE : CLI_LIVE;
  }

  get ringSizeBytes(): number {
    return this.writer.place.bytes;
  }

  trySend(address: number, length: number): number {
    if (this.unpublished === 0) {
      if (this.pcpu.isAhead()) return AGAIN;
      this.callLibrary();
      if (length > this.writer.place.bytes) return TOO_LARGE;
      const outcome = this.writer.put(address, length);
      if (outcome === CLOSED) return PEER_GONE;
      if (outcome !== NO_ROOM) this.unpublished = length;
      else if (!this.putSome(address, length, length)) return WOULD_BLOCK;
    }
    return this.publish();
  }

  write(address: number, length: number): number {
    if (this.unpublished === 0) {
      if (this.pcpu.isAhead()) return AGAIN;
      this.callLibrary();
      const outcome = this.writer.put(address, length);
      if (outcome === CLOSED) return PEER_GONE;
      if (outcome !== NO_ROOM) this.unpublished = length;
      else if (!this.putSome(address, length, 1)) return WOULD_BLOCK;
    }
    return this.publish();
  }

  tryReceive(address: number, length: number): number {
    if (this.unconsumed === 0) {
      if (this.pcpu.isAhead()) return AGAIN;
      this.callLibrary();
      if (length > this.reader.place.bytes) return TOO_LARGE;
      if (this.reader.take(address, length)) this.unconsumed = length;
      else if (!this.takeSome(address, length, length)) return this.nothingThere();
    }
    return this.consume();
  }

  read(address: number, length: number): number {
    if (this.unconsumed === 0) {
      if (this.pcpu.isAhead()) return AGAIN;
      this.callLibrary();
      if (this.reader.take(address, length)) this.unconsumed = length;
      else if (!this.takeSome(address, length, 1)) return this.nothingThere();
    }
    return this.consume();
  }

  waitUntilWritable(): Process<void> {
    return this.waitForEvent('vchan: room in the ring');
  }

  waitUntilReadable(): Process<void> {
    return this.waitForEvent('vchan: data in the ring');
  }

  waitUntilReady(): Process<void> {
    return this.waitForEvent('vchan: data or room');
  }

  /** libxenvchan_wait: the next event of this channel, whatever it is for. */
  private *waitForEvent(reason: string): Process<void> {
    const port = yield* this.side.device.wait(reason);
    this.side.onEvent?.(port);
  }

  pagesExposedToPeer(): number {
    return this.closed ? 0 : this.side.pagesExposed;
  }

  hostileActs(): readonly HostileAct[] {
    return hostileVchanActs(this.side);
  }

  *close(): Process<void> {
    if (this.closed) return;
    this.closed = true;
    const { control, device, port } = this.side;
    control.write8(this.myLive, 0);
    device.notify(port);
    yield* this.side.release();
  }

  /**
   * fast_get_buffer_space and the copy, where there was not room for all: asks to be told of more, and looks again.
   *
   * @param least fewer bytes are not taken
   */
  private putSome(address: number, length: number, least: number): boolean {
    this.requestNotify(NOTIFY_READ);
    const room = this.writer.room();
    if (room < least) return false;
    const part = Math.min(length, room);
    this.writer.copyIn(address, part);
    this.unpublished = part;
    return true;
  }

  /** fast_get_data_ready, likewise. */
  private takeSome(address: number, length: number, least: number): boolean {
    this.requestNotify(NOTIFY_WRITE);
    const ready = this.reader.ready();
    if (ready < least) return false;
    const part = Math.min(length, ready);
    this.reader.copyOut(address, part);
    this.unconsumed = part;
    return true;
  }

  /** CLIENT_AWAITED counts as live, as in libxenvchan_is_open. */
  private nothingThere(): number {
    return this.control.read8(this.peerLive) === 0 ? PEER_GONE : WOULD_BLOCK;
  }

  private publish(): number {
    const { control } = this;
    if (this.pcpu.isAhead()) return AGAIN;
    const length = this.unpublished;
    this.unpublished = 0;
    const asked = control.announce32(this.writeProd, length, this.peerNotify, NOTIFY_WRITE);
    this.trace.add(PUBLISH, this.pcpu.clock, this.domid, length, 0);
    this.notifyIf(asked);
    return length;
  }

  private consume(): number {
    const { control } = this;
    if (this.pcpu.isAhead()) return AGAIN;
    const length = this.unconsumed;
    this.unconsumed = 0;
    const asked = control.announce32(this.readCons, length, this.peerNotify, NOTIFY_READ);
    this.trace.add(CONSUME, this.pcpu.clock, this.domid, length, 0);
    this.notifyIf(asked);
    return length;
  }

  private requestNotify(bit: number): void {
    this.control.exchangeBits8(this.myNotify, 0, bit);
  }

  /** send_notify: an event, but only for a peer that has asked for it. */
  private notifyIf(asked: boolean): void {
    if (asked) this.side.device.notify(this.side.port);
  }

  private callLibrary(): void {
    this.pcpu.charge(USER, this.callPs);
  }
}
