import { PS_PER_MS } from '../../src/base/units.js';
import type { Process } from '../../src/sim/process.js';
import type { ConnectFailure } from '../../src/transport/contract.js';
import type { Guest } from '../../src/transport/guest.js';
import type { XenstoreError } from '../../src/xen/xenstore/protocol.js';
import type { Closing } from './closing.js';
import { REFUSED, REQUESTED, requestPath, type V2vPair, type V2vRole, WAITING } from './nodes.js';
import { Watch } from './watch.js';

/** What the broker has made for one side. */
export interface SideNodes {
  /** Path of this side's own nodes, and of the peer's. */
  readonly own: string;
  readonly peers: string;
  readonly peerDomid: number;
}

/**
 * Asks the broker for a connection. Waits for its first answer for a bounded time, as there may be no broker; then for
 * the other side to ask, as long as that takes.
 *
 * @param closing ends it
 * @returns the nodes, or why there are none
 */
export function* requestConnection(
  guest: Guest,
  pair: V2vPair,
  role: V2vRole,
  timeoutPs: number,
  closing?: Closing,
): Process<SideNodes | ConnectFailure> {
  const { xenstore } = guest;
  const path = requestPath(pair, role);
  const written = yield* xenstore.write(path, REQUESTED);
  if (!written.ok) return xenstoreFailure(written.error);
  const watch = new Watch(guest, path, `v2v-request ${path}`);
  const watched = yield* watch.start();
  const deadlinePs = guest.vcpu.pcpu.clock + timeoutPs;
  if (!watched.ok) {
    yield* untilAnswered(guest, watch, deadlinePs);
    yield* xenstore.rm(path);
    return xenstoreFailure(watched.error);
  }
  let answer: string | undefined = REQUESTED;
  while (answer === REQUESTED || answer === WAITING) {
    if (answer === WAITING) closing?.waitsFor(watch);
    const event =
      answer === WAITING
        ? yield* watch.next('v2v: the other side to ask for the connection')
        : yield* watch.next('an answer of the V2V broker', deadlinePs);
    if (event === undefined) break;
    answer = yield* xenstore.read(path);
  }
  yield* watch.stop();
  if (answer?.startsWith('/') === true) {
    const peers = yield* xenstore.read(`${answer}/backend`);
    const peerDomid = yield* xenstore.read(`${answer}/peer-domid`);
    if (peers !== undefined && peerDomid !== undefined) {
      return { own: answer, peers, peerDomid: Number(peerDomid) };
    }
  }
  yield* withdrawRequest(guest, pair, role);
  if (closing?.isAsked === true) return { failed: 'the listener was closed' };
  if (answer === REQUESTED) return { failed: 'the V2V broker in dom0 does not answer' };
  const reason = answer?.startsWith(REFUSED) === true ? answer : 'made no nodes';
  return { failed: `the V2V broker in dom0 ${reason}` };
}

/** Looks for the broker's answer now and then. Taken back before, a request that it has seen would be made anew by its answer. */
function* untilAnswered(guest: Guest, watch: Watch, deadlinePs: number): Process<void> {
  const { pcpu } = guest.vcpu;
  while (pcpu.clock < deadlinePs) {
    if ((yield* guest.xenstore.read(watch.path)) !== REQUESTED) return;
    yield* watch.next('an answer of the V2V broker', pcpu.clock + PS_PER_MS);
  }
}

/** Takes a request back: the broker removes the nodes when both sides have. */
export function* withdrawRequest(guest: Guest, pair: V2vPair, role: V2vRole): Process<void> {
  yield* guest.xenstore.rm(requestPath(pair, role));
}

/** A failure by a quota of xenstored, named where it is one. */
export function xenstoreFailure(error: XenstoreError): ConnectFailure {
  const limits: Partial<Record<XenstoreError, string>> = {
    E2BIG: 'xenstore watches',
    ENOSPC: 'xenstore nodes',
    EIO: 'xenstore memory',
    ENOMEM: 'xenstore memory',
  };
  const limit = limits[error];
  const failed = `xenstore refused (${error})`;
  return limit === undefined ? { failed } : { failed, limit };
}
