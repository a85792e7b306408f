import { invariant } from '../../base/errors.js';
import type { Cell, CounterGroup, Counters, MetricValue } from '../../results/types.js';
import { median, sortedAscending } from '../../stats/quantile.js';
import type { CellPlan } from '../contract.js';
import { runModelCell } from './model-testbed.js';

/**
 * The model, counted as real Xen is counted (src/testbed/xen/cells): what a window of 2N messages has more than one of N,
 * at three phases of the timer, the median of which counts.
 *
 * This is the one place that knows which numbers of the two sides are the same. Names on the left are those of cells of
 * real Xen, and of the cells made here:
 *
 * | there | in the model | remark |
 * | --- | --- | --- |
 * | hypercallsPerMessage | the same | event sends and unmasks, grant operations, argo_op |
 * | eventsPerMessage | the same | evtchn_send, and VIRQs of V4V |
 * | tlbFlushesPerMessage, tlb.flushRequests | flushRequests | flush_area_mask there |
 * | vmexitsPerMessage, entriesPerMessage | entries less work.timerEntries | there, the timer's hypercalls and what a guest that only computes enters a millisecond are taken off |
 * | entriesWithTimePerMessage | entries | all |
 * | entries.syscall, entries.nm | pv-syscall, pv-trap | of PV guests; PVH guests have nm |
 * | hypercalls.sched_op | sched_block, sched_yield, sched_poll | one hypercall there |
 * | hypercalls.argo_sendv, argo_notify | the same | |
 * | tlb.flushesOfLocalTlb | localFlushes | of PV guests |
 * | tlb.asidFlushes, tlb.cr3Writes, tlb.invlpg | the same | |
 * | scheduling.blocks | hlt, sched_block | a vCPU that an event keeps awake has not blocked: a little more there |
 * | scheduling.contextSwitches | vcpuSwitches | of guests; Xen also counts switches to its idle vCPU |
 */
export function countsAsOnXen(plan: CellPlan): Cell {
  const phases = PHASES.map((seed) => phase(plan, seed));
  const [first] = phases as [Phase];
  const unsound = phases.find(({ cell }) => cell.verdict !== 'valid');
  if (unsound !== undefined) return { ...unsound.cell, metrics: {} };
  const metrics: Record<string, MetricValue> = {};
  for (const name of Object.keys(first.perMessage)) {
    const samples = phases.map(({ perMessage }) => perMessage[name] as number);
    metrics[name] = metric(samples);
  }
  const typical = phases[typicalIndex(phases)] as Phase;
  const {
    counters: _all,
    histograms: _latency,
    attributionNs: _time,
    trace: _trace,
    ...cell
  } = first.cell;
  return { ...cell, metrics, counters: typical.counters };
}

/** Seeds move the guests' ticks to other places of their period. */
const PHASES = [1, 2, 3];
const TRANSPORT_HYPERCALL = /^(evtchn_send|evtchn_unmask|gnttab_|argo_)/;

interface Phase {
  readonly cell: Cell;
  readonly perMessage: Readonly<Record<string, number>>;
  readonly counters: Counters;
}

type Groups = Readonly<Record<string, Readonly<Record<string, number>>>>;

function phase(plan: CellPlan, seed: number): Phase {
  const parameters = { ...plan.parameters, seed };
  const { messages } = parameters;
  const shorter = runModelCell({ ...plan, parameters });
  const longer = runModelCell({ ...plan, parameters: { ...parameters, messages: 2 * messages } });
  const unsound = [shorter, longer].find(({ verdict }) => verdict !== 'valid');
  if (unsound !== undefined) return { cell: unsound, perMessage: {}, counters: NO_COUNTERS };
  const groups = difference(longer.counters ?? {}, shorter.counters ?? {});
  const counters = countersOf(groups, plan, messages);
  return { cell: shorter, perMessage: perMessage(groups, plan, messages), counters };
}

const NO_COUNTERS: Counters = {
  hypercalls: {},
  entries: {},
  tlb: {},
  grants: {},
  events: {},
  copies: {},
  xenstore: {},
};

