import { TRACE } from '../sim/trace.js';
import { HYPERVISOR_WORK, PAGE_WALK } from './causes.js';
import type { MaptrackEntry } from './control-order.js';
import { GNTTAB_COPY, GNTTAB_MAP, GNTTAB_UNMAP } from './counters.js';
import type { Domain } from './domain.js';
import { NO_WORD } from './hypervisor-words.js';
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from './memory.js';
import { flushAfterUnmap, UNMAP_BATCH } from './tlb-flush.js';
import type { Vcpu } from './vcpu.js';

/** GNTST_* (xen/include/public/grant_table.h). */
export const GNTST_OKAY = 0;
export const GNTST_GENERAL_ERROR = -1;
export const GNTST_BAD_DOMAIN = -2;
export const GNTST_BAD_GNTREF = -3;
export const GNTST_BAD_HANDLE = -4;
export const GNTST_BAD_PAGE = -9;
export const GNTST_BAD_COPY_ARG = -10;
export const GNTST_NO_SPACE = -13;

/** The first references belong to the toolstack (GNTTAB_NR_RESERVED_ENTRIES). */
const RESERVED_REFERENCES = 8;
/** Version 1 entries in a frame of the shared table, and mappings in a maptrack frame. */
const ENTRIES_A_FRAME = PAGE_SIZE / 8;
const MAPTRACK_A_FRAME = PAGE_SIZE / 16;

/** One operation of GNTTABOP_copy: within one page at either end. */
export interface CopySegment {
  /** The peer's page, and where in it. */
  readonly reference: number;
  readonly offset: number;
  /** Memory of the domain that asks. */
  readonly address: number;
  readonly length: number;
}

/**
 * An entry in the hypervisor's table: flags with the number of its uses (mappings: GTF_reading and GTF_writing), the
 * frame, and the domain that may use it. All zero where nothing is granted.
 */
const ENTRY_FLAGS = 0;
const ENTRY_MFN = 1;
const ENTRY_PEER = 2;
const ENTRY_WORDS = 3;
const VALID = 1;
const READ_ONLY = 2;
/** What one use adds to the flags. */
const USE = 4;
/** Entries for which words are taken together. */
const CHUNK = 64;

/** Adjacent pages that were mapped together: given back together, when the last is unmapped. */
interface MappedPages {
  readonly first: number;
  readonly pages: number;
  left: number;
}

interface Mapping {
  readonly grantor: Domain;
  readonly reference: number;
  readonly mfn: number;
  readonly page: number;
  readonly region: MappedPages;
}

/**
 * The grant table of one domain: what it lets others reach (entries), and what it has mapped of others (maptrack).
 * After xen/common/grant_table.c. A granted frame is the same frame on both sides; the grantor cannot take it back
 * while it is mapped.
 */
export class GrantTable {
  /** First words of the chunks in which the entries lie. */
  private readonly chunks: number[] = [];
  /** Entries that have ever been in use together. */
  private used = 0;
  /** What the grantor's kernel does when nobody uses a grant any more, by its reference. */
  private readonly whenUnused = new Map<number, () => void>();
  private readonly freed: number[] = [];
  private readonly mappings = new Map<number, Mapping>();
  private nextHandle = 0;

  constructor(private readonly domain: Domain) {}

  /** Grant entries in use. */
  get grantedCount(): number {
    return this.used - this.freed.length;
  }

  /** What a peer may do with a frame of this domain, by the grants that are in force now. */
  rightOf(mfn: number, peer: number): 'none' | 'read' | 'write' {
    let right: 'none' | 'read' | 'write' = 'none';
    const { words } = this.domain.machine;
    for (let index = 0; index < this.used; index++) {
      const entry = this.entry(RESERVED_REFERENCES + index);
      const flags = words.load(entry + ENTRY_FLAGS);
      if ((flags & VALID) === 0 || words.load(entry + ENTRY_MFN) !== mfn) continue;
      if (words.load(entry + ENTRY_PEER) !== peer) continue;
      if ((flags & READ_ONLY) === 0) return 'write';
      right = 'read';
    }
    return right;
  }

  /** Entries that the shared table has room for now: a reference beyond them does not exist. */
  private get size(): number {
    const used = RESERVED_REFERENCES + this.used;
    return Math.ceil(used / ENTRIES_A_FRAME) * ENTRIES_A_FRAME;
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
    const reference = this.freed.pop() ?? RESERVED_REFERENCES + this.used;
    if (reference >= capacity) return GNTST_NO_SPACE;
    const index = reference - RESERVED_REFERENCES;
    if (index === this.used) this.used++;
    this.makeRoom(this.used);
    const { words } = this.domain.machine;
    const entry = this.entry(reference);
    words.store(entry + ENTRY_MFN, mfn);
    words.store(entry + ENTRY_PEER, peer);
    words.store(entry + ENTRY_FLAGS, readOnly ? VALID | READ_ONLY : VALID);
    return reference;
  }

