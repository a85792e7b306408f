import type { Domain } from '../../src/xen/domain.js';
import type { Vcpu } from '../../src/xen/vcpu.js';
import { DOMID_ANY } from './argo-abi.js';
import { ArgoCall } from './argo-call.js';
import { ArgoLock } from './argo-locks.js';
import type { ArgoRing } from './argo-ring.js';

/** `struct argo_ring_id`: which ring of which domain. */
export interface RingId {
  readonly domid: number;
  readonly port: number;
  readonly partner: number;
}

/** `struct argo_domain`: what Argo keeps of one domain. */
export class ArgoDomain {
  /** rings_L2. */
  readonly lock: ArgoLock;
  /** All rings, in the order in which they were registered. */
  readonly rings: ArgoRing[] = [];
  /** Registrations. Registering a ring again counts again, and is taken back once only: a leak of Xen's own. */
  ringCount = 0;
  /** Single-partner rings that other domains have registered for this one (send_hash). Entries leak likewise. */
  readonly sends: RingId[] = [];
  /** The rings at a port, by partner. */
  private readonly ports = new Map<number, Map<number, ArgoRing>>();
  /** Rings added and removed so far. */
  private changes = 0;
  private readonly calls: ArgoCall[] = [];

  constructor(
    readonly domain: Domain,
    private readonly finish: (call: ArgoCall) => void,
  ) {
    this.lock = new ArgoLock(domain.machine);
  }

  /** The hypercall that a vCPU of this domain is in. */
  callOf(vcpu: Vcpu): ArgoCall {
    const known = this.calls[vcpu.id];
    if (known !== undefined) return known;
    const call = new ArgoCall(vcpu, this.finish);
    this.calls[vcpu.id] = call;
    return call;
  }

  callsInProgress(): readonly ArgoCall[] {
    return this.calls;
  }

  /** find_ring_info. */
  find(port: number, partner: number): ArgoRing | undefined {
    return this.ports.get(port)?.get(partner);
  }

  /** find_ring_info_by_match: the ring for this sender alone, else the one for anybody. */
  match(port: number, sender: number): ArgoRing | undefined {
    const rings = this.ports.get(port);
    return rings === undefined ? undefined : (rings.get(sender) ?? rings.get(DOMID_ANY));
  }

  /** As `match`, for a call that most often asks the same again. */
  matchFor(call: ArgoCall): ArgoRing | undefined {
    if (call.foundIn === this && call.foundPort === call.port && call.foundAt === this.changes) {
      return call.found;
    }
    call.foundIn = this;
    call.foundPort = call.port;
    call.foundAt = this.changes;
    call.found = this.match(call.port, call.vcpu.domain.domid);
    return call.found;
  }

  add(ring: ArgoRing): void {
    this.changes++;
    let rings = this.ports.get(ring.port);
    if (rings === undefined) {
      rings = new Map();
      this.ports.set(ring.port, rings);
    }
    rings.set(ring.partner, ring);
    this.rings.push(ring);
  }

  /** ring_remove_info, but for the pending entries. */
  remove(ring: ArgoRing): void {
    this.changes++;
    const rings = this.ports.get(ring.port);
    rings?.delete(ring.partner);
    if (rings?.size === 0) this.ports.delete(ring.port);
    this.rings.splice(this.rings.indexOf(ring), 1);
    ring.discard();
  }
}
