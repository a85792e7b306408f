import type { ProfileRecord } from '../../results/types.js';
import { compareText, own } from './labels.js';
import { certaintyOf } from './price-causes.js';
import { counterSum, messagesOf, metricOf, type ReportCell } from './report-data.js';

/** CPU time by cause, summed over the physical CPUs, nanoseconds in the whole cell. */
export function attributionOf(cell: ReportCell): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const causes of Object.values(cell.attributionNs ?? {})) {
    for (const [cause, ns] of Object.entries(causes)) sums.set(cause, (sums.get(cause) ?? 0) + ns);
  }
  return sums;
}

/** Causes in the order in which they are stacked: work first, overhead outwards, idle apart. */
const CAUSE_ORDER: readonly string[] = [
  'copy',
  'guest-user',
  'guest-kernel',
  'hypervisor-entry',
  'hypervisor-work',
  'page-walk',
  'tlb',
  'cache-line',
  'lock',
  'event-delivery',
  'context-switch',
  'toolstack',
  'teardown',
  'idle',
];

export function causeOrder(a: string, b: string): number {
  const place = (name: string): number => {
    const index = CAUSE_ORDER.indexOf(name);
    return index < 0 ? CAUSE_ORDER.length : index;
  };
  return place(a) - place(b) || compareText(a, b);
}

/** Busy nanoseconds a message by cause; idle is given apart. Undefined without attribution or message count. */
export function cpuTimePerMessage(
  cell: ReportCell,
): { busy: Readonly<Record<string, number>>; totalNs: number; idleNs: number } | undefined {
  const messages = messagesOf(cell);
  const sums = attributionOf(cell);
  if (messages === undefined || sums.size === 0) return undefined;
  const busy: Record<string, number> = Object.create(null);
  let totalNs = 0;
  let idleNs = 0;
  for (const [cause, ns] of [...sums].sort((a, b) => causeOrder(a[0], b[0]))) {
    if (cause === 'idle') idleNs = ns / messages;
    else if (ns !== 0) {
      busy[cause] = ns / messages;
      totalNs += ns / messages;
    }
  }
  return { busy, totalNs, idleNs };
}

/** Nanoseconds a message that the busiest physical CPU works. Undefined where CPUs are not told apart. */
export function busiestCpuNs(cell: ReportCell): number | undefined {
  const messages = messagesOf(cell);
  const cpus = Object.values(cell.attributionNs ?? {});
  if (messages === undefined || cpus.length < 2) return undefined;
  const busy = cpus.map((causes) =>
    Object.entries(causes).reduce((sum, [cause, ns]) => (cause === 'idle' ? sum : sum + ns), 0),
  );
  return Math.max(...busy) / messages;
}

/**
 * Shares of busy CPU time, 0 to 1, under causes of which all prices, or only some, are estimates. Undefined where the
 * cell has no attribution or its profile is not recorded.
 */
export function estimatedShares(
  cell: ReportCell,
  profile: ProfileRecord | undefined,
): { wholly: number; partly: number } | undefined {
  const time = cpuTimePerMessage(cell);
  let wholly = 0;
  let partly = 0;
  if (time === undefined || time.totalNs === 0 || profile === undefined) return undefined;
  for (const [cause, ns] of Object.entries(time.busy)) {
    const certainty = certaintyOf(profile, cause);
    if (certainty === 'estimated') wholly += ns / time.totalNs;
    if (certainty === 'partly-estimated') partly += ns / time.totalNs;
  }
  return { wholly, partly };
}

/** Counters of a group a message, zero ones left out. */
export function countersPerMessage(
  cell: ReportCell,
  group: string,
): Readonly<Record<string, number>> | undefined {
  const counts = cell.counters === undefined ? undefined : own(cell.counters, group);
  const messages = messagesOf(cell);
  if (counts === undefined || messages === undefined) return undefined;
  const each: Record<string, number> = Object.create(null);
  for (const [name, count] of Object.entries(counts)) {
    if (count !== 0) each[name] = count / messages;
  }
  return each;
}

/** Hypervisor entries a message: the metric, or the sum of the counters. */
export function entriesPerMessage(cell: ReportCell): number | undefined {
  const metric = metricOf(cell, 'entriesPerMessage');
  if (metric !== undefined) return metric;
  const total = counterSum(cell, 'entries');
  const messages = messagesOf(cell);
  return total === undefined || messages === undefined ? undefined : total / messages;
}

/** Cells that carry no comparable number, counted by what is said of them. */
export interface Problem {
  readonly verdict: string;
  readonly transport: string;
  readonly reason: string;
  readonly count: number;
  /** The message or ring size at which it happens first, for a reader who looks for it. */
  readonly example: string;
}

export function problemsOf(cells: readonly ReportCell[]): readonly Problem[] {
  const found = new Map<string, Problem>();
  for (const cell of cells) {
    if (cell.verdict === 'valid') continue;
    const reason = cell.reason ?? 'no reason given';
    const key = JSON.stringify([cell.verdict, cell.transport, reason]);
    const known = found.get(key);
    found.set(key, {
      verdict: cell.verdict,
      transport: cell.transport,
      reason,
      count: (known?.count ?? 0) + 1,
      example: known?.example ?? cell.id,
    });
  }
  const weight: Readonly<Record<string, number>> = { invalid: 0, unknown: 1, skipped: 2 };
  return [...found.values()].sort(
    (a, b) =>
      (own(weight, a.verdict) ?? 3) - (own(weight, b.verdict) ?? 3) ||
      b.count - a.count ||
      compareText(a.transport + a.reason, b.transport + b.reason),
  );
}

/** "20 cells have no figure here: 20 skipped (v2v: rings end at 64 KiB)"; empty where all are valid. */
export function problemNote(cells: readonly ReportCell[]): string {
  const reasons = problemReasons(cells);
  if (reasons === '') return '';
  const total = cells.filter(({ verdict }) => verdict !== 'valid').length;
  return `${total} ${total === 1 ? 'cell has' : 'cells have'} no figure here: ${reasons}`;
}

/** "3 skipped (v2v: rings end at 64 KiB); 2 invalid (...)"; empty where all are valid. */
export function problemReasons(cells: readonly ReportCell[], most = 3): string {
  const problems = problemsOf(cells);
  const listed = problems
    .slice(0, most)
    .map((p) => `${p.count} ${p.verdict} (${p.transport}: ${p.reason})`);
  const left = problems.length - most;
  const more = left > 0 ? [`and ${left} more ${left === 1 ? 'reason' : 'reasons'}`] : [];
  return [...listed, ...more].join('; ');
}