function difference(longer: Groups, shorter: Groups): Groups {
  return Object.fromEntries(
    Object.entries(longer).map(([group, counts]) => [
      group,
      Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [
          name,
          count - (shorter[group]?.[name] ?? 0),
        ]),
      ),
    ]),
  );
}

function perMessage(groups: Groups, plan: CellPlan, messages: number): Record<string, number> {
  const { guestTypes } = plan.parameters;
  const own = Object.entries(groups['hypercalls'] ?? {}).filter(([name]) =>
    TRANSPORT_HYPERCALL.test(name),
  );
  const entries = total(Object.entries(groups['entries'] ?? {}));
  const byProtocol = entries - count(groups, 'work', 'timerEntries');
  invariant(
    guestTypes[0] === guestTypes[1],
    'entries of two types of guests are not told apart by the model',
    { server: guestTypes[0], client: guestTypes[1] },
  );
  const counts = {
    hypercallsPerMessage: total(own),
    eventsPerMessage: count(groups, 'events', 'sent') + count(groups, 'events', 'virqs'),
    tlbFlushesPerMessage: count(groups, 'tlb', 'flushRequests'),
    vmexitsPerMessage: guestTypes[0] === 'pvh' ? byProtocol : 0,
    entriesPerMessage: byProtocol,
    entriesWithTimePerMessage: entries,
  };
  return Object.fromEntries(
    Object.entries(counts).map(([name, amount]) => [name, amount / messages]),
  );
}

function countersOf(groups: Groups, plan: CellPlan, messages: number): Counters {
  const hypercall = (name: string): number => count(groups, 'hypercalls', name);
  const entry = (name: string): number => count(groups, 'entries', name);
  const tlb = (name: string): number => count(groups, 'tlb', name);
  const same = (...names: readonly string[]): CounterGroup =>
    Object.fromEntries(names.map((name) => [name, hypercall(name)]));
  return {
    hypercalls: {
      ...same('evtchn_send', 'evtchn_unmask', 'gnttab_map', 'gnttab_unmap', 'gnttab_copy'),
      ...same('argo_sendv', 'argo_notify', 'set_timer', 'iret', 'set_segment_base', 'stack_switch'),
      ...same('mmu_update', 'mmuext_op', 'update_va_mapping', 'multicall'),
      sched_op: hypercall('sched_block') + hypercall('sched_yield') + hypercall('sched_poll'),
    },
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
      flushesOfLocalTlb: tlb('localFlushes'),
      asidFlushes: tlb('asidFlushes'),
      cr3Writes: tlb('cr3Writes'),
      invlpg: tlb('invlpg'),
    },
    grants: groups['grants'] ?? {},
    events: groups['events'] ?? {},
    copies: { messages, payloadBytes: messages * plan.parameters.messageSizeBytes },
    xenstore: {},
    scheduling: {
      blocks: entry('hlt') + hypercall('sched_block'),
      contextSwitches: count(groups, 'work', 'vcpuSwitches'),
    },
  };
}

function count(groups: Groups, group: string, name: string): number {
  return groups[group]?.[name] ?? 0;
}

function total(counts: readonly (readonly [name: string, count: number])[]): number {
  return counts.reduce((sum, [, one]) => sum + one, 0);
}

/** The phase whose entries are the middle ones, as for real Xen. */
function typicalIndex(phases: readonly Phase[]): number {
  const entries = phases.map(({ perMessage: counts }) => counts['entriesWithTimePerMessage'] ?? 0);
  return entries.indexOf(median(sortedAscending(entries)));
}

function metric(samples: readonly number[]): MetricValue {
  const sorted = sortedAscending(samples);
  const low = sorted[0] as number;
  const high = sorted.at(-1) as number;
  const exact = low === high;
  return {
    value: median(sorted),
    unit: '1',
    better: 'lower',
    assume: exact ? 'exact' : 'nothing',
    ...(exact ? {} : { samples, interval: [low, high] as const }),
  };
}
