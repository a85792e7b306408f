import { GUEST_KERNEL, TLB } from './causes.js';
import { GNTTAB_MAP, GNTTAB_UNMAP, MMU_UPDATE, MMUEXT_OP } from './counters.js';
import { PAGE_SHIFT } from './memory.js';
import { flushLocally } from './tlb-flush.js';
import type { Vcpu } from './vcpu.js';

/** Pages that this domain lets a peer reach (an open /dev/xen/gntalloc). */
export interface SharedRegion {
  readonly address: number;
  readonly references: readonly number[];
}

/** Pages of a peer that this domain has mapped (an open /dev/xen/gntdev). */
export interface MappedRegion {
  readonly address: number;
  readonly handles: readonly number[];
}

/**
 * What mapping and unmapping a grant in user space costs a PV guest besides its grant operations, which are made twice,
 * for the user's page table and for the kernel's (Linux gntdev.c, use_ptemod). Counted on Xen 4.17 with Linux 6.1
 * (docs/cost-model.md): 6 mmu_update, 26 mmuext_op and 16 local flushes for a map and an unmap.
 */
const PV_MMU_UPDATES = 3;
const PV_MMUEXT_OPS = 13;
const PV_LOCAL_FLUSHES = 8;

/**
 * Shares pages of this domain with a peer. Returns undefined when the grant table is full.
 *
 * @param readOnly the peer may only read them
 */
export function sharePages(
  vcpu: Vcpu,
  peer: number,
  pages: number,
  readOnly = false,
): SharedRegion | undefined {
  const { domain } = vcpu;
  systemCallPair(vcpu);
  const address = domain.allocate(pages);
  const references: number[] = [];
  for (let i = 0; i < pages; i++) {
    const reference = domain.grantTable.grant(address + (i << PAGE_SHIFT), peer, readOnly);
    if (reference < 0) {
      for (const given of references) domain.grantTable.end(given);
      domain.free(address, pages);
      return undefined;
    }
    references.push(reference);
  }
  return { address, references };
}

/**
 * Takes shared pages back. Pages that the peer still maps cannot be: they leak until it lets go, as with gntalloc.
 *
 * @returns pages that leaked
 */
export function unsharePages(vcpu: Vcpu, region: SharedRegion): number {
  const { domain } = vcpu;
  systemCallPair(vcpu);
  let leaked = 0;
  region.references.forEach((reference, i) => {
    if (domain.grantTable.end(reference)) domain.free(region.address + (i << PAGE_SHIFT), 1);
    else leaked++;
  });
  return leaked;
}

/** Maps granted pages of a peer. Returns Xen's status where it refused. */
export function mapPages(
  vcpu: Vcpu,
  domid: number,
  references: readonly number[],
): MappedRegion | { readonly status: number } {
  systemCallPair(vcpu);
  vcpu.pcpu.charge(GUEST_KERNEL, vcpu.machine.prices.memoryMap);
  const mapped = vcpu.domain.grantTable.map(vcpu, domid, references);
  if (!('address' in mapped)) return { status: mapped.status };
  if (vcpu.domain.type === 'pv') pvPageTableWork(vcpu, GNTTAB_MAP);
  return { address: mapped.address, handles: mapped.handles };
}

/** Unmaps pages of a peer. */
export function unmapPages(vcpu: Vcpu, region: MappedRegion): void {
  systemCallPair(vcpu);
  vcpu.pcpu.charge(GUEST_KERNEL, vcpu.machine.prices.memoryMap);
  vcpu.domain.grantTable.unmap(vcpu, region.handles);
  if (vcpu.domain.type === 'pv') pvPageTableWork(vcpu, GNTTAB_UNMAP);
  else invalidatePages(vcpu, region);
}

/** ioctl and mmap, or munmap and ioctl. */
function systemCallPair(vcpu: Vcpu): void {
  for (let i = 0; i < 2; i++) {
    vcpu.kernel.enterSystemCall();
    vcpu.kernel.leaveSystemCall();
  }
}

/** munmap of a PVH guest: its own INVLPG for each page, which enters no hypervisor. */
function invalidatePages(vcpu: Vcpu, region: MappedRegion): void {
  const { machine, pcpu } = vcpu;
  region.handles.forEach((_, i) => {
    machine.counters.tlb.invlpg++;
    machine.counters.tlb.entriesDropped += pcpu.tlb.flushPage(
      (region.address >> PAGE_SHIFT) + i,
      vcpu.tlbTag,
    );
    pcpu.charge(TLB, machine.prices.invlpg);
  });
}

function pvPageTableWork(vcpu: Vcpu, grantOperation: number): void {
  vcpu.enter(grantOperation);
  for (let i = 0; i < PV_MMU_UPDATES; i++) vcpu.enter(MMU_UPDATE);
  for (let i = 0; i < PV_MMUEXT_OPS; i++) vcpu.enter(MMUEXT_OP);
  for (let i = 0; i < PV_LOCAL_FLUSHES; i++) flushLocally(vcpu.pcpu, vcpu.domain);
  vcpu.leave();
}
