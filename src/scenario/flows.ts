import { ORDER, type Process } from '../sim/process.js';
import {
  AGAIN,
  type Channel,
  type Listener,
  outcomeName,
  WOULD_BLOCK,
} from '../transport/contract.js';
import type { Guest } from '../transport/guest.js';
import { GUEST_USER } from '../xen/causes.js';
import { Task } from '../xen/task.js';
import { Outbox, type Payload } from './payload.js';
import type { World } from './world.js';

/**
 * The inner loops of scenarios. Each is one flat generator (of `writeStream` the part that waits) that calls the channel's plain
 * functions and yields only when it must: a generator inside a generator would cost as much as the work.
 */

/** What a loop is told when it first finds nothing to do. */
export interface FlowHooks {
  /** The sender finds no room for the first time, or has sent all. */
  readonly onFull?: () => void;
}

/** Whether the work of an application on its payload takes time: asked once, before a loop. */
function worksOnPayload(guest: Guest): boolean {
  return guest.machine.prices.payload > 0 && guest.vcpu.pcpu.takesTime(GUEST_USER);
}

/** An application works on its payload: makes it, or checks it. */
export function touchPayload(guest: Guest, bytes: number): void {
  if (!worksOnPayload(guest)) return;
  guest.vcpu.pcpu.charge(GUEST_USER, Math.round(bytes * guest.machine.prices.payload));
}

/** Sends whole messages. Returns false when the channel failed. */
export function* sendMessages(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  buffer: number,
  messages: number,
  hooks: FlowHooks = {},
): Process<boolean> {
  const length = payload.messageBytes;
  const works = worksOnPayload(guest);
  for (let index = 0; index < messages; index++) {
    const address = buffer + payload.offsetOf(index);
    payload.number(guest, address, index);
    if (works) touchPayload(guest, length);
    for (;;) {
      const outcome = channel.trySend(address, length);
      if (outcome === length) break;
      if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) {
        hooks.onFull?.();
        yield* channel.waitUntilWritable();
      } else return failed(world, 'send', index, outcome);
    }
  }
  hooks.onFull?.();
  return true;
}

/** Receives whole messages and checks each. Returns false when the channel failed or a byte was wrong. */
export function* receiveMessages(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  buffer: number,
  messages: number,
): Process<boolean> {
  const length = payload.messageBytes;
  const works = worksOnPayload(guest);
  for (let index = 0; index < messages; index++) {
    const address = buffer + payload.offsetOf(index);
    for (;;) {
      const outcome = channel.tryReceive(address, length);
      if (outcome === length) break;
      if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
      else return failed(world, 'receive', index, outcome);
    }
    if (works) touchPayload(guest, length);
    if (!payload.arrived(guest, address, index * length, length)) return wrong(world, index);
    world.messagesDelivered++;
    world.bytesDelivered += length;
  }
  return true;
}

/** What `StreamWriter.goOn` returns when nothing is left to write. */
const ALL_WRITTEN = 1;
/** No message is begun. */
const NONE = -1;

/** What of `writeStream` never waits: plain loops, for one inside of a generator takes twice as long. */
class StreamWriter {
  /** The message that comes next, or is begun. */
  index = 0;
  /** So much of it was taken. */
  private position = NONE;
  private readonly outbox: Outbox;
  /** Messages of full length, and the length of one more behind them. */
  private readonly whole: number;
  private readonly rest: number;

  constructor(
    private readonly guest: Guest,
    private readonly channel: Channel,
    private readonly payload: Payload,
    buffer: number,
    totalBytes: number,
  ) {
    const { messageBytes } = payload;
    this.outbox = new Outbox(guest, payload, buffer);
    this.whole = Math.floor(totalBytes / messageBytes);
    this.rest = totalBytes - this.whole * messageBytes;
  }

  /** Writes until it must wait. Returns the channel's outcome that says so, or ALL_WRITTEN. */
  goOn(): number {
    for (;;) {
      let outcome: number;
      if (this.position !== NONE) outcome = this.finishMessage();
      else if (this.index < this.whole) outcome = this.writeMessages();
      else if (this.index === this.whole && this.rest > 0) outcome = this.beginRest();
      else return ALL_WRITTEN;
      if (outcome <= 0) return outcome;
    }
  }

  /** Writes messages while each is taken at once and wholly. */
  private writeMessages(): number {
    const { guest, channel, outbox, whole } = this;
    const { messageBytes } = this.payload;
    const works = worksOnPayload(guest);
    let { index } = this;
    let outcome = messageBytes;
    for (; index < whole; index++) {
      const address = outbox.numbered(index);
      if (works) touchPayload(guest, messageBytes);
      outcome = channel.write(address, messageBytes);
      if (outcome !== messageBytes) {
        this.position = outcome > 0 ? outcome : 0;
        break;
      }
    }
    this.index = index;
    return outcome;
  }

  /** Writes what is left of a message. */
  private finishMessage(): number {
    const { channel, outbox, index } = this;
    const length = index < this.whole ? this.payload.messageBytes : this.rest;
    while (this.position < length) {
      const outcome = channel.write(
        outbox.addressOf(index) + this.position,
        length - this.position,
      );
      if (outcome <= 0) return outcome;
      this.position += outcome;
    }
    this.position = NONE;
    this.index++;
    return length;
  }

  private beginRest(): number {
    this.outbox.numbered(this.index);
    if (worksOnPayload(this.guest)) touchPayload(this.guest, this.rest);
    this.position = 0;
    return this.rest;
  }
}

