import { BLOCKED, ORDER, type Process } from '../sim/process.js';
import {
  AGAIN,
  type Channel,
  type Listener,
  outcomeName,
  WOULD_BLOCK,
} from '../transport/contract.js';
import type { Guest } from '../transport/guest.js';
import { GUEST_USER } from '../xen/causes.js';
import type { Payload } from './payload.js';
import type { World } from './world.js';

/**
 * The inner loops of scenarios. Each is one flat generator that calls the channel's plain functions and yields only
 * when it must: a generator inside a generator would cost as much as the work.
 */

/** What a loop is told when it first finds nothing to do. */
export interface FlowHooks {
  /** The sender finds no room for the first time, or has sent all. */
  readonly onFull?: () => void;
}

/** An application works on its payload: makes it, or checks it. */
export function touchPayload(guest: Guest, bytes: number): void {
  const { prices } = guest.machine;
  if (prices.payload > 0) guest.vcpu.pcpu.charge(GUEST_USER, Math.round(bytes * prices.payload));
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
  for (let index = 0; index < messages; index++) {
    const address = buffer + payload.offsetOf(index);
    payload.number(guest, address, index);
    touchPayload(guest, length);
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
  for (let index = 0; index < messages; index++) {
    const address = buffer + payload.offsetOf(index);
    for (;;) {
      const outcome = channel.tryReceive(address, length);
      if (outcome === length) break;
      if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
      else return failed(world, 'receive', index, outcome);
    }
    touchPayload(guest, length);
    if (!payload.arrived(guest, address, index * length, length)) return wrong(world, index);
    world.messagesDelivered++;
    world.bytesDelivered += length;
  }
  return true;
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
  const { messageBytes } = payload;
  for (let sent = 0, index = 0; sent < totalBytes; index++) {
    const address = buffer + payload.offsetOf(index);
    const length = Math.min(messageBytes, totalBytes - sent);
    payload.number(guest, address, index);
    touchPayload(guest, length);
    let position = 0;
    while (position < length) {
      const outcome = channel.write(address + position, length - position);
      if (outcome > 0) position += outcome;
      else if (outcome === AGAIN) yield ORDER;
      else if (outcome === WOULD_BLOCK) {
        hooks.onFull?.();
        yield* channel.waitUntilWritable();
      } else return failed(world, 'write', index, outcome);
    }
    sent += length;
  }
  hooks.onFull?.();
  return true;
}

/** Reads a stream of bytes into a buffer that is walked from start to end and again, and checks it. */
export function* readStream(
  world: World,
  guest: Guest,
  channel: Channel,
  payload: Payload,
  buffer: number,
  totalBytes: number,
): Process<boolean> {
  const span = Math.floor(payload.bufferBytes / payload.messageBytes) * payload.messageBytes;
  let received = 0;
  let position = 0;
  while (received < totalBytes) {
    const outcome = channel.read(
      buffer + position,
      Math.min(span - position, totalBytes - received),
    );
    if (outcome > 0) {
      touchPayload(guest, outcome);
      if (!payload.arrived(guest, buffer + position, received, outcome)) {
        return wrong(world, Math.floor(received / payload.messageBytes));
      }
      received += outcome;
      position += outcome;
      if (position === span) position = 0;
      world.bytesDelivered += outcome;
    } else if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* channel.waitUntilReadable();
    else return failed(world, 'read', received, outcome);
  }
  return true;
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

/** Lets the machine's other events happen up to this guest's clock. */
export function* settle(guest: Guest): Process {
  while (guest.isAhead()) yield ORDER;
}

/** Sleeps until nothing will ever wake it: for a process that has done its part but must keep its channel open. */
export function* idleForever(guest: Guest): Process {
  for (;;) {
    guest.vcpu.currentTask?.block('nothing more to do');
    yield BLOCKED;
  }
}

function failed(world: World, what: string, index: number, outcome: number): false {
  world.fail(`${what} number ${index} failed: ${outcomeName(outcome)}`);
  return false;
}

function wrong(world: World, index: number): false {
  world.fail(`message ${index} arrived with wrong bytes`);
  return false;
}
