import { canonicalJson } from '../../../base/canonical-json.js';
import { RunningHash } from '../../../base/running-hash.js';
import { cellId } from '../../../results/cell-id.js';
import type { Cell, Counters, MetricValue, ParameterValue } from '../../../results/types.js';
import { type Fit, fitPerMessage, median, type ObservationPair } from '../counting/fit.js';
import type { PluginWindow } from '../counting/plugin-output.js';
import {
  difference,
  eventSends,
  flushRequests,
  guestMilliseconds,
  pluginCounts,
  pvEntries,
  timerHypercalls,
  traceCounts,
  transportHypercalls,
  vmEntries,
} from '../counting/window-counts.js';
import {
  effectiveRingBytes,
  guestTypeName,
  type XenCellRequest,
  type XenScenario,
} from './request.js';
import type { WindowResult } from './window-results.js';
import { messagesOf, PHASE_DELAYS_US, type WindowPlan } from './windows.js';

export const XEN_TESTBED = 'xen';
/** The emulated CPU, whose features the model knows under this name. */
export const XEN_PROFILE = 'qemu-svm';
/** Scenarios whose events nobody's speed can change. */
const ONE_AT_A_TIME: readonly XenScenario[] = ['ping-pong', 'bare-grants'];
/** Largest share by which entries counted by the plugin and by xentrace may differ. */
const CROSS_CHECK_SHARE = 0.01;
const CROSS_CHECK_COUNT = 6;

/** Entries a millisecond of guest time that come with time alone, less the timer's own hypercalls. */
export interface TimeCost {
  readonly vmEntriesPerGuestMs: number;
  readonly pvEntriesPerGuestMs: number;
}

/** From the window in which a guest computed and nothing was sent. */
export function timeCostOf(window: PluginWindow, connectorIsPv: boolean): TimeCost {
  const timers = timerHypercalls(window);
  const ms = guestMilliseconds(window);
  return {
    vmEntriesPerGuestMs: connectorIsPv ? 0 : Math.max(0, vmEntries(window) - timers) / ms,
    pvEntriesPerGuestMs: connectorIsPv ? Math.max(0, pvEntries(window) - timers) / ms : 0,
  };
}

/** A cell that could not be: skipped, with the reason. */
export function skippedCell(
  request: XenCellRequest,
  reason: string,
  profile: string = XEN_PROFILE,
): Cell {
  return { ...cellFrame(request, undefined, profile), verdict: 'skipped', reason, metrics: {} };
}

/** A cell that was tried and came to no result. */
export function unknownCell(
  request: XenCellRequest,
  reason: string,
  consoleTail = '',
  profile: string = XEN_PROFILE,
): Cell {
  return {
    ...cellFrame(request, undefined, profile),
    verdict: 'unknown',
    reason: consoleTail === '' ? reason : `${reason}\n${consoleTail}`,
    metrics: {},
  };
}

/** Judges the windows of a cell: counts per message, counters, and whether all agrees. */
export function judgedCell(
  request: XenCellRequest,
  plans: readonly WindowPlan[],
  results: readonly WindowResult[],
  time: TimeCost,
): Cell {
  const faults = results.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  if (faults[0] !== undefined) return unknownCell(request, faults[0]);
  const wrong = results.reduce((sum, result) => sum + (result.wrong ?? 0), 0);
  const base = cellFrame(request, results[0]?.ringBytes);
  if (wrong > 0) {
    const reason = `${wrong} messages did not arrive as they were sent`;
    return { ...base, verdict: 'invalid', reason, metrics: {} };
  }
  const windows = plans.map((plan, i) => ({ plan, result: results[i] as WindowResult }));
  const disagreement = crossCheck(windows.map(({ result }) => result));
  if (disagreement !== undefined)
    return { ...base, verdict: 'invalid', reason: disagreement, metrics: {} };
  const pairs = pairsOf(windows);
  const counters = countersOf(request, windows, pairs);
  const hash = new RunningHash();
  for (const byte of Buffer.from(canonicalJson(results))) hash.add(byte);
  return {
    ...base,
    verdict: 'valid',
    metrics: metricsOf(request, pairs, time),
    counters,
    trace: { events: results.length, hash: hash.digest(), unseed: 0 },
  };
}