  /** Takes words for so many entries, if they are not there. */
  makeRoom(entries: number): void {
    while (this.chunks.length * CHUNK < entries) {
      this.chunks.push(this.domain.machine.words.allocate(CHUNK * ENTRY_WORDS));
    }
  }

  /** Takes a grant back. Fails (returns false) while the peer uses it: there is no way to revoke. */
  end(reference: number): boolean {
    // Not while a peer is between looking at the entry and using it.
    return this.domain.machine.change(
      () => this.endEntry(reference),
      () => undefined,
    );
  }

  private endEntry(reference: number): boolean {
    const { words } = this.domain.machine;
    const entry = this.entry(reference);
    const flags = words.load(entry + ENTRY_FLAGS);
    if ((flags & VALID) === 0) return true;
    if (flags >= USE || words.compareExchange(entry + ENTRY_FLAGS, flags, 0) !== flags)
      return false;
    this.whenUnused.delete(reference);
    this.freed.push(reference);
    return true;
  }

  /**
   * Takes a grant back now, or when the peer lets go: Linux tries again until it can (gnttab_end_foreign_access).
   *
   * @returns whether it could at once
   */
  endWhenUnused(reference: number, then: () => void): boolean {
    if (this.end(reference)) {
      then();
      return true;
    }
    this.whenUnused.set(reference, () => {
      this.end(reference);
      then();
    });
    return false;
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
    chargeOperations(vcpu, GNTTAB_MAP, references.length, machine.prices.grantMap);
    const result = machine.change(
      () => this.mapAll(domid, references),
      (mapped) =>
        'handles' in mapped
          ? { kind: 'map', domid: this.domain.domid, entries: this.entriesOf(mapped.handles) }
          : undefined,
    );
    if (result.status === GNTST_OKAY) {
      machine.counters.grants.mapped += references.length;
      machine.trace.add(
        TRACE['grant-map'],
        vcpu.pcpu.clock,
        this.domain.domid,
        domid,
        references.length,
      );
    }
    vcpu.leave();
    return result;
  }

  private mapAll(
    domid: number,
    references: readonly number[],
  ): { status: 0; address: number; handles: readonly number[] } | { status: number } {
    const { machine, limits, space } = this.domain;
    const grantor = machine.domain(domid);
    if (grantor === undefined) return { status: GNTST_BAD_DOMAIN };
    if (this.mappings.size + references.length > limits.maptrackFrames * MAPTRACK_A_FRAME) {
      return { status: GNTST_NO_SPACE };
    }
    for (const reference of references) {
      const status = grantor.grantTable.refusal(reference, this.domain.domid);
      if (status !== GNTST_OKAY) return { status };
    }
    if (references.length === 0) return { status: GNTST_OKAY, address: 0, handles: [] };
    const address = space.reserve(references.length);
    const first = address >> PAGE_SHIFT;
    const region = { first, pages: references.length, left: references.length };
    const handles = references.map((reference, index) => {
      const { mfn, readOnly } = grantor.grantTable.use(reference);
      machine.memory.hold(mfn);
      space.map(first + index, mfn, !readOnly);
      const handle = this.nextHandle++;
      this.mappings.set(handle, { grantor, reference, mfn, page: first + index, region });
      return handle;
    });
    return { status: GNTST_OKAY, address, handles };
  }

  /**
   * Why Xen would not let a peer map or copy a grant of this table; GNTST_OKAY where it would
   * (map_grant_ref, _set_status_v1, get_paged_frame).
   */
  private refusal(reference: number, peer: number): number {
    const { words } = this.domain.machine;
    const entry = this.entry(reference);
    if ((words.load(entry + ENTRY_FLAGS) & VALID) === 0) {
      return reference >= 0 && reference < this.size ? GNTST_GENERAL_ERROR : GNTST_BAD_GNTREF;
    }
    if (words.load(entry + ENTRY_PEER) !== peer) return GNTST_GENERAL_ERROR;
    // A page that the grantor has given back, or that was never its own: grants do not pass on.
    const mfn = words.load(entry + ENTRY_MFN);
    if (this.domain.machine.memory.owners[mfn] !== this.domain.domid) return GNTST_BAD_PAGE;
    return GNTST_OKAY;
  }

