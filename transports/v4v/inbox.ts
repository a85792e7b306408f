import { BLOCKED, ORDER, type Process } from '../../src/sim/process.js';
import { AGAIN, PEER_GONE, WOULD_BLOCK } from '../../src/transport/contract.js';
import { PAGE_SIZE } from '../../src/xen/memory.js';
import type { Task } from '../../src/xen/task.js';
import type { BlockingCall } from './blocking-call.js';
import type { V4vDriver } from './kernel-driver.js';
import { connectionOf, DATA, FIN, kindOf, RST } from './protocol.js';
import type { ReceiveRing } from './receive-ring.js';

/** Messages of one connection that wait outside a ring which others use too. Then the ring waits for their reader. */
const MOST_SET_ASIDE = 64;

/** A message that was taken out of the ring to get at the one behind it: in kernel memory. */
interface SetAside {
  readonly address: number;
  readonly pages: number;
  readonly length: number;
  /** Bytes of it that a stream has read. */
  taken: number;
}

/** A connection as its receiver sees it. */
export interface Connection {
  /** Its number in the messages of the peer. */
  readonly number: number;
  readonly domid: number;
  readonly port: number;
  /** Index of the peer among the clients of a listener. */
  readonly source: number;
  /** The peer has closed or refused: nothing follows. */
  isFinished: boolean;
  readonly setAside: SetAside[];
}

/** Somebody who reads: one connection, or all. */
export interface Reader {
  readonly call: BlockingCall;
  /** Undefined: takes from any connection. */
  readonly connection: Connection | undefined;
  /** Length of a message that is copied and not yet let go; -1 for none. */
  copied: number;
}

/**
 * The messages of all connections that share a receive ring, each handed to its reader in order.
 *
 * Messages lie in the ring in the order in which they came. Where the one at the head is for somebody else, it is copied
 * out into kernel memory to get at the next, up to a limit: behind that, a reader waits for the other (README.md).
 */
export class Inbox {
  /** Connections by number. Closed ones leave a gap. */
  readonly connections: (Connection | undefined)[] = [];
  /** Whose the last message was. */
  last: Connection | undefined;
  /** Connections that will come in all. */
  expected = 1;
  /** Of those that have come, how many have neither finished nor been closed. */
  private open = 0;
  /** Messages set aside, of all connections. */
  private setAsideCount = 0;
  /** Bytes of the head that a stream has already read. */
  private headTaken = 0;
  /** The head belongs to a connection that has too much set aside. */
  private isStuck = false;

  constructor(
    private readonly driver: V4vDriver,
    readonly ring: ReceiveRing,
  ) {}

  add(domid: number, port: number, source: number): Connection {
    const connection: Connection = {
      number: this.connections.length,
      domid,
      port,
      source,
      isFinished: false,
      setAside: [],
    };
    this.connections.push(connection);
    this.open++;
    return connection;
  }

  /** Whether every connection has come, and has finished or is closed. */
  get isFinished(): boolean {
    return this.open === 0 && this.connections.length >= this.expected;
  }

  private finish(connection: Connection): void {
    if (connection.isFinished) return;
    connection.isFinished = true;
    this.open--;
  }

  remove(connection: Connection): void {
    this.finish(connection);
    this.connections[connection.number] = undefined;
    this.setAsideCount -= connection.setAside.length;
    for (const message of connection.setAside) {
      this.driver.giveBuffer(message.address, message.pages);
    }
    connection.setAside.length = 0;
    this.unstick();
  }

  /**
   * Takes a message, or with `whole` false so much of one as fits. A whole message that is longer than asked for loses
   * its end, as a datagram does.
   *
   * @returns bytes, AGAIN, WOULD_BLOCK or PEER_GONE
   */
  receive(reader: Reader, address: number, length: number, whole: boolean): number {
    const { ring } = this;
    reader.call.enter();
    for (;;) {
      if (ring.finishRelease() === AGAIN) return AGAIN;
      if (reader.copied >= 0) return this.done(reader);
      const kept = this.firstSetAside(reader);
      if (kept !== undefined) {
        reader.copied = this.takeSetAside(kept, address, length, whole);
        continue;
      }
      // A message that is there stays there: only an empty ring can look otherwise to who lets others go first.
      if (ring.isEmptyNow && this.driver.guest.isAhead()) return AGAIN;
      if (!ring.look()) return this.nothing(reader);
      const owner = this.ownerOfHead();
      const isMine = reader.connection === undefined || reader.connection === owner;
      if (owner !== undefined && isMine && kindOf(ring.headType) === DATA) {
        reader.copied = this.takeHead(owner, address, length, whole);
      } else if (!this.dispatch(owner)) {
        this.isStuck = true;
        return this.nothing(reader);
      }
    }
  }

