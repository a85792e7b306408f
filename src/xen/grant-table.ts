import { TRACE } from '../sim/trace.js';
import { GuestFault } from './address-space.js';
import { HYPERVISOR_WORK } from './causes.js';
import { GNTTAB_COPY, GNTTAB_MAP, GNTTAB_UNMAP } from './counters.js';
import type { Domain } from './domain.js';
import { copyBetween } from './guest-memory.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from './memory.js';
import { flushAfterUnmap } from './tlb-flush.js';
import type { Vcpu } from './vcpu.js';

/** GNTST_* (xen/include/public/grant_table.h). */
export const GNTST_OKAY = 0;
export const GNTST_GENERAL_ERROR = -1;
export const GNTST_BAD_DOMAIN = -2;
export const GNTST_BAD_GNTREF = -3;
export const GNTST_BAD_HANDLE = -4;
export const GNTST_PERMISSION_DENIED = -8;
export const GNTST_BAD_COPY_ARG = -10;
export const GNTST_NO_SPACE = -13;

/** The first references belong to the toolstack (GNTTAB_NR_RESERVED_ENTRIES). */
const RESERVED_REFERENCES = 8;
/** Version 1 entries in a frame of the shared table, and mappings in a maptrack frame. */
const ENTRIES_A_FRAME = PAGE_SIZE / 8;
const MAPTRACK_A_FRAME = PAGE_SIZE / 16;

interface GrantEntry {
  readonly mfn: number;
  readonly peer: number;
  readonly readOnly: boolean;
  /** Mappings and copies in progress: GTF_reading and GTF_writing. */
  uses: number;
}

interface Mapping {
  readonly grantor: Domain;
  readonly reference: number;
  readonly mfn: number;
  readonly page: number;
}

/**
 * The grant table of one domain: what it lets others reach (entries), and what it has mapped of others (maptrack).
 * After xen/common/grant_table.c. A granted frame is the same frame on both sides; the grantor cannot take it back
 * while it is mapped.
 */
export class GrantTable {
  private readonly entries: (GrantEntry | undefined)[] = [];
  private readonly freed: number[] = [];
  private readonly mappings = new Map<number, Mapping>();
  private nextHandle = 0;

  constructor(private readonly domain: Domain) {}

  /** Grant entries in use. */
  get grantedCount(): number {
    return this.entries.reduce((sum, entry) => sum + (entry === undefined ? 0 : 1), 0);
  }

  /** Mappings of other domains' frames held by this domain. */
  get mappedCount(): number {
    return this.mappings.size;
  }

  /**
   * Lets a peer reach one page. The guest writes the entry into the shared table by itself: no hypercall.
   *
   * @returns the grant reference, or GNTST_NO_SPACE when the table is full
   */
  grant(address: number, peer: number, readOnly = false): number {
    const mfn = this.domain.space.translate(address, false) >> PAGE_SHIFT;
    const capacity = this.domain.limits.grantFrames * ENTRIES_A_FRAME;
    const reference = this.freed.pop() ?? RESERVED_REFERENCES + this.entries.length;
    if (reference >= capacity) return GNTST_NO_SPACE;
    this.entries[reference - RESERVED_REFERENCES] = { mfn, peer, readOnly, uses: 0 };
    return reference;
  }

  /** Takes a grant back. Fails (returns false) while the peer uses it: there is no way to revoke. */
  end(reference: number): boolean {
    const entry = this.entry(reference);
    if (entry === undefined) return true;
    if (entry.uses > 0) return false;
    this.entries[reference - RESERVED_REFERENCES] = undefined;
    this.freed.push(reference);
    return true;
  }

  /**
   * GNTTABOP_map_grant_ref: maps granted pages of one domain at adjacent fresh pages of this one, in one hypercall.
   *
   * @returns address of the first page and the handles; or the status of the first that failed, nothing then mapped
   */
  map(
    vcpu: Vcpu,
    domid: number,
    references: readonly number[],
  ): { status: 0; address: number; handles: readonly number[] } | { status: number } {
    const { machine } = this.domain;
    vcpu.enter(GNTTAB_MAP);
    vcpu.pcpu.charge(HYPERVISOR_WORK, machine.prices.grantMap * references.length);
    const result = this.mapAll(domid, references);
    if (result.status === GNTST_OKAY) {
      machine.counters.grants.mapped += references.length;
      machine.trace.add(TRACE['grant-map'], vcpu.pcpu.clock, this.domain.domid, domid, references.length);
    }
    vcpu.leave();
    return result;
  }

