/** What happens on this hardware and this Xen, as against what it costs. */
export interface Features {
  /** How guest-physical memory is translated for PVH guests. Decides what an unmap flushes. */
  readonly nestedPaging: 'npt' | 'ept';
  /** TLB entries carry ASID or VPID, so that a VMEXIT need not flush. Tags belong to a vCPU. */
  readonly taggedTlb: boolean;
  /** The APIC is virtualised: writing EOI does not exit. */
  readonly virtualApic: boolean;
  /**
   * An exit brings the address of the next instruction with it (AMD NRIPS, Intel's instruction length). Without it, Xen
   * walks the guest's page tables to fetch and decode the instruction that made the exit.
   */
  readonly nextRip: boolean;
  /** Xen switches the FPU lazily: the first use after a vCPU switch is a #NM exit. */
  readonly lazyFpu: boolean;
  /** The upcall comes through a vector of the local APIC, and so wants an EOI (HVMOP_set_evtchn_upcall_vector). */
  readonly upcallVector: boolean;
  /** Open to L1TF: Xen flushes the L1D on each return to a PVH guest. */
  readonly l1tfFlush: boolean;
  /** A pCPU whose last sleep was longer sleeps deep the next time (menu governor); 0: never. */
  readonly deepIdleAfterUs: number;
  /** From this length on memcpy fetches ahead in software; 0: its length makes no difference. */
  readonly longCopyBytes: number;
  /**
   * Who has which data is known for pieces of memory of this size: 64 to 4096, a power of two. The published profiles were
   * made with whole pages: of a page that is written or read in two halves only the first half comes from afar there.
   */
  readonly cacheGrainBytes: number;
  readonly tlbEntries: number;
  readonly l1Bytes: number;
  readonly l2Bytes: number;
  /** Shared by all pCPUs of the socket. */
  readonly l3Bytes: number;
  /** Ticks a second of a guest kernel that is not idle (Debian: CONFIG_HZ=250). */
  readonly guestTickHz: number;
  /** Xen's scheduler: credit2 since Xen 4.12. They differ in when a vCPU that wakes gets a busy pCPU. */
  readonly scheduler: 'credit' | 'credit2';
  /** A vCPU that was just scheduled is not preempted for so long (Xen: sched_ratelimit_us). */
  readonly schedulerRatelimitUs: number;
  /** Longest a vCPU runs while others wait (credit: 30 ms; credit2: 10 ms, which is also the credit it is given). */
  readonly schedulerTimesliceUs: number;
}

type FeatureKind = 'boolean' | 'count' | 'power of two' | readonly string[];

/** Kind of each feature, for checking a profile that was read from a file. */
export const FEATURE_KINDS: Readonly<Record<keyof Features, FeatureKind>> = {
  nestedPaging: ['npt', 'ept'],
  taggedTlb: 'boolean',
  virtualApic: 'boolean',
  nextRip: 'boolean',
  lazyFpu: 'boolean',
  upcallVector: 'boolean',
  l1tfFlush: 'boolean',
  deepIdleAfterUs: 'count',
  longCopyBytes: 'count',
  cacheGrainBytes: 'power of two',
  tlbEntries: 'count',
  l1Bytes: 'count',
  l2Bytes: 'count',
  l3Bytes: 'count',
  guestTickHz: 'count',
  scheduler: ['credit', 'credit2'],
  schedulerRatelimitUs: 'count',
  schedulerTimesliceUs: 'count',
};