  private done(reader: Reader): number {
    const { copied } = reader;
    reader.copied = -1;
    reader.call.leave();
    return copied;
  }

  private nothing(reader: Reader): number {
    if (reader.connection?.isFinished ?? this.isFinished) {
      reader.call.leave();
      return PEER_GONE;
    }
    reader.call.refuse();
    return WOULD_BLOCK;
  }

  private takeHead(owner: Connection, address: number, length: number, whole: boolean): number {
    const { ring } = this;
    const taken = Math.min(length, ring.headLength - this.headTaken);
    ring.copyOut(address, this.headTaken, taken);
    this.last = owner;
    this.headTaken += taken;
    if (whole || this.headTaken === ring.headLength) this.releaseHead();
    return taken;
  }

  private releaseHead(): void {
    this.headTaken = 0;
    this.ring.release();
  }

  private firstSetAside(reader: Reader): Connection | undefined {
    const { connection } = reader;
    if (connection !== undefined) return connection.setAside.length > 0 ? connection : undefined;
    return this.setAsideCount === 0
      ? undefined
      : this.connections.find((other) => other !== undefined && other.setAside.length > 0);
  }

  private takeSetAside(owner: Connection, address: number, length: number, whole: boolean): number {
    const message = owner.setAside[0] as SetAside;
    const taken = Math.min(length, message.length - message.taken);
    if (taken > 0) this.driver.guest.memory.copy(address, message.address + message.taken, taken);
    message.taken += taken;
    this.last = owner;
    if (whole || message.taken === message.length) {
      owner.setAside.shift();
      this.setAsideCount--;
      this.driver.giveBuffer(message.address, message.pages);
      this.unstick();
    }
    return taken;
  }

  /** The head is not for who reads now. Returns false where it must stay: its connection has too much already. */
  private dispatch(owner: Connection | undefined): boolean {
    const { ring } = this;
    if (owner !== undefined) {
      switch (kindOf(ring.headType)) {
        case DATA:
          if (owner.setAside.length >= MOST_SET_ASIDE) return false;
          this.setHeadAside(owner);
          break;
        case FIN:
        case RST:
          this.finish(owner);
          break;
        default:
          break;
      }
      ring.wakeReaders();
    }
    this.releaseHead();
    return true;
  }

  private setHeadAside(owner: Connection): void {
    const { ring, driver } = this;
    const length = ring.headLength - this.headTaken;
    const pages = Math.max(1, Math.ceil(length / PAGE_SIZE));
    const address = driver.takeBuffer(pages);
    ring.copyOut(address, this.headTaken, length);
    owner.setAside.push({ address, pages, length, taken: 0 });
    this.setAsideCount++;
  }

  /** The connection of the message at the head: who sends is what Xen says, and the number must be one of its own. */
  private ownerOfHead(): Connection | undefined {
    const { ring } = this;
    const connection = this.connections[connectionOf(ring.headType)];
    return connection !== undefined &&
      connection.domid === ring.headDomid &&
      connection.port === ring.headPort
      ? connection
      : undefined;
  }

  /** Whether the peer has closed or refused, as far as the head of the ring tells. For senders, who do not read. */
  peerHasClosed(connection: Connection): boolean {
    if (connection.isFinished) return true;
    const kind = this.ring.seenKind();
    if (kind !== FIN && kind !== RST) return false;
    return this.ring.look() && this.ownerOfHead() === connection;
  }

  /** Whether a read would not block. */
  isReady(reader: Reader): boolean {
    if (this.firstSetAside(reader) !== undefined) return true;
    if (reader.connection?.isFinished ?? this.isFinished) return true;
    return !this.isStuck && this.ring.look();
  }

  private unstick(): void {
    if (!this.isStuck) return;
    this.isStuck = false;
    this.ring.wakeReaders();
  }

  /** Waits until a read may find something. */
  *wait(reader: Reader, reason: string): Process<void> {
    const { driver, ring } = this;
    const { guest } = driver;
    reader.call.wait();
    if (driver.owesNotify) yield* driver.settleNotifies();
    while (guest.isAhead()) yield ORDER;
    if (this.isReady(reader)) return;
    const task = guest.vcpu.currentTask as Task;
    ring.startWaiting(task);
    task.block(reason);
    yield BLOCKED;
    ring.stopWaiting(task);
  }
}
