import type { Cell, CounterGroup, Counters, MetricValue } from '../../results/types.js';
import { guestTypes, messagesOf, QUANTITIES } from './quantities.js';

/**
 * A cell of the model under the names and with the meanings of real Xen's cells (src/testbed/xen/cells/cell-result.ts).
 * This is the one place that knows which numbers of the two sides are the same:
 *
 * | real Xen | the model | remark |
 * | --- | --- | --- |
 * | hypercallsPerMessage | hypercalls evtchn_send, evtchn_unmask, gnttab_*, argo_* | what Xen interrupts and goes on with counts once on both sides |
 * | eventsPerMessage | events.sent + events.virqs | |
 * | tlbFlushesPerMessage, tlb.flushRequests | tlb.flushRequests | calls of flush_area_mask there |
 * | vmexitsPerMessage, entriesPerMessage | entries less work.timerEntries | what comes with time alone is no message's: there, the timer's hypercalls are taken off, and what a guest that only computes enters a millisecond |
 * | entriesWithTimePerMessage | entries | all of them |
 * | entries.syscall, entries.nm | pv-syscall, pv-trap | of PV guests; nm of PVH guests is the same |
 * | hypercalls.sched_op | sched_block, sched_yield, sched_poll | |
 * | tlb.flushesOfLocalTlb | localFlushes; of PVH guests asidFlushes less vCPU switches | flush_area_local there |
 * | tlb.asidFlushes | asidFlushes | hvm_asid_flush_core there |
 * | tlb.cr3Writes | cr3Writes | by Xen |
 * | scheduling.blocks | entries.hlt, sched_block | one that an event keeps awake has not blocked there |
 * | scheduling.contextSwitches | work.vcpuSwitches | |
 *
 * Cells of real Xen come back as they are, and so do cells that have been here.
 */
export function asOnXen(cell: Cell): Cell {
  const { counters } = cell;
  if (cell.testbed !== 'model' || counters === undefined || cell.verdict !== 'valid') return cell;
  if (Object.hasOwn(cell.metrics, 'entriesWithTimePerMessage')) return cell;
  return { ...cell, metrics: metricsOf(cell, counters), counters: countersOf(cell, counters) };
}

const TRANSPORT_HYPERCALL = /^(evtchn_send$|evtchn_unmask$|gnttab_|argo_)/;

function metricsOf(cell: Cell, counters: Counters): Record<string, MetricValue> {
  const messages = messagesOf(cell);
  const own = Object.entries(counters.hypercalls).filter(([name]) =>
    TRANSPORT_HYPERCALL.test(name),
  );
  const entries = total(Object.values(counters.entries));
  const byProtocol = entries - count(counters, 'work', 'timerEntries');
  const amounts: Record<string, number | undefined> = {
    hypercallsPerMessage: total(own.map(([, each]) => each)),
    eventsPerMessage: count(counters, 'events', 'sent') + count(counters, 'events', 'virqs'),
    tlbFlushesPerMessage: count(counters, 'tlb', 'flushRequests'),
    // With guests of two types the model does not say whose entries are VMEXITs.
    vmexitsPerMessage: isAll(cell, 'pvh') ? byProtocol : isAll(cell, 'pv') ? 0 : undefined,
    entriesPerMessage: byProtocol,
    entriesWithTimePerMessage: entries,
  };
  const metrics: Record<string, MetricValue> = {};
  for (const [name, amount] of Object.entries(amounts)) {
    if (amount === undefined) continue;
    const quantity = QUANTITIES.find(({ source }) => source === name);
    metrics[name] = {
      value: amount / messages,
      unit: '1',
      better: 'lower',
      assume: 'exact',
      ...(quantity === undefined ? {} : { determinedBy: quantity.determinedBy(cell) }),
    };
  }
  return metrics;
}

function countersOf(cell: Cell, counters: Counters): Counters {
  const hypercall = (name: string): number => count(counters, 'hypercalls', name);
  const entry = (name: string): number => count(counters, 'entries', name);
  const tlb = (name: string): number => count(counters, 'tlb', name);
  const switches = count(counters, 'work', 'vcpuSwitches');
  const {
    sched_block: block = 0,
    sched_yield: yields = 0,
    sched_poll: poll = 0,
    ...hypercalls
  } = counters.hypercalls as Readonly<Record<string, number>>;
  return {
    ...counters,
    hypercalls: { ...hypercalls, sched_op: block + yields + poll },
    entries: {
      hypercall: entry('hypercall'),
      hlt: entry('hlt'),
      eoi: entry('eoi'),
      nm: entry('nm') + entry('pv-trap'),
      syscall: entry('pv-syscall'),
      'external-interrupt': entry('external-interrupt'),
    },
    tlb: {
      flushRequests: tlb('flushRequests'),
      flushesOfLocalTlb: isAll(cell, 'pvh')
        ? Math.max(0, tlb('asidFlushes') - switches)
        : tlb('localFlushes'),
      asidFlushes: tlb('asidFlushes'),
      cr3Writes: tlb('cr3Writes'),
      invlpg: tlb('invlpg'),
    },
    scheduling: { blocks: entry('hlt') + hypercall('sched_block'), contextSwitches: switches },
  };
}

function isAll(cell: Cell, type: string): boolean {
  return guestTypes(cell).every((one) => one === type);
}

function count(counters: Counters, group: string, name: string): number {
  return (counters[group] as CounterGroup | undefined)?.[name] ?? 0;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, one) => sum + one, 0);
}
