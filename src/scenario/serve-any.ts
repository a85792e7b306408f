import { ORDER, type Process } from '../sim/process.js';
import { AGAIN, type Channel, type Listener, WOULD_BLOCK } from '../transport/contract.js';
import type { Guest } from '../transport/guest.js';
import { GUEST_USER } from '../xen/causes.js';

/**
 * A server of many clients, in one task: takes a message from any, and answers each with the same bytes. Ends when every
 * client has gone, or when it is over.
 *
 * @param channels of the clients, by their index
 * @param onMessage told of each message before it is answered; returns whether it is to be answered
 */
export function* serveAny(
  listener: Listener,
  channels: readonly (Channel | undefined)[],
  buffer: number,
  length: number,
  onMessage: (source: number) => boolean,
  isOver: () => boolean,
): Process {
  while (!isOver()) {
    const outcome = listener.tryReceive(buffer, length);
    if (outcome === AGAIN) yield ORDER;
    else if (outcome === WOULD_BLOCK) yield* listener.waitUntilReadable();
    else if (outcome < 0) return;
    else {
      const channel = channels[listener.lastSource];
      if (!onMessage(listener.lastSource) || channel === undefined) continue;
      for (;;) {
        const sent = channel.trySend(buffer, length);
        if (sent === AGAIN) yield ORDER;
        else if (sent === WOULD_BLOCK) yield* channel.waitUntilWritable();
        else break;
      }
    }
  }
}

/** A program that computes and does nothing else: it always wants its pCPU. */
export function* hog(guest: Guest, isOver: () => boolean, stepPs = 10_000_000): Process {
  while (!isOver()) {
    guest.vcpu.pcpu.charge(GUEST_USER, stepPs);
    yield ORDER;
  }
}
