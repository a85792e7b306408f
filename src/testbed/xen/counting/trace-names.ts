/** Numbers of xen/include/public/trace.h; the flag for 64-bit addresses (0x100) is taken off by the agent. */
export const TRACE = {
  VMENTRY: 0x81001,
  VMEXIT: 0x81002,
  HVM_MSR_READ: 0x8200c,
  HVM_MSR_WRITE: 0x8200d,
  HVM_CPUID: 0x8200e,
  HVM_VMMCALL: 0x82012,
  PV_TRAP: 0x201003,
  PV_PAGE_FAULT: 0x201004,
  PV_FORCED_INVALID_OP: 0x201005,
  PV_EMULATE_PRIVOP: 0x201006,
  PV_EMULATE_4GB: 0x201007,
  PV_MATH_STATE_RESTORE: 0x201008,
  PV_PAGING_FIXUP: 0x201009,
  PV_GDT_LDT_MAPPING_FAULT: 0x20100a,
  PV_PTWR_EMULATION: 0x20100b,
  PV_HYPERCALL: 0x20100d,
  PV_HYPERCALL_SUBCALL: 0x20200e,
  SCHED_SWITCH: 0x2800a,
} as const;

/** xen/include/public/xen.h: hypercall numbers. */
const HYPERCALLS: Readonly<Record<number, string>> = {
  0: 'set_trap_table',
  1: 'mmu_update',
  2: 'set_gdt',
  3: 'stack_switch',
  4: 'set_callbacks',
  5: 'fpu_taskswitch',
  8: 'set_debugreg',
  10: 'update_descriptor',
  12: 'memory_op',
  13: 'multicall',
  14: 'update_va_mapping',
  15: 'set_timer',
  17: 'xen_version',
  18: 'console_io',
  20: 'grant_table_op',
  23: 'iret',
  24: 'vcpu_op',
  25: 'set_segment_base',
  26: 'mmuext_op',
  29: 'sched_op',
  32: 'event_channel_op',
  33: 'physdev_op',
  34: 'hvm_op',
  39: 'argo_op',
};

/** xen/include/public/sched.h and grant_table.h: operations that xentrace records for PV guests. */
const SCHED_OPERATIONS: Readonly<Record<number, string>> = {
  0: 'sched_yield',
  1: 'sched_block',
  2: 'sched_shutdown',
  3: 'sched_poll',
};
const GRANT_OPERATIONS: Readonly<Record<number, string>> = {
  0: 'gnttab_map',
  1: 'gnttab_unmap',
  5: 'gnttab_copy',
  7: 'gnttab_unmap_and_replace',
};

/** Exit codes of AMD SVM (AMD64 Architecture Programmer's Manual, volume 2, appendix C), as entries' reasons. */
const EXITS: Readonly<Record<number, string>> = {
  16: 'cr0-write',
  70: 'ud',
  71: 'nm',
  77: 'gp',
  78: 'page-fault',
  96: 'external-interrupt',
  97: 'nmi',
  100: 'interrupt-window',
  110: 'rdtsc',
  114: 'cpuid',
  119: 'pause',
  120: 'hlt',
  121: 'invlpg',
  123: 'port-io',
  124: 'msr',
  129: 'hypercall',
  1024: 'nested-page-fault',
};

/** Writes to the APIC's end-of-interrupt register, by its x2APIC number: an exit of its own kind to us. */
export const MSR_X2APIC_EOI = 0x80b;

export function hypercallName(number: number, operation?: number): string {
  if (number === 29 && operation !== undefined) {
    return SCHED_OPERATIONS[operation] ?? `sched_op_${operation}`;
  }
  if (number === 20 && operation !== undefined) {
    return GRANT_OPERATIONS[operation] ?? `gnttab_op_${operation}`;
  }
  return HYPERCALLS[number] ?? `hypercall_${number}`;
}

export function exitName(code: number): string {
  return EXITS[code] ?? `exit_${code.toString(16)}`;
}
