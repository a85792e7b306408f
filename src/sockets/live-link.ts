import { BLOCKED, type Process } from '../sim/process.js';
import { AGAIN, type Channel, PEER_GONE, WOULD_BLOCK } from '../transport/contract.js';
import { Task } from '../xen/task.js';
import type { Vcpu } from '../xen/vcpu.js';
import { type Farewell, GONE, type Link, NOT_NOW, type Wanted } from './link.js';

/** What a link needs of the domain in which it ends. */
export interface LinkHome {
  readonly vcpu: Vcpu;
  /** Memory of the program through which all its bytes go. */
  readonly staging: { readonly address: number; readonly bytes: Buffer };
  /** The other domain is in the middle of a step: gives it time. @param turn how often it was called for that step */
  relax(turn: number): void;
  /** This task can go on. */
  ready(task: LinkTask): void;
  /** This end of a connection lets go. */
  released(connection: number, how: Farewell): void;
}

const LEAST_READ = 4096;

/** Who waits for a channel. It is woken in the live world only: the private one does not know it. */
export class LinkTask extends Task {
  isAbandoned = false;

  constructor(
    private readonly home: LinkHome,
    name: string,
    process: Process<unknown>,
  ) {
    super(home.vcpu, name, process);
    this.state = 'blocked';
  }

  override wake(): void {
    if (this.state !== 'blocked' || this.isAbandoned) return;
    this.state = 'ready';
    this.home.ready(this);
  }
}

/** One end of a connection over a transport, in the live world. */
export class LiveLink implements Link {
  readonly mostBytes: number;
  /** Half a ring: the other end fills one half while this one moves the other on. */
  private readonly mostRead: number;
  whenReady: () => void = () => {};
  peerFarewell: Farewell | undefined;
  /** What is waited for next, and what the task waits for now. */
  private wanted: Wanted | undefined;
  private waiting: Wanted | undefined;
  private readonly task: LinkTask;

  constructor(
    private readonly home: LinkHome,
    private readonly channel: Channel,
    readonly number: number,
  ) {
    this.mostBytes = home.staging.bytes.length;
    this.mostRead = Math.min(this.mostBytes, Math.max(LEAST_READ, channel.ringSizeBytes >> 1));
    this.task = new LinkTask(home, `connection ${number}`, this.wait());
  }

  write(parts: readonly Uint8Array[]): number {
    if (this.peerFarewell !== undefined) return GONE;
    const { address, bytes } = this.home.staging;
    let length = 0;
    for (const part of parts) {
      const step = Math.min(part.length, bytes.length - length);
      bytes.set(step === part.length ? part : part.subarray(0, step), length);
      length += step;
      if (length === bytes.length) break;
    }
    let taken = this.channel.write(address, length);
    for (let turn = 0; taken === AGAIN; turn++) {
      this.home.relax(turn);
      taken = this.channel.write(address, length);
    }
    if (taken >= 0) return taken;
    return taken === WOULD_BLOCK ? NOT_NOW : this.unexpected(taken);
  }

  read(): Buffer | typeof NOT_NOW | typeof GONE {
    const { address, bytes } = this.home.staging;
    const { mostRead } = this;
    let length = this.channel.read(address, mostRead);
    for (let turn = 0; length === AGAIN; turn++) {
      this.home.relax(turn);
      length = this.channel.read(address, mostRead);
    }
    if (length > 0) return bytes.subarray(0, length);
    if (length !== WOULD_BLOCK && length !== 0) return this.unexpected(length);
    return this.peerFarewell === undefined ? NOT_NOW : GONE;
  }

  /** Connections are closed by agreement, after both ends have let go: a transport that says more is broken. */
  private unexpected(outcome: number): typeof GONE {
    if (outcome === PEER_GONE) return GONE;
    throw new Error(`the channel says ${outcome}`);
  }

  arm(wanted: Wanted): void {
    this.wanted = wanted;
    const { waiting } = this;
    const isEnough =
      waiting !== undefined && (waiting.read || !wanted.read) && (waiting.write || !wanted.write);
    if (!isEnough) this.task.wake();
  }

  /** The other end has let go: what it has written can still be read. */
  peerReleased(how: Farewell): void {
    this.peerFarewell = how;
    this.wanted = undefined;
    this.task.isAbandoned = true;
    this.whenReady();
  }

  release(how: Farewell): void {
    this.task.isAbandoned = true;
    this.whenReady = () => {};
    this.home.released(this.number, how);
  }

  /** Waits for what is wanted, whenever something is, and says when to look again. */
  private *wait(): Process {
    for (;;) {
      const { wanted, channel } = this;
      if (wanted === undefined) {
        this.task.block('its program');
        yield BLOCKED;
        continue;
      }
      this.wanted = undefined;
      this.waiting = wanted;
      if (!wanted.write) yield* channel.waitUntilReadable();
      else if (!wanted.read) yield* channel.waitUntilWritable();
      else yield* channel.waitUntilReady();
      this.waiting = undefined;
      this.whenReady();
    }
  }
}