/** Writes a stream of bytes in writes of the payload's message length, each taken in parts if it must be. */
export function* writeStream(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  buffer: number,
  totalBytes: number,
  hooks: FlowHooks = {},
): Process<boolean> {
  const writer = new StreamWriter(guest, channel, payload, buffer, totalBytes);
  for (;;) {
    const outcome = writer.goOn();
    if (outcome === ALL_WRITTEN) break;
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) {
      hooks.onFull?.();
      yield* channel.waitUntilWritable();
    } else return failed(world, 'write', writer.index, outcome);
  }
  hooks.onFull?.();
  return true;
}

const NO_WARM_UP = { afterBytes: 0, reached: () => {} };

/** Reads a stream of bytes into a buffer that is walked from start to end and again, and checks it. */
export function* readStream(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  buffer: number,
  totalBytes: number,
  warmUp: { readonly afterBytes: number; readonly reached: () => void } = NO_WARM_UP,
): Process<boolean> {
  let warming = warmUp.afterBytes > 0;
  const span = Math.floor(payload.bufferBytes / payload.messageBytes) * payload.messageBytes;
  const works = worksOnPayload(guest);
  let received = 0;
  let position = 0;
  while (received < totalBytes) {
    const outcome = channel.read(
      buffer + position,
      Math.min(span - position, totalBytes - received),
    );
    if (outcome > 0) {
      if (works) touchPayload(guest, outcome);
      if (!payload.arrived(guest, buffer + position, received, outcome)) {
        return wrong(world, Math.floor(received / payload.messageBytes));
      }
      received += outcome;
      position += outcome;
      if (position === span) position = 0;
      world.bytesDelivered += outcome;
      if (warming && received >= warmUp.afterBytes) {
        warming = false;
        warmUp.reached();
      }
    } else if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
    else return failed(world, 'read', received, outcome);
  }
  return true;
}

/** Sends and receives whole messages in one task, so many each way. */
export function* exchangeMessages(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  out: number,
  into: number,
  each: number,
): Process<boolean> {
  const length = payload.messageBytes;
  let sent = 0;
  let received = 0;
  while (sent < each || received < each) {
    let blocked = true;
    if (sent < each) {
      payload.number(guest, out, sent);
      const outcome = channel.trySend(out, length);
      if (outcome === AGAIN) {
        yield ORDER;
        continue;
      }
      if (outcome === length) {
        sent++;
        blocked = false;
      } else if (outcome !== WOULD_BLOCK) return failed(world, 'send', sent, outcome);
    }
    while (received < each) {
      const outcome = channel.tryReceive(into, length);
      if (outcome === AGAIN) {
        yield ORDER;
        continue;
      }
      if (outcome === WOULD_BLOCK) break;
      if (outcome !== length) return failed(world, 'receive', received, outcome);
      if (!payload.arrived(guest, into, received * length, length)) return wrong(world, received);
      received++;
      blocked = false;
      world.messagesDelivered++;
      world.bytesDelivered += length;
      break;
    }
    if (blocked) yield* channel.waitUntilReady();
  }
  return true;
}

/** Sends one whole message. */
export function* sendOne(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  address: number,
  index: number,
): Process<boolean> {
  const length = payload.messageBytes;
  payload.number(guest, address, index);
  touchPayload(guest, length);
  for (;;) {
    const outcome = channel.trySend(address, length);
    if (outcome === length) return true;
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* channel.waitUntilWritable();
    else return failed(world, 'send', index, outcome);
  }
}

/** Receives one whole message and checks it. */
export function* receiveOne(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  address: number,
  index: number,
): Process<boolean> {
  const length = payload.messageBytes;
  for (;;) {
    const outcome = channel.tryReceive(address, length);
    if (outcome === length) break;
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
    else return failed(world, 'receive', index, outcome);
  }
  touchPayload(guest, length);
  return payload.arrived(guest, address, index * length, length) || wrong(world, index);
}

/** Receives whole messages from any of many senders. */
export function* receiveFromAny(
  world: World,
  guest: Guest,
  listener: Listener,
  buffer: number,
  length: number,
  messages: number,
  onMessage: (source: number) => void,
): Process<boolean> {
  for (let received = 0; received < messages; ) {
    const outcome = listener.tryReceive(buffer, length);
    if (outcome === length) {
      received++;
      touchPayload(guest, length);
      world.messagesDelivered++;
      world.bytesDelivered += length;
      onMessage(listener.lastSource);
    } else if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* listener.waitUntilReadable();
    else return failed(world, 'receive', received, outcome);
  }
  return true;
}

/** Connects both sides. Returns the two channels, or undefined when the transport could not (the world has the reason). */
export function* accepted(world: World, listener: Listener): Process<Channel | undefined> {
  const outcome = yield* listener.accept();
  if ('channel' in outcome) return outcome.channel;
  world.fail(`accept failed: ${outcome.failed}`);
  return undefined;
}

/** Takes whatever still comes, until the peer has closed. */
export function* untilPeerGone(channel: Channel, buffer: number, length: number): Process {
  for (;;) {
    const outcome = channel.tryReceive(buffer, length);
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
    else if (outcome < 0) return;
  }
}

/** Runs a long loop of the calling task so that it is resumed directly (see Task.call). */
export function inLoop<T>(guest: Guest, loop: Process<T>): Process<T> {
  return Task.call(guest.vcpu.currentTask as Task, loop);
}

function failed(world: World, what: string, index: number, outcome: number): false {
  world.fail(`${what} number ${index} failed: ${outcomeName(outcome)}`);
  return false;
}

function wrong(world: World, index: number): false {
  world.fail(`message ${index} arrived with wrong bytes`);
  return false;
}
