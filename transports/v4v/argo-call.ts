import type { EventTarget } from '../../src/sim/event-queue.js';
import type { SpinLock } from '../../src/xen/spin-lock.js';
import type { Vcpu } from '../../src/xen/vcpu.js';
import { MAX_IOVS } from './argo-abi.js';
import type { ArgoDomain } from './argo-domain.js';
import type { ArgoRing } from './argo-ring.js';

/** How far a vCPU has come in its hypercall. */
export const OUTSIDE = 0;
/** In Xen, arguments read, locks not yet taken. */
export const ENTERED = 1;
/** sendv: the message is in the ring, tx_ptr has not moved. The ring's lock is held. */
export const COPIED = 2;
/** sendv: announced. */
export const PUBLISHED = 3;

/** The hypercall that one vCPU is in: Xen's stack frame. One object a vCPU, used again and again. */
export class ArgoCall implements EventTarget {
  stage = OUTSIDE;
  /** sendv: who sends, where to, and what. register_ring: the ring. */
  sourcePort = 0;
  port = 0;
  domid = 0;
  bytes = 0;
  messageType = 0;
  iovCount = 0;
  readonly iovAddresses = new Float64Array(MAX_IOVS);
  readonly iovLengths = new Float64Array(MAX_IOVS);
  /** 1 for each iov whose padding is not zero. */
  readonly iovPads = new Uint8Array(MAX_IOVS);
  /** sendv, once copied: payload bytes, the ring, and where its tx_ptr goes. */
  length = 0;
  ring: ArgoRing | undefined;
  nextTx = 0;
  /** Spin locks that it holds, where domains really run at the same time. */
  readonly held: SpinLock[] = [];
  /** It has stood in line for the ring's lock. */
  hasTicket = false;
  /** When it got the lock. */
  lockedAtPs = 0;
  /** What the last look-up found, for which port of which domain, and when. */
  found: ArgoRing | undefined;
  foundIn: ArgoDomain | undefined;
  foundPort = -1;
  foundAt = -1;

  constructor(
    readonly vcpu: Vcpu,
    private readonly finish: (call: ArgoCall) => void,
  ) {}

  /** The guest died in the middle of the hypercall, which Xen finishes all the same. */
  fire(): void {
    if (this.stage === COPIED) this.finish(this);
  }
}
