import type { Domain } from '../../src/xen/domain.js';
import type { Machine } from '../../src/xen/machine.js';
import { DOMID_ANY } from './argo-abi.js';
import type { ArgoCall } from './argo-call.js';
import { ArgoDomain } from './argo-domain.js';
import type { ArgoRing } from './argo-ring.js';

/** The domains that Argo knows, and with them all rings. */
export class ArgoTable {
  /** By domid. */
  private readonly domains: (ArgoDomain | undefined)[] = [];

  /** @param finish ends a sendv whose vCPU is stopped in the middle of it */
  constructor(
    private readonly machine: Machine,
    private readonly finish: (call: ArgoCall) => void,
  ) {}

  get(domid: number): ArgoDomain | undefined {
    return this.domains[domid];
  }

  /** What Argo keeps of a domain that makes a hypercall. */
  of(domain: Domain): ArgoDomain {
    const known = this.domains[domain.domid];
    if (known !== undefined) return known;
    while (this.domains.length < domain.domid) this.domains.push(undefined);
    const fresh = new ArgoDomain(domain, this.finish);
    this.domains[domain.domid] = fresh;
    return fresh;
  }

  /** A domain by its domid, unless it is gone or being destroyed. */
  readonly living = (domid: number): ArgoDomain | undefined => {
    const known = this.domains[domid];
    if (known !== undefined) return known;
    const domain = this.machine.domain(domid);
    if (domain === undefined || domain.state === 'dying') return undefined;
    return this.of(domain);
  };

  /**
   * argo_destroy: the domain's rings go, and without a word those of others to which only it could send.
   *
   * @returns pages of the rings that went
   */
  removeDomain(gone: ArgoDomain): number {
    const { domid } = gone.domain;
    let pages = 0;
    const remove = (owner: ArgoDomain, ring: ArgoRing): void => {
      pages += ring.pages;
      if (ring.inFlight !== undefined) this.finish(ring.inFlight);
      owner.remove(ring);
    };
    while (gone.rings.length > 0) remove(gone, gone.rings[0] as ArgoRing);
    gone.ringCount = 0;
    // partner_rings_remove
    for (const id of gone.sends) {
      const owner = this.domains[id.domid];
      const ring = owner?.find(id.port, id.partner);
      if (owner === undefined || ring === undefined) continue;
      remove(owner, ring);
      owner.ringCount--;
    }
    this.domains[domid] = undefined;
    // wildcard_rings_pending_remove: nobody else is told of space by rings to which anybody may send.
    for (const owner of this.domains) {
      for (const ring of owner?.rings ?? []) {
        if (ring.partner === DOMID_ANY) ring.pending.cancel(domid);
      }
    }
    return pages;
  }
}