  private mapAll(
    domid: number,
    references: readonly number[],
  ): { status: 0; address: number; handles: readonly number[] } | { status: number } {
    const grantor = this.domain.machine.domain(domid);
    if (grantor === undefined) return { status: GNTST_BAD_DOMAIN };
    if (
      this.mappings.size + references.length >
      this.domain.limits.maptrackFrames * MAPTRACK_A_FRAME
    ) {
      return { status: GNTST_NO_SPACE };
    }
    for (const reference of references) {
      const entry = grantor.grantTable.entry(reference);
      if (entry === undefined) return { status: GNTST_BAD_GNTREF };
      if (entry.peer !== this.domain.domid) return { status: GNTST_PERMISSION_DENIED };
    }
    const address = this.domain.space.reserve(references.length);
    const handles = references.map((reference, index) => {
      const entry = grantor.grantTable.entry(reference) as GrantEntry;
      const page = (address >> PAGE_SHIFT) + index;
      entry.uses++;
      this.domain.machine.memory.foreignMappings[entry.mfn] =
        (this.domain.machine.memory.foreignMappings[entry.mfn] as number) + 1;
      this.domain.space.map(page, entry.mfn, !entry.readOnly);
      const handle = this.nextHandle++;
      this.mappings.set(handle, { grantor, reference, mfn: entry.mfn, page });
      return handle;
    });
    return { status: GNTST_OKAY, address, handles };
  }

  /** GNTTABOP_unmap_grant_ref: unmaps, in one hypercall, and flushes the TLBs as this kind of guest needs. */
  unmap(vcpu: Vcpu, handles: readonly number[]): number {
    const { machine } = this.domain;
    vcpu.enter(GNTTAB_UNMAP);
    vcpu.pcpu.charge(HYPERVISOR_WORK, machine.prices.grantUnmap * handles.length);
    let status = GNTST_OKAY;
    let unmapped = 0;
    for (const handle of handles) {
      const mapping = this.mappings.get(handle);
      if (mapping === undefined) {
        status = GNTST_BAD_HANDLE;
        continue;
      }
      this.mappings.delete(handle);
      this.domain.space.unmap(mapping.page);
      this.letGo(mapping);
      unmapped++;
    }
    if (unmapped > 0) {
      machine.counters.grants.unmapped += unmapped;
      machine.trace.add(TRACE['grant-unmap'], vcpu.pcpu.clock, this.domain.domid, unmapped, 0);
      flushAfterUnmap(vcpu, unmapped);
    }
    vcpu.leave();
    return status;
  }

  /**
   * GNTTABOP_copy between a granted page of a peer and memory of this domain. Maps nothing and flushes nothing.
   *
   * @param into true: from the peer's page into this domain; false: the other way
   */
  copy(
    vcpu: Vcpu,
    domid: number,
    reference: number,
    offset: number,
    address: number,
    length: number,
    into: boolean,
  ): number {
    const { machine } = this.domain;
    vcpu.enter(GNTTAB_COPY);
    vcpu.pcpu.charge(HYPERVISOR_WORK, machine.prices.grantCopy);
    const status = this.copyGranted(vcpu, domid, reference, offset, address, length, into);
    if (status === GNTST_OKAY) {
      machine.counters.grants.copied++;
      machine.counters.grants.copiedBytes += length;
    }
    vcpu.leave();
    return status;
  }

  private copyGranted(
    vcpu: Vcpu,
    domid: number,
    reference: number,
    offset: number,
    address: number,
    length: number,
    into: boolean,
  ): number {
    const { machine, space } = this.domain;
    const grantor = machine.domain(domid);
    if (grantor === undefined) return GNTST_BAD_DOMAIN;
    const entry = grantor.grantTable.entry(reference);
    if (entry === undefined) return GNTST_BAD_GNTREF;
    if (entry.peer !== this.domain.domid) return GNTST_PERMISSION_DENIED;
    if (!into && entry.readOnly) return GNTST_GENERAL_ERROR;
    // Both ends of one operation lie within one page each.
    if (offset + length > PAGE_SIZE || (address & PAGE_MASK) + length > PAGE_SIZE) {
      return GNTST_BAD_COPY_ARG;
    }
    if (!space.reaches(address, length, into)) return GNTST_GENERAL_ERROR;
    const window = machine.hypervisorWindow(entry.mfn);
    machine.counters.copies.hypervisorCopies++;
    machine.counters.copies.hypervisorBytes += length;
    try {
      if (into) copyBetween(vcpu, space, address, window, offset + PAGE_SIZE, length, false);
      else copyBetween(vcpu, window, offset + PAGE_SIZE, space, address, length, false);
    } catch (error) {
      if (error instanceof GuestFault) return GNTST_GENERAL_ERROR;
      throw error;
    }
    return GNTST_OKAY;
  }

  /** The domain is destroyed: it lets go of every frame that it had mapped. */
  releaseMappings(): void {
    for (const mapping of this.mappings.values()) this.letGo(mapping);
    this.mappings.clear();
  }

  private entry(reference: number): GrantEntry | undefined {
    return this.entries[reference - RESERVED_REFERENCES];
  }

  private letGo(mapping: Mapping): void {
    const { memory } = this.domain.machine;
    const entry = mapping.grantor.grantTable.entry(mapping.reference);
    if (entry !== undefined) entry.uses--;
    memory.foreignMappings[mapping.mfn] = (memory.foreignMappings[mapping.mfn] as number) - 1;
    if (mapping.grantor.state === 'dying') mapping.grantor.relinquish();
  }
}
