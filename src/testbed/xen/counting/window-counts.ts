import { ICOUNT_SHIFT } from '../machine/machine-config.js';
import type { PluginWindow } from './plugin-output.js';
import type { TraceWindow } from './trace-lines.js';
import { exitName, hypercallName, MSR_X2APIC_EOI, TRACE } from './trace-names.js';

/** Counts by name, in groups, as a cell of the results file has them. */
export type CountGroups = Record<string, Record<string, number>>;

/** A number of the plugin under its name in the results file. */
interface Source {
  readonly group: string;
  readonly name: string;
  readonly count: (window: PluginWindow) => number;
}

const called =
  (...names: readonly string[]) =>
  (window: PluginWindow): number =>
    names.reduce((sum, name) => sum + (window.functions[name] ?? 0), 0);
const executed =
  (place: string, name: string) =>
  (window: PluginWindow): number =>
    window.privileged[`${place} ${name}`] ?? 0;

/** Calls of a hypercall's handler, less those that go on with one that Xen had interrupted. */
const operations =
  (...handlers: readonly string[]) =>
  (window: PluginWindow): number =>
    handlers.reduce((sum, handler) => {
      const continued = window.functions[`hypercall_create_continuation@${handler}`] ?? 0;
      return sum + (window.functions[handler] ?? 0) - continued;
    }, 0);

/** The guests' timer is a hypercall of the vcpu_op family in Linux: VCPUOP_set_singleshot_timer. */
export const timerHypercalls = called('do_vcpu_op', 'do_set_timer_op');

export const vmEntries = executed('xen', 'vmrun');
/** Returns of Xen to PV guests, as many as entries from them. */
export const pvEntries = called('restore_all_guest');

/**
 * Operations that a transport asks of Xen itself, as opposed to what the guest's kernel asks on the way. One that Xen
 * interrupts and goes on with later is asked for once.
 */
export const transportHypercalls = operations(
  'evtchn_send',
  'evtchn_unmask',
  'gnttab_map_grant_ref',
  'gnttab_unmap_grant_ref',
  'gnttab_copy',
  'do_argo_op',
);
export const eventSends = called('evtchn_send', 'send_guest_global_virq');
/** Requests of Xen to flush the TLBs of a set of CPUs. */
export const flushRequests = called('flush_area_mask');

const SOURCES: readonly Source[] = [
  { group: 'hypercalls', name: 'evtchn_send', count: called('evtchn_send') },
  { group: 'hypercalls', name: 'evtchn_unmask', count: called('evtchn_unmask') },
  { group: 'hypercalls', name: 'gnttab_map', count: operations('gnttab_map_grant_ref') },
  { group: 'hypercalls', name: 'gnttab_unmap', count: operations('gnttab_unmap_grant_ref') },
  { group: 'hypercalls', name: 'gnttab_copy', count: operations('gnttab_copy') },
  { group: 'hypercalls', name: 'argo_sendv', count: called('sendv') },
  {
    group: 'hypercalls',
    name: 'argo_notify', // a steady exchange has no other operation
    count: (window) => called('do_argo_op')(window) - called('sendv')(window),
  },
  { group: 'hypercalls', name: 'set_timer', count: timerHypercalls },
  { group: 'hypercalls', name: 'sched_op', count: called('do_sched_op') },
  { group: 'hypercalls', name: 'iret', count: called('do_iret') },
  { group: 'hypercalls', name: 'set_segment_base', count: called('do_set_segment_base') },
  { group: 'hypercalls', name: 'stack_switch', count: called('do_stack_switch') },
  { group: 'hypercalls', name: 'mmu_update', count: called('do_mmu_update') },
  { group: 'hypercalls', name: 'mmuext_op', count: called('do_mmuext_op') },
  { group: 'hypercalls', name: 'update_va_mapping', count: called('do_update_va_mapping') },
  { group: 'hypercalls', name: 'multicall', count: called('do_multicall') },
  { group: 'hypercalls', name: 'xen_version', count: called('do_xen_version') },
  { group: 'hypercalls', name: 'fpu_taskswitch', count: called('do_fpu_taskswitch') },
  { group: 'hypercalls', name: 'memory_op', count: called('do_memory_op') },
  { group: 'hypercalls', name: 'console_io', count: called('do_console_io') },
  { group: 'tlb', name: 'flushRequests', count: flushRequests },
  { group: 'tlb', name: 'flushesOfLocalTlb', count: called('flush_area_local') },
  { group: 'tlb', name: 'guestFlushes', count: called('guest_flush_tlb_mask') },
  {
    group: 'tlb',
    name: 'asidFlushes',
    count: called('hvm_asid_flush_core', 'hvm_asid_flush_vcpu'),
  },
  { group: 'tlb', name: 'shootdownIpis', count: called('invalidate_interrupt') },
  { group: 'tlb', name: 'cr3Writes', count: executed('xen', 'mov_cr3') },
  { group: 'tlb', name: 'guestCr3Writes', count: executed('kernel', 'mov_cr3') },
  { group: 'tlb', name: 'invlpg', count: executed('kernel', 'invlpg') },
  { group: 'tlb', name: 'invlpgByXen', count: executed('xen', 'invlpg') },
  { group: 'tlb', name: 'p2mChanges', count: called('p2m_set_entry') },
  { group: 'grants', name: 'mapOperations', count: operations('gnttab_map_grant_ref') },
  { group: 'grants', name: 'unmappedPages', count: called('unmap_common') },
  { group: 'grants', name: 'copiedSegments', count: called('acquire_grant_for_copy') },
  { group: 'events', name: 'sent', count: called('evtchn_send') },
  { group: 'events', name: 'timerVirqs', count: called('send_guest_vcpu_virq') },
  { group: 'events', name: 'virqs', count: called('send_guest_global_virq') },
  { group: 'events', name: 'ipis', count: called('send_IPI_mask') },
  { group: 'scheduling', name: 'blocks', count: called('vcpu_block') },
  { group: 'scheduling', name: 'wakes', count: called('vcpu_wake') },
  { group: 'scheduling', name: 'contextSwitches', count: called('sched_context_switch') },
  { group: 'scheduling', name: 'addressSpaceSwitches', count: called('__context_switch') },
  { group: 'scheduling', name: 'guestModeToggles', count: called('toggle_guest_mode') },
  { group: 'pathLength', name: 'xenInstructions', count: (w) => w.instructions['xen'] ?? 0 },
  { group: 'pathLength', name: 'kernelInstructions', count: (w) => w.instructions['kernel'] ?? 0 },
  { group: 'pathLength', name: 'userInstructions', count: (w) => w.instructions['user'] ?? 0 },
];

