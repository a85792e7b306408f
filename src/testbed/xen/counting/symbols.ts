import { UserError } from '../../../base/errors.js';

/**
 * Functions of Xen that are counted, with the signs that the plugin understands (guest/qemu-plugin/count.c): continuations
 * of hypercalls are counted by the hypercall they belong to, and stays in Xen are told apart by what ran in them.
 */
const COUNTED = `
*evtchn_send *evtchn_unmask *>do_event_channel_op *>do_sched_op *vcpu_block *>do_set_timer_op *>do_vcpu_op
*>do_grant_table_op >gnttab_map_grant_ref >gnttab_unmap_grant_ref unmap_common >gnttab_copy acquire_grant_for_copy
*>do_iret *>do_set_segment_base *>do_stack_switch *>do_mmu_update *>do_mmuext_op *>do_update_va_mapping *>do_multicall
*>do_xen_version *>do_fpu_taskswitch >do_memory_op >do_console_io >do_physdev_op >do_hvm_op >do_update_descriptor
>do_set_debugreg *>do_argo_op sendv @hypercall_create_continuation restore_all_guest pv_hypercall *hvm_hypercall lstar_enter
*do_page_fault *do_device_not_available *do_general_protection *do_invalid_op *do_IRQ
*apic_timer_interrupt *event_check_interrupt *invalidate_interrupt *call_function_interrupt
flush_area_local flush_area_mask guest_flush_tlb_mask hvm_asid_flush_vcpu hvm_asid_flush_core
switch_cr3_cr4 write_ptbase toggle_guest_mode p2m_set_entry
schedule *sched_context_switch __context_switch continue_running vcpu_wake vcpu_kick send_IPI_mask
*svm_vmexit_handler svm_asid_handle_vmrun svm_get_insn_len *vlapic_EOI_set __hvm_copy
send_guest_global_virq send_guest_vcpu_virq
`
  .trim()
  .split(/\s+/);

/**
 * Lines "ADDRESS NAME" for the counting plugin, from a symbol map as nm writes it ("ADDRESS TYPE NAME"; Xen's build
 * puts "file.c#" before the names of static functions, and the compiler may put ".constprop.0" behind).
 * Functions that this build has inlined are left out. Throws UserError where the text is no map of a hypervisor.
 */
export function pluginFunctions(symbolMap: string, where: string): string {
  const addresses = new Map<string, string>();
  for (const line of symbolMap.split('\n')) {
    const match = /^(?:0x)?([0-9a-f]{16}) ([A-Za-z]) (\S+)$/.exec(line);
    if (match === null) continue;
    const [, address = '', type = '', symbol = ''] = match;
    if (!/[tTwW]/.test(type)) continue;
    const name = symbol.replace(/^.*#/, '').replace(/\.(constprop|isra|part)\.\d+$/, '');
    if (/\.cold$/.test(symbol)) continue;
    // A function split in two keeps its entry under the plain name.
    const whole = !/\.(part)\.\d+$/.test(symbol);
    if (whole || !addresses.has(name)) addresses.set(name, address);
  }
  if (!addresses.has('evtchn_send') && !addresses.has('do_event_channel_op')) {
    throw new UserError('no symbols of a Xen hypervisor', {
      where,
      remedy: "give the output of `nm xen-syms`, or the xen-syms.map of the hypervisor's build",
    });
  }
  const lines: string[] = [];
  for (const counted of COUNTED) {
    const address = addresses.get(counted.replace(/^[*>@]+/, ''));
    if (address !== undefined) lines.push(`${address} ${counted}`);
  }
  return `${lines.join('\n')}\n`;
}
