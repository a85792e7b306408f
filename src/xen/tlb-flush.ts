import { TRACE } from '../sim/trace.js';
import { TLB } from './causes.js';
import { ipiArrival } from './pcpu.js';
import type { Vcpu } from './vcpu.js';

/**
 * What Xen flushes when a granted page leaves a domain's address space.
 *
 * - PV: one flush for a batch of up to 32 unmaps, of every pCPU in the domain's dirty mask
 *   (gnttab_flush_tlb and flush_tlb_mask, xen/common/grant_table.c).
 * - PVH on NPT: each removed p2m entry is a guest_flush_tlb_mask, which retires all ASIDs of each pCPU that runs the
 *   domain (p2m-pt.c, flushtlb.c), page by page until 2026-03.
 * - PVH on EPT: one IPI to the pCPUs that run the domain, and INVEPT at their next entry, deferred over a batch.
 */
export function flushAfterUnmap(vcpu: Vcpu, pages: number): void {
  const { machine, domain } = vcpu;
  const requests =
    domain.type === 'pv'
      ? Math.ceil(pages / UNMAP_BATCH)
      : machine.features.nestedPaging === 'npt'
        ? pages
        : 1;
  for (let i = 0; i < requests; i++) flushDomain(vcpu);
}

/** GNTTAB_UNMAP_BATCH_SIZE (xen/common/grant_table.c). */
export const UNMAP_BATCH = 32;

/** One flush of every pCPU that runs the domain. */
export function flushDomain(vcpu: Vcpu): void {
  const { machine, domain, pcpu } = vcpu;
  const { counters, prices } = machine;
  counters.tlb.flushRequests++;
  machine.trace.add(TRACE['tlb-flush'], pcpu.clock, domain.domid, vcpu.id, 0);
  pcpu.flushTlb(domain);
  let remote = 0;
  for (const other of domain.vcpus) {
    if (other.pcpu === pcpu || other.pcpu.loaded !== other) continue;
    other.pcpu.shootdownAt(ipiArrival(pcpu), domain);
    remote++;
  }
  if (remote === 0) return;
  counters.tlb.shootdowns++;
  counters.tlb.shootdownIpis += remote;
  const wait = prices.shootdownFirst + (remote - 1) * prices.shootdownFurther;
  counters.tlb.flushPs += wait;
  pcpu.charge(TLB, wait);
}