/** What a cell is called and was asked to be. @param ringBytes as the agent found it */
export function cellFrame(
  request: XenCellRequest,
  ringBytes: number | undefined,
  profile: string = XEN_PROFILE,
): Omit<Cell, 'verdict' | 'metrics'> {
  const { parameters, transport, scenario } = request;
  const shown: Record<string, ParameterValue> = {
    ringSizeBytes: parameters.ringSizeBytes,
    messageSizeBytes: parameters.messageSizeBytes,
    messages: messagesOf(request),
    guestType: guestTypeName(parameters.guestTypes),
    grantMode: parameters.grantMode,
    placement: parameters.placement,
  };
  const effective: Record<string, ParameterValue> =
    scenario === 'bare-grants'
      ? {}
      : { ringSizeBytes: ringBytes ?? effectiveRingBytes(transport, parameters.ringSizeBytes) };
  const key = {
    testbed: XEN_TESTBED,
    profile,
    transport,
    scenario,
    parameters: shown,
  };
  return { id: cellId(key), ...key, scenarioVersion: 1, effective };
}

interface Windowed {
  readonly plan: WindowPlan;
  readonly result: WindowResult;
}

interface PluginPair {
  readonly shorter: PluginWindow;
  readonly longer: PluginWindow;
  readonly shorterMessages: number;
  readonly longerMessages: number;
  readonly virtualNs: number;
}

/** Windows without tracing, two by two: one pair for each phase. */
function pairsOf(windows: readonly Windowed[]): PluginPair[] {
  return PHASE_DELAYS_US.flatMap((_, phase) => {
    const [shorter, longer] = windows.filter(({ plan }) => plan.id.includes(`-p${phase}-`));
    if (shorter?.result.plugin === undefined || longer?.result.plugin === undefined) return [];
    return [
      {
        shorter: shorter.result.plugin,
        longer: longer.result.plugin,
        shorterMessages: shorter.plan.messages,
        longerMessages: longer.plan.messages,
        virtualNs: (longer.result.virtualNs ?? 0) - (shorter.result.virtualNs ?? 0),
      },
    ];
  });
}

/** Exits seen by xentrace against VM entries seen by the plugin, in the windows that have both. */
function crossCheck(results: readonly WindowResult[]): string | undefined {
  for (const { plugin, trace } of results) {
    if (plugin === undefined || trace === undefined) continue;
    const traced = traceCounts(trace)['exits']?.['entries'] ?? 0;
    const counted = vmEntries(plugin);
    const allowed = Math.max(CROSS_CHECK_COUNT, counted * CROSS_CHECK_SHARE);
    if (Math.abs(traced - counted) > allowed) {
      return `xentrace saw ${traced} VM entries, the emulator ${counted}: one of them is wrong`;
    }
  }
  return undefined;
}

function observations(
  pairs: readonly PluginPair[],
  count: (window: PluginWindow) => number,
): ObservationPair[] {
  return pairs.map(({ shorter, longer, shorterMessages, longerMessages }) => ({
    shorter: {
      messages: shorterMessages,
      guestMs: guestMilliseconds(shorter),
      count: count(shorter),
    },
    longer: { messages: longerMessages, guestMs: guestMilliseconds(longer), count: count(longer) },
  }));
}

function metricsOf(
  request: XenCellRequest,
  pairs: readonly PluginPair[],
  time: TimeCost,
): Record<string, MetricValue> {
  const guests = request.parameters.guestTypes;
  const somePv = guests.includes('pv');
  const events = ONE_AT_A_TIME.includes(request.scenario) ? 'protocol' : 'schedule';
  const fit = (count: (window: PluginWindow) => number, perGuestMs = 0): Fit =>
    fitPerMessage(observations(pairs, count), perGuestMs);
  // The timer's hypercall is an entry that comes with time by its very name.
  const untimed =
    (count: (window: PluginWindow) => number) =>
    (window: PluginWindow): number =>
      count(window) - timerHypercalls(window);
  const exits = guests.includes('pvh')
    ? fit(untimed(vmEntries), time.vmEntriesPerGuestMs)
    : zero(pairs);
  const entries = somePv
    ? fit(
        untimed((window) => vmEntries(window) + pvEntries(window)),
        time.vmEntriesPerGuestMs + time.pvEntriesPerGuestMs,
      )
    : exits;
  const all = somePv
    ? fit((window) => vmEntries(window) + pvEntries(window))
    : fit((window) => vmEntries(window));
  return {
    hypercallsPerMessage: metric(fit(transportHypercalls), events),
    eventsPerMessage: metric(fit(eventSends), events),
    tlbFlushesPerMessage: metric(fit(flushRequests), 'protocol'),
    vmexitsPerMessage: metric(exits, 'schedule'),
    entriesPerMessage: metric(entries, 'schedule'),
    entriesWithTimePerMessage: metric(all, 'schedule'),
    pathLengthInstructions: metric(
      fit(({ instructions }) => Object.values(instructions).reduce((sum, count) => sum + count, 0)),
      'schedule',
    ),
  };
}