  /** A peer begins to use a grant that was not refused. */
  private use(reference: number): { readonly mfn: number; readonly readOnly: boolean } {
    const { words } = this.domain.machine;
    const entry = this.entry(reference);
    const flags = this.changeUses(entry, USE);
    return { mfn: words.load(entry + ENTRY_MFN), readOnly: (flags & READ_ONLY) !== 0 };
  }

  /** A peer has ended to use a grant. Returns whether it was the last use. */
  private endUse(reference: number): boolean {
    return this.changeUses(this.entry(reference), -USE) < USE;
  }

  /** Returns the flags as they now are. */
  private changeUses(entry: number, by: number): number {
    const { words } = this.domain.machine;
    for (;;) {
      const flags = words.load(entry + ENTRY_FLAGS);
      if (words.compareExchange(entry + ENTRY_FLAGS, flags, flags + by) === flags) {
        return flags + by;
      }
    }
  }

  /** GNTTABOP_unmap_grant_ref: unmaps, in one hypercall, and flushes the TLBs as this kind of guest needs. */
  unmap(vcpu: Vcpu, handles: readonly number[]): number {
    const { machine } = this.domain;
    vcpu.enter(GNTTAB_UNMAP);
    chargeOperations(vcpu, GNTTAB_UNMAP, handles.length, machine.prices.grantUnmap);
    const unmapped = machine.change(
      () => this.unmapAll(handles),
      () => ({ kind: 'unmap', domid: this.domain.domid, handles }),
    );
    if (unmapped > 0) {
      machine.counters.grants.unmapped += unmapped;
      machine.trace.add(TRACE['grant-unmap'], vcpu.pcpu.clock, this.domain.domid, unmapped, 0);
      flushAfterUnmap(vcpu, unmapped);
    }
    vcpu.leave();
    return unmapped === handles.length ? GNTST_OKAY : GNTST_BAD_HANDLE;
  }

  /** Returns how many of these there were. */
  private unmapAll(handles: readonly number[]): number {
    let unmapped = 0;
    for (const handle of handles) {
      const mapping = this.mappings.get(handle);
      if (mapping === undefined) continue;
      this.mappings.delete(handle);
      this.domain.space.unmap(mapping.page);
      const { region } = mapping;
      if (--region.left === 0) this.domain.space.giveBack(region.first, region.pages);
      this.letGo(mapping);
      unmapped++;
    }
    return unmapped;
  }

  private entriesOf(handles: readonly number[]): MaptrackEntry[] {
    return handles.map((handle) => {
      const { grantor, reference, mfn } = this.mappings.get(handle) as Mapping;
      return { handle, grantor: grantor.domid, reference, mfn };
    });
  }

  /** This domain's own thread has mapped these: it is known here too, for when the domain is destroyed. */
  repeatMap(entries: readonly MaptrackEntry[]): void {
    for (const { handle, grantor, reference, mfn } of entries) {
      const domain = this.domain.machine.domain(grantor) as Domain;
      const region = { first: 0, pages: 0, left: 0 };
      this.mappings.set(handle, { grantor: domain, reference, mfn, page: 0, region });
    }
  }

  /** This domain's own thread has unmapped these; or another has destroyed the domain, and unmapped all. */
  repeatUnmap(handles: Iterable<number> = [...this.mappings.keys()]): void {
    for (const handle of handles) {
      const mapping = this.mappings.get(handle);
      if (mapping === undefined) continue;
      this.mappings.delete(handle);
      mapping.grantor.grantTable.peerLetGo(mapping);
    }
  }

  /** A peer's thread has let go of a frame of this domain: what its kernel, or the toolstack, does then. */
  private peerLetGo({ reference, mfn }: Mapping): void {
    const { domain, whenUnused } = this;
    const isUnused = (): boolean =>
      domain.machine.words.load(this.entry(reference) + ENTRY_FLAGS) < USE;
    domain.machine.order?.later(() => {
      if (domain.state === 'dying') domain.relinquishFrame(mfn);
      else if (isUnused()) whenUnused.get(reference)?.();
    });
  }