/** All counts of the plugin in groups. Entries are here for PV guests; a PVH guest's by reason come from the trace. */
export function pluginCounts(window: PluginWindow): CountGroups {
  const groups: CountGroups = {};
  for (const { group, name, count } of SOURCES) add(groups, group, name, count(window));
  const hypercalls = called('pv_hypercall')(window);
  const exceptions = called(
    'do_page_fault',
    'do_device_not_available',
    'do_general_protection',
    'do_invalid_op',
  );
  add(groups, 'entries', 'vmrun', vmEntries(window));
  add(groups, 'entries', 'pv', pvEntries(window));
  add(groups, 'entries', 'pvHypercall', hypercalls);
  add(groups, 'entries', 'pvSyscall', called('lstar_enter')(window) - hypercalls);
  add(groups, 'entries', 'pvNm', called('do_device_not_available')(window));
  add(groups, 'entries', 'pvPageFault', called('do_page_fault')(window));
  add(
    groups,
    'entries',
    'pvExternalInterrupt',
    Math.max(0, pvEntries(window) - called('lstar_enter')(window) - exceptions(window)),
  );
  return groups;
}

/** Counts of the trace in groups: exits of PVH guests by reason, hypercalls and exits by domain. */
export function traceCounts(trace: TraceWindow): CountGroups {
  const groups: CountGroups = {};
  for (const { domid, event, words, count } of trace.counts) {
    const who = domid === undefined ? 'unknown' : `dom${domid}`;
    const [first = 0, second] = words;
    switch (event) {
      case TRACE.VMEXIT: {
        const reason = exitName(first);
        add(groups, 'exits', reason, count);
        add(groups, `exits ${who}`, reason, count);
        break;
      }
      case TRACE.VMENTRY:
        add(groups, 'exits', 'entries', count);
        add(groups, `exits ${who}`, 'entries', count);
        break;
      case TRACE.HVM_MSR_WRITE:
        // An exit for the end-of-interrupt register is an exit for an MSR: its handler's record tells it apart.
        if (first !== MSR_X2APIC_EOI) break;
        for (const group of ['exits', `exits ${who}`]) {
          add(groups, group, 'eoi', count);
          add(groups, group, 'msr', -count);
        }
        break;
      case TRACE.HVM_VMMCALL:
      case TRACE.PV_HYPERCALL:
      case TRACE.PV_HYPERCALL_SUBCALL:
        add(groups, `hypercalls ${who}`, hypercallName(first, second), count);
        break;
      default:
        break;
    }
  }
  return groups;
}

/** Milliseconds of virtual time that guests ran, kernels and programs together. */
export function guestMilliseconds(window: PluginWindow): number {
  const instructions = (window.instructions['kernel'] ?? 0) + (window.instructions['user'] ?? 0);
  return (instructions * 2 ** ICOUNT_SHIFT) / 1e6;
}

/** longer - shorter, name by name. Names that are zero in both are left out. */
export function difference(longer: CountGroups, shorter: CountGroups): CountGroups {
  const groups: CountGroups = {};
  for (const group of new Set([...Object.keys(longer), ...Object.keys(shorter)])) {
    const names = new Set([
      ...Object.keys(longer[group] ?? {}),
      ...Object.keys(shorter[group] ?? {}),
    ]);
    for (const name of names) {
      const more = longer[group]?.[name] ?? 0;
      const less = shorter[group]?.[name] ?? 0;
      if (more !== 0 || less !== 0) add(groups, group, name, more - less);
    }
  }
  return groups;
}

function add(groups: CountGroups, group: string, name: string, count: number): void {
  const members = groups[group] ?? {};
  groups[group] = members;
  members[name] = (members[name] ?? 0) + count;
}