function zero(pairs: readonly PluginPair[]): Fit {
  return { perMessage: 0, samples: pairs.map(() => 0), low: 0, high: 0 };
}

function metric(fit: Fit, determinedBy: 'protocol' | 'schedule'): MetricValue {
  const exact = fit.low === fit.high;
  return {
    value: fit.perMessage,
    unit: '1',
    better: 'lower',
    assume: exact ? 'exact' : 'nothing',
    determinedBy,
    ...(exact ? {} : { samples: fit.samples, interval: [fit.low, fit.high] as const }),
  };
}

const PV_ENTRY_NAMES: Readonly<Record<string, string>> = {
  pvHypercall: 'hypercall',
  pvSyscall: 'syscall',
  pvNm: 'nm',
  pvPageFault: 'page-fault',
  pvExternalInterrupt: 'external-interrupt',
};

/** Counts of exactly `messages` messages: those of the longer window less those of the shorter. */
function countersOf(
  request: XenCellRequest,
  windows: readonly Windowed[],
  pairs: readonly PluginPair[],
): Counters {
  const pair = typicalPair(pairs);
  const groups =
    pair === undefined ? {} : difference(pluginCounts(pair.longer), pluginCounts(pair.shorter));
  const [tracedShort, tracedLong] = windows.filter(({ plan }) => plan.traced);
  const traced =
    tracedShort?.result.trace === undefined || tracedLong?.result.trace === undefined
      ? {}
      : difference(traceCounts(tracedLong.result.trace), traceCounts(tracedShort.result.trace));
  const somePv = request.parameters.guestTypes.includes('pv');
  const entries = entriesByReason(groups['entries'] ?? {}, traced['exits'] ?? {}, somePv);
  const byDomain = Object.fromEntries(
    Object.entries(traced).filter(([group]) => group.includes(' ')),
  );
  const messages = messagesOf(request);
  return {
    hypercalls: groups['hypercalls'] ?? {},
    entries,
    tlb: groups['tlb'] ?? {},
    grants: groups['grants'] ?? {},
    events: groups['events'] ?? {},
    copies: { messages, payloadBytes: messages * request.parameters.messageSizeBytes },
    xenstore: {},
    scheduling: groups['scheduling'] ?? {},
    pathLength: groups['pathLength'] ?? {},
    time: { virtualNs: pair?.virtualNs ?? 0 },
    ...byDomain,
  };
}

/** The pair whose entries are the middle ones: free of a stray wake-up of dom0 if any is. */
function typicalPair(pairs: readonly PluginPair[]): PluginPair | undefined {
  const entries = pairs.map(
    ({ shorter, longer }) =>
      vmEntries(longer) + pvEntries(longer) - vmEntries(shorter) - pvEntries(shorter),
  );
  if (entries.length === 0) return undefined;
  const middle = median(entries);
  const distance = entries.map((count) => Math.abs(count - middle));
  return pairs[distance.indexOf(Math.min(...distance))];
}

function entriesByReason(
  counted: Readonly<Record<string, number>>,
  traced: Readonly<Record<string, number>>,
  somePv: boolean,
): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const [name, count] of Object.entries(traced)) {
    if (name !== 'entries' && name !== 'cpuid' && count !== 0) reasons[name] = count;
  }
  if (!somePv) return reasons; // what PV entries there are, are dom0's
  for (const [name, reason] of Object.entries(PV_ENTRY_NAMES)) {
    const count = counted[name] ?? 0;
    if (count !== 0) reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  return reasons;
}