  /**
   * GNTTABOP_copy between granted pages of a peer and memory of this domain: all segments in one hypercall. Maps nothing
   * and flushes nothing.
   *
   * @param into true: from the peer's pages into this domain; false: the other way
   * @returns the status of the first segment that failed, with which the others are not carried out; or GNTST_OKAY
   */
  copy(vcpu: Vcpu, domid: number, segments: readonly CopySegment[], into: boolean): number {
    const { counters, prices } = this.domain.machine;
    const { order } = this.domain.machine;
    let status = GNTST_OKAY;
    vcpu.enter(GNTTAB_COPY);
    order?.enter();
    for (const [index, segment] of segments.entries()) {
      chargeOperation(vcpu, GNTTAB_COPY, index, prices.grantCopy);
      const { reference, offset, address, length } = segment;
      status = this.copyGranted(vcpu, domid, reference, offset, address, length, into);
      if (status !== GNTST_OKAY) break;
      counters.grants.copied++;
      counters.grants.copiedBytes += length;
    }
    order?.leave();
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
    // Xen claims the source first.
    if (!into && !this.ownsPage(address, false)) return GNTST_BAD_PAGE;
    const refused = grantor.grantTable.refusal(reference, this.domain.domid);
    if (refused !== GNTST_OKAY) return refused;
    const entry = grantor.grantTable.entry(reference);
    const flags = machine.words.load(entry + ENTRY_FLAGS);
    if (!into && (flags & READ_ONLY) !== 0) return GNTST_GENERAL_ERROR;
    if (grantor.state === 'dying' && flags >= USE) return GNTST_BAD_DOMAIN;
    if (into && !this.ownsPage(address, true)) return GNTST_BAD_PAGE;
    // Both ends of one operation lie within one page each.
    if (offset + length > PAGE_SIZE || (address & PAGE_MASK) + length > PAGE_SIZE) {
      return GNTST_BAD_COPY_ARG;
    }
    const window = machine.hypervisorWindow(machine.words.load(entry + ENTRY_MFN));
    machine.counters.copies.hypervisorCopies++;
    machine.counters.copies.hypervisorBytes += length;
    if (into) vcpu.memory.copyBetween(space, address, window, offset + PAGE_SIZE, length, false);
    else vcpu.memory.copyBetween(window, offset + PAGE_SIZE, space, address, length, false);
    return GNTST_OKAY;
  }

  /** Whether an address lies in a page of this domain's own: a mapped grant cannot be copied from or to. */
  private ownsPage(address: number, write: boolean): boolean {
    const { machine, space, domid } = this.domain;
    if (!space.reaches(address, 1, write)) return false;
    return machine.memory.owners[space.frameAt(Math.floor(address / PAGE_SIZE))] === domid;
  }

  /** The domain is destroyed: it lets go of every frame that it had mapped. */
  releaseMappings(): void {
    for (const mapping of this.mappings.values()) this.letGo(mapping);
    this.mappings.clear();
  }

  /** First word of an entry; a word that is always zero where there is none. */
  private entry(reference: number): number {
    const index = reference - RESERVED_REFERENCES;
    const chunk = this.chunks[Math.floor(index / CHUNK)];
    return chunk === undefined ? NO_WORD : chunk + (index % CHUNK) * ENTRY_WORDS;
  }

  private letGo(mapping: Mapping): void {
    const { grantor, reference, mfn } = mapping;
    this.domain.machine.memory.letGo(mfn);
    const isUnused = grantor.grantTable.endUse(reference);
    if (grantor.state === 'dying') grantor.relinquishFrame(mfn);
    else if (isUnused) grantor.grantTable.whenUnused.get(reference)?.();
  }
}

/** Operations between which Xen looks whether it is wanted elsewhere: unmapping is done in batches. */
const UNPREEMPTIBLE: Readonly<Record<number, number>> = { [GNTTAB_UNMAP]: UNMAP_BATCH };
/** Xen reads the arguments of an operation from the guest's memory, and writes its status there. */
const ARGUMENT_COPIES = 2;

/** Xen carries out the operations of one grant_table_op, of the same price each. */
export function chargeOperations(
  vcpu: Vcpu,
  hypercall: number,
  count: number,
  pricePs: number,
): void {
  for (let index = 0; index < count; index++) chargeOperation(vcpu, hypercall, index, pricePs);
}

/**
 * One operation of a grant_table_op. Before it, unless it is the first, the vCPU goes back to its guest where a timer
 * waits, and comes again. The arguments of a PVH guest lie at addresses that Xen finds by walking its page tables
 * (hvm_copy_from_guest_linear); those of a PV guest it reaches directly.
 */
function chargeOperation(vcpu: Vcpu, hypercall: number, index: number, pricePs: number): void {
  const { pcpu, machine, domain, kernel } = vcpu;
  if (index > 0 && index % (UNPREEMPTIBLE[hypercall] ?? 1) === 0 && kernel.cutsHypercall()) {
    vcpu.leave();
    vcpu.enterAgain(hypercall);
  }
  pcpu.charge(HYPERVISOR_WORK, pricePs);
  if (domain.type !== 'pvh') return;
  machine.counters.work.pageWalks += ARGUMENT_COPIES;
  pcpu.charge(PAGE_WALK, ARGUMENT_COPIES * machine.prices.pageWalk);
}
