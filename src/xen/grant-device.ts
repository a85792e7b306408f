import { GUEST_KERNEL, TLB } from './causes.js';
import {
  GNTTAB_MAP,
  GNTTAB_UNMAP,
  MMU_UPDATE,
  MMUEXT_OP,
  MULTICALL,
  UPDATE_VA_MAPPING,
} from './counters.js';
import type { Domain } from './domain.js';
import { chargeOperations } from './grant-table.js';
import { PAGE_SHIFT } from './memory.js';
import { flushAfterUnmap, flushDomain } from './tlb-flush.js';
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
 * System calls of one map (ioctl MAP_GRANT_REF, mmap) and of one unmap (ioctl GET_OFFSET_FOR_VADDR, munmap, ioctl
 * UNMAP_GRANT_REF) by libxengnttab on Linux.
 */
const MAP_SYSTEM_CALLS = 2;
const UNMAP_SYSTEM_CALLS = 3;
const SHARE_SYSTEM_CALLS = 2;

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
  systemCalls(vcpu, SHARE_SYSTEM_CALLS);
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
 * Takes shared pages back. Pages that the peer still maps cannot be: they come back when it lets go, as with gntalloc.
 *
 * @returns pages that the peer still maps
 */
export function unsharePages(vcpu: Vcpu, region: SharedRegion): number {
  const { domain } = vcpu;
  systemCalls(vcpu, SHARE_SYSTEM_CALLS);
  let leaked = 0;
  region.references.forEach((reference, i) => {
    const free = () => domain.free(region.address + (i << PAGE_SHIFT), 1);
    if (!domain.grantTable.endWhenUnused(reference, free)) leaked++;
  });
  return leaked;
}

/** Maps granted pages of a peer. Returns Xen's status where it refused. */
export function mapPages(
  vcpu: Vcpu,
  domid: number,
  references: readonly number[],
): MappedRegion | { readonly status: number } {
  const alone = vcpu.domain.type === 'pv' && hasNoDeviceMemory(vcpu.domain);
  systemCalls(vcpu, MAP_SYSTEM_CALLS);
  if (alone) makePageTable(vcpu);
  vcpu.pcpu.charge(GUEST_KERNEL, vcpu.machine.prices.memoryMap);
  const mapped = vcpu.domain.grantTable.map(vcpu, domid, references);
  if (!('address' in mapped)) return { status: mapped.status };
  if (vcpu.domain.type === 'pv') mapForKernel(vcpu, references.length);
  return { address: mapped.address, handles: mapped.handles };
}

/** Unmaps pages of a peer. */
export function unmapPages(vcpu: Vcpu, region: MappedRegion): void {
  systemCalls(vcpu, UNMAP_SYSTEM_CALLS);
  vcpu.pcpu.charge(GUEST_KERNEL, vcpu.machine.prices.memoryMap);
  vcpu.domain.grantTable.unmap(vcpu, region.handles);
  if (vcpu.domain.type === 'pv') {
    unmapForKernel(vcpu, region.handles.length);
    if (hasNoDeviceMemory(vcpu.domain)) dropPageTable(vcpu);
  } else invalidatePages(vcpu, region);
}

function systemCalls(vcpu: Vcpu, count: number): void {
  for (let i = 0; i < count; i++) {
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

/**
 * A PV guest maps each page twice, for the user's page table and for the kernel's (Linux gntdev.c, use_ptemod): a second
 * grant operation each way, and a second flush.
 */
function mapForKernel(vcpu: Vcpu, pages: number): void {
  vcpu.enter(GNTTAB_MAP);
  chargeOperations(vcpu, GNTTAB_MAP, pages, vcpu.machine.prices.grantMap);
  vcpu.leave();
}

function unmapForKernel(vcpu: Vcpu, pages: number): void {
  vcpu.enter(GNTTAB_UNMAP);
  chargeOperations(vcpu, GNTTAB_UNMAP, pages, vcpu.machine.prices.grantUnmap);
  flushAfterUnmap(vcpu, pages);
  vcpu.leave();
}

/**
 * The first mapping of a PV guest's program, of its own shared pages or of a peer's, stands alone in a page table, which
 * Linux then makes and Xen checks and pins; with the last one it goes. Both together, as counted on real Xen: 2
 * multicalls, 10 mmu_update, 3 mmuext_op and 6 update_va_mapping (of these 4 lie within the multicalls), 6 flushes of all
 * pCPUs and 8 more of the own one. Depending on where Linux finds room there were 4 mmu_update, 2 update_va_mapping and 2
 * flushes less. What Xen's check of 512 entries takes has no price.
 */
function makePageTable(vcpu: Vcpu): void {
  changePageTable(vcpu);
  vcpu.leave();
}

function dropPageTable(vcpu: Vcpu): void {
  changePageTable(vcpu);
  vcpu.enter(MMUEXT_OP);
  for (let i = 0; i < 6; i++) flushDomain(vcpu);
  for (let i = 0; i < 8; i++) vcpu.pcpu.flushTlb(vcpu.domain);
  vcpu.leave();
}

/** A page becomes a page table, or is one no more: read-only and pinned, or the other way. */
function changePageTable(vcpu: Vcpu): void {
  const { hypercalls } = vcpu.machine.counters;
  vcpu.enter(MULTICALL);
  for (const inside of [UPDATE_VA_MAPPING, MMUEXT_OP]) {
    hypercalls[inside] = (hypercalls[inside] as number) + 1;
  }
  for (let i = 0; i < 2; i++) vcpu.enter(UPDATE_VA_MAPPING);
  for (let i = 0; i < 5; i++) vcpu.enter(MMU_UPDATE);
}

function hasNoDeviceMemory({ grantTable }: Domain): boolean {
  return grantTable.mappedCount === 0 && grantTable.grantedCount === 0;
}
