/** Where the time of a pCPU can go. Every picosecond has exactly one of these. */
export const CAUSES = [
  'guest-user',
  'guest-kernel',
  'copy',
  'hypervisor-entry',
  'hypervisor-work',
  'page-walk',
  'tlb',
  'cache-line',
  'lock',
  'event-delivery',
  'context-switch',
  'teardown',
  'toolstack',
  'idle',
] as const;
export type Cause = (typeof CAUSES)[number];

export const GUEST_USER = 0;
export const GUEST_KERNEL = 1;
export const COPY = 2;
export const HYPERVISOR_ENTRY = 3;
export const HYPERVISOR_WORK = 4;
export const PAGE_WALK = 5;
export const TLB = 6;
export const CACHE_LINE = 7;
export const LOCK = 8;
export const EVENT_DELIVERY = 9;
export const CONTEXT_SWITCH = 10;
export const TEARDOWN = 11;
export const TOOLSTACK = 12;
export const IDLE = 13;

/** Reasons for which a guest enters the hypervisor. For PVH guests these are VMEXITs. */
export const ENTRY_REASONS = [
  'hypercall',
  'hlt',
  'external-interrupt',
  'eoi',
  'nm',
  'timer',
  'pv-syscall',
  'pv-trap',
] as const;
export type EntryReason = (typeof ENTRY_REASONS)[number];

export const ENTRY_HYPERCALL = 0;
export const ENTRY_HLT = 1;
export const ENTRY_EXTERNAL_INTERRUPT = 2;
export const ENTRY_EOI = 3;
export const ENTRY_NM = 4;
export const ENTRY_TIMER = 5;
export const ENTRY_PV_SYSCALL = 6;
export const ENTRY_PV_TRAP = 7;
