import { ENTRY_REASONS } from './causes.js';

/** Hypercalls of the base system; a transport's hypervisor half adds its own. */
const BASE_HYPERCALLS = [
  'evtchn_send',
  'evtchn_unmask',
  'evtchn_control',
  'gnttab_map',
  'gnttab_unmap',
  'gnttab_copy',
  'sched_block',
  'sched_shutdown',
  'set_timer',
  'iret',
  'stack_switch',
  'set_segment_base',
  'mmu_update',
  'mmuext_op',
  'memory_op',
  'sched_yield',
  'sched_poll',
  'update_va_mapping',
  'multicall',
] as const;
export type BaseHypercall = (typeof BASE_HYPERCALLS)[number];

const zeroTlb = () => ({
  /** Flushes that Xen asked for (guest_flush_tlb_mask, or INVEPT), whatever they reached. */
  flushRequests: 0,
  /** flush_area_mask: shootdowns, and the IPIs sent for them. */
  shootdowns: 0,
  shootdownIpis: 0,
  /** A pCPU retired its tags (NPT: a new ASID generation; EPT: INVEPT at the next entry). */
  asidFlushes: 0,
  /** flush_area_local on behalf of a PV guest. */
  localFlushes: 0,
  cr3Writes: 0,
  invlpg: 0,
  entriesDropped: 0,
  misses: 0,
  refillPs: 0,
  flushPs: 0,
});

const zeroGrants = () => ({ mapped: 0, unmapped: 0, copied: 0, copiedBytes: 0 });
const zeroEvents = () => ({ sent: 0, delivered: 0, coalesced: 0, virqs: 0, ipis: 0, channels: 0 });
const zeroCopies = () => ({
  guestBytes: 0,
  hypervisorBytes: 0,
  guestCopies: 0,
  hypervisorCopies: 0,
});
const zeroWork = () => ({
  /** Walks of a guest's page tables by Xen: for what the guest hands over by address, ... */
  pageWalks: 0,
  /** ... to tell a guest that its vCPU runs or does not, and ... */
  runstateWalks: 0,
  /** ... to find out which instruction made an exit, where the hardware does not say. */
  decodeWalks: 0,
  systemCalls: 0,
  taskSwitches: 0,
  vcpuSwitches: 0,
  preemptions: 0,
  ticks: 0,
  /** Entries that come with time alone: of ticks and of ends of time slices. Part of all entries. */
  timerEntries: 0,
  cacheLineTransfers: 0,
  lockWaits: 0,
});
const zeroXenstore = () => ({ operations: 0, watches: 0, transactions: 0, errors: 0 });

/** Everything that is counted, of all domains together, since the machine was switched on. */
export class MachineCounters {
  readonly hypercallNames: string[] = [...BASE_HYPERCALLS];
  hypercalls = new Float64Array(32);
  readonly entries = new Float64Array(ENTRY_REASONS.length);
  readonly tlb = zeroTlb();
  readonly grants = zeroGrants();
  readonly events = zeroEvents();
  readonly copies = zeroCopies();
  readonly work = zeroWork();
  readonly xenstore = zeroXenstore();

  /** The number under which a hypercall is counted; new names are added. */
  hypercall(name: string): number {
    const known = this.hypercallNames.indexOf(name);
    if (known >= 0) return known;
    this.hypercallNames.push(name);
    if (this.hypercallNames.length > this.hypercalls.length) {
      const larger = new Float64Array(this.hypercalls.length * 2);
      larger.set(this.hypercalls);
      this.hypercalls = larger;
    }
    return this.hypercallNames.length - 1;
  }

  /** All counts by group and name. */
  snapshot(): Record<string, Record<string, number>> {
    const named = (names: readonly string[], values: Float64Array): Record<string, number> => {
      const group: Record<string, number> = {};
      names.forEach((name, index) => {
        group[name] = values[index] as number;
      });
      return group;
    };
    return {
      hypercalls: named(this.hypercallNames, this.hypercalls),
      entries: named(ENTRY_REASONS, this.entries),
      tlb: { ...this.tlb },
      grants: { ...this.grants },
      events: { ...this.events },
      copies: { ...this.copies },
      work: { ...this.work },
      xenstore: { ...this.xenstore },
    };
  }
}

export const EVTCHN_SEND = BASE_HYPERCALLS.indexOf('evtchn_send');
export const EVTCHN_UNMASK = BASE_HYPERCALLS.indexOf('evtchn_unmask');
export const EVTCHN_CONTROL = BASE_HYPERCALLS.indexOf('evtchn_control');
export const GNTTAB_MAP = BASE_HYPERCALLS.indexOf('gnttab_map');
export const GNTTAB_UNMAP = BASE_HYPERCALLS.indexOf('gnttab_unmap');
export const GNTTAB_COPY = BASE_HYPERCALLS.indexOf('gnttab_copy');
export const SCHED_BLOCK = BASE_HYPERCALLS.indexOf('sched_block');
export const SCHED_SHUTDOWN = BASE_HYPERCALLS.indexOf('sched_shutdown');
export const SET_TIMER = BASE_HYPERCALLS.indexOf('set_timer');
export const IRET = BASE_HYPERCALLS.indexOf('iret');
export const STACK_SWITCH = BASE_HYPERCALLS.indexOf('stack_switch');
export const SET_SEGMENT_BASE = BASE_HYPERCALLS.indexOf('set_segment_base');
export const MMU_UPDATE = BASE_HYPERCALLS.indexOf('mmu_update');
export const MMUEXT_OP = BASE_HYPERCALLS.indexOf('mmuext_op');
export const MEMORY_OP = BASE_HYPERCALLS.indexOf('memory_op');
export const SCHED_YIELD = BASE_HYPERCALLS.indexOf('sched_yield');
export const UPDATE_VA_MAPPING = BASE_HYPERCALLS.indexOf('update_va_mapping');
export const MULTICALL = BASE_HYPERCALLS.indexOf('multicall');
export const SCHED_POLL = BASE_HYPERCALLS.indexOf('sched_poll');
