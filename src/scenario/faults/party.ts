import { ORDER, type Process } from '../../sim/process.js';
import {
  AGAIN,
  type Channel,
  type ConnectFailure,
  type Endpoint,
  type Listener,
  PEER_GONE,
  WOULD_BLOCK,
} from '../../transport/contract.js';
import type { Guest } from '../../transport/guest.js';
import { allocateBuffer } from '../payload.js';
import type { World } from '../world.js';
import type { Stage } from './stage.js';

const WORD_BYTES = 4;
/** Least length of a numbered message. */
const SMALLEST_MESSAGE = 4 * WORD_BYTES;

/** Outcomes of a program's step that are no outcome of the channel. */
const BROKEN_MESSAGE = -100;

/**
 * One end of one connection and the program that holds it. It numbers what it sends, checks what it receives, and writes
 * both into the history. Its loops end when the peer is gone, when `stopped` is set, or with the stage.
 */
export class Party {
  channel: Channel | undefined;
  listener: Listener | undefined;
  /** Moment at which it was connected, at which a call told it that the peer is gone, at which `close` returned. */
  connectedPs: number | undefined;
  toldPs: number | undefined;
  closedPs: number | undefined;
  failure: ConnectFailure | undefined;
  sent = 0;
  received = 0;
  stopped = false;
  private readonly out: number;
  private readonly into: number;
  private readonly length: number;
  private readonly words: Uint32Array;
  private readonly bytes: Buffer;

  /** @param connection name of the connection, the same at both ends: "1" */
  constructor(
    private readonly stage: Stage,
    readonly guest: Guest,
    readonly role: 'server' | 'client',
    readonly connection: string,
  ) {
    this.length = Math.max(SMALLEST_MESSAGE, this.world.parameters.messageSizeBytes);
    this.words = new Uint32Array(Math.ceil(this.length / WORD_BYTES));
    this.bytes = Buffer.from(this.words.buffer, 0, this.length);
    this.out = allocateBuffer(guest, this.length);
    this.into = allocateBuffer(guest, this.length);
  }

  private get world(): World {
    return this.stage.world;
  }

  get name(): string {
    return `${this.role} ${this.connection}`;
  }

  /** The direction in which this end sends, and the one from which it receives. */
  get outgoing(): string {
    return `${this.connection} ${this.role === 'server' ? 'server>client' : 'client>server'}`;
  }
  get incoming(): string {
    return `${this.connection} ${this.role === 'server' ? 'client>server' : 'server>client'}`;
  }

  get isRunning(): boolean {
    return !this.stopped && !this.stage.isOver && this.toldPs === undefined;
  }

  /** Connects, or listens and takes the first connection. Returns whether it is connected. */
  *open(endpoint: Endpoint): Process<boolean> {
    const { driver } = this.world;
    if (this.role === 'client') {
      return this.opened(yield* driver.connect(this.guest, endpoint));
    }
    const listening = yield* driver.listen(this.guest, endpoint);
    if (!('listener' in listening)) return this.opened(listening);
    this.listener = listening.listener;
    return this.opened(yield* listening.listener.accept());
  }

  private opened(outcome: { readonly channel: Channel } | ConnectFailure): boolean {
    if ('channel' in outcome) {
      this.channel = outcome.channel;
      this.connectedPs = this.now;
      this.note('connected');
      return true;
    }
    this.failure = outcome;
    this.note('refused');
    return false;
  }

  /** Sends one message, waiting for room where there is none. Returns its length, or why not. */
  *send(): Process<number> {
    const channel = this.channel as Channel;
    this.write(this.sent);
    for (;;) {
      const outcome = channel.trySend(this.out, this.length);
      if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) yield* channel.waitUntilWritable();
      else return this.hasSent(outcome);
    }
  }

  /** Tries to send one message, once. */
  *trySend(): Process<number> {
    const channel = this.channel as Channel;
    this.write(this.sent);
    for (;;) {
      const outcome = channel.trySend(this.out, this.length);
      if (outcome !== AGAIN) return this.hasSent(outcome);
      yield ORDER;
    }
  }

  private hasSent(outcome: number): number {
    if (outcome === this.length) this.note('sent', this.outgoing, this.sent++);
    else if (outcome === PEER_GONE) this.isTold();
    return outcome;
  }

  /** Receives one message, waiting until it comes. Returns its length, BROKEN_MESSAGE, or why there is none. */
  *receive(): Process<number> {
    const channel = this.channel as Channel;
    for (;;) {
      const outcome = channel.tryReceive(this.into, this.length);
      if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
      else return this.hasReceived(outcome);
    }
  }

  private hasReceived(outcome: number): number {
    if (outcome === PEER_GONE) this.isTold();
    if (outcome < 0) return outcome;
    this.received++;
    const index = outcome === this.length ? this.read() : -1;
    if (index < 0) {
      this.note('corrupt', this.incoming);
      return BROKEN_MESSAGE;
    }
    this.note('received', this.incoming, index);
    return outcome;
  }

  /** Sends a message every so often. */
  *sendEvery(periodPs: number): Process {
    while (this.isRunning) {
      if ((yield* this.send()) < 0) return;
      yield* this.sleep(periodPs);
    }
  }

  /** Receives whatever comes. */
  *receiveAll(): Process {
    while (this.isRunning) {
      const outcome = yield* this.receive();
      if (outcome < 0 && outcome !== BROKEN_MESSAGE) return;
    }
  }

  /** Answers each message with one. */
  *answerAll(): Process {
    while (this.isRunning) {
      const outcome = yield* this.receive();
      if (outcome < 0 && outcome !== BROKEN_MESSAGE) return;
      if ((yield* this.send()) < 0) return;
    }
  }

  /** Asks every so often, and waits for the answer. */
  *askEvery(periodPs: number): Process {
    while (this.isRunning) {
      const fromPs = this.now;
      if ((yield* this.send()) < 0 || (yield* this.receive()) < 0) return;
      this.world.latency(this.now - fromPs);
      yield* this.sleep(periodPs);
    }
  }

  /**
   * Asks every so often, whether or not it was answered, and takes the answers as they come. Whoever only waits for an
   * answer learns from no call that nobody is there.
   */
  *callEvery(periodPs: number): Process {
    this.world.spawn(this.guest, `${this.name} hears`, this.receiveAll());
    yield* this.sendEvery(periodPs);
  }

  /** Sends until there is no room, and goes on when there is. */
  *flood(): Process {
    while (this.isRunning) if ((yield* this.send()) < 0) return;
  }

  *close(): Process {
    yield* this.channel?.close() ?? nothing();
    yield* this.listener?.close() ?? nothing();
    this.closedPs = this.now;
    this.note('closed');
  }

  *sleep(ps: number): Process {
    yield* this.guest.vcpu.kernel.sleepUntil(this.now + ps);
  }

  get now(): number {
    return this.guest.vcpu.pcpu.clock;
  }

  private isTold(): void {
    if (this.toldPs !== undefined) return;
    this.toldPs = this.now;
    this.note('told');
  }

  private note(what: Parameters<Stage['history']['add']>[2], flow = '', index = -1): void {
    this.stage.history.add(this.now, this.name, what, flow, index);
  }

  /** A message: its number, the same inverted, and words that follow from both. */
  private write(index: number): void {
    this.guest.memory.poke(this.out, this.message(index));
  }

  /** Number of the message that has arrived; -1 where its bytes are not what such a message has. */
  private read(): number {
    const { memory } = this.guest;
    const index = Buffer.from(memory.peek(this.into, WORD_BYTES)).readUInt32LE();
    return memory.equals(this.into, this.message(index), 0, this.length) ? index : -1;
  }

  /** The bytes of a message. The buffer is used again. */
  private message(index: number): Buffer {
    fill(this.words, index);
    return this.bytes;
  }
}

function fill(words: Uint32Array, index: number): void {
  words[0] = index;
  words[1] = ~index;
  for (let i = 2; i < words.length; i++) words[i] = Math.imul(index + i, 0x9e3779b1);
}

function* nothing(): Process {}
