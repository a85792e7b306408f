import type { MetricValue } from '../../results/types.js';
import type { Better } from '../../scenario/contract.js';
import type { World } from '../../scenario/world.js';
import { IDLE } from '../../xen/causes.js';

/** Metrics that every cell of the model has: name, unit, which way is better, and what it means. */
export const COMMON_METRICS: Readonly<
  Record<string, { readonly unit: string; readonly better: Better; readonly meaning: string }>
> = {
  bytesPerSecond: { unit: 'B/s', better: 'higher', meaning: 'payload delivered a second' },
  messagesPerSecond: { unit: '1/s', better: 'higher', meaning: 'payloads delivered a second' },
  latencyNsP50: {
    unit: 'ns',
    better: 'lower',
    meaning: 'median latency; in ping-pong of the round trip',
  },
  latencyNsP90: { unit: 'ns', better: 'lower', meaning: '90th percentile of latency' },
  latencyNsP99: { unit: 'ns', better: 'lower', meaning: '99th percentile of latency' },
  latencyNsP999: { unit: 'ns', better: 'lower', meaning: '99.9th percentile of latency' },
  latencyNsMax: { unit: 'ns', better: 'lower', meaning: 'largest latency' },
  hypercallsPerMessage: {
    unit: '1',
    better: 'lower',
    meaning: "hypercalls of the transport's own (sends, grants, argo) a payload",
  },
  entriesPerMessage: {
    unit: '1',
    better: 'lower',
    meaning: 'entries into the hypervisor a payload',
  },
  vmexitsPerMessage: {
    unit: '1',
    better: 'lower',
    meaning: 'VMEXITs a payload (PV guests have none)',
  },
  eventsPerMessage: { unit: '1', better: 'lower', meaning: 'events and VIRQs sent a payload' },
  tlbFlushesPerMessage: {
    unit: '1',
    better: 'lower',
    meaning: 'flushes that Xen asked for, a payload',
  },
  tlbMissesPerMessage: { unit: '1', better: 'lower', meaning: 'TLB misses a payload' },
  tlbNsPerMessage: {
    unit: 'ns',
    better: 'lower',
    meaning: 'time for TLB flushes and refills a payload',
  },
  copiedBytesPerByte: {
    unit: '1',
    better: 'lower',
    meaning: 'bytes copied for each byte of payload',
  },
  cpuNsPerByte: {
    unit: 'ns/B',
    better: 'lower',
    meaning: 'busy time of all pCPUs for each byte of payload',
  },
  pagesExposedToPeer: {
    unit: '1',
    better: 'lower',
    meaning: 'pages of a domain that its peer can read or write',
  },
  eventChannelsUsed: {
    unit: '1',
    better: 'lower',
    meaning: 'event channels that the connection took',
  },
  xenstoreOperations: {
    unit: '1',
    better: 'lower',
    meaning: 'xenstore operations, set-up included',
  },
  setupNs: { unit: 'ns', better: 'lower', meaning: 'time to set a connection up' },
};

/** The transports' own hypercalls; what the guest kernels do besides (timer, iret ...) stands in the counters. */
const TRANSPORT_HYPERCALL = /^(evtchn_send|evtchn_unmask|gnttab_|argo_)/;

/** The metrics of a cell that has run to its end. */
export function measure(world: World): Record<string, MetricValue> {
  const { parameters } = world;
  const counts = world.countsInWindow();
  const messages = world.messagesDelivered;
  const bytes = world.bytesDelivered;
  const values: Record<string, number> = {};
  const seconds = world.elapsedPs / 1e12;
  if (seconds > 0 && messages > 0) {
    values['bytesPerSecond'] = bytes / seconds;
    values['messagesPerSecond'] = messages / seconds;
  }
  if (world.latencyNs.length > 0) Object.assign(values, percentiles(world.latencyNs));
  if (messages > 0 && world.finished) {
    const hypercalls = counts['hypercalls'] ?? {};
    let own = 0;
    for (const [name, count] of Object.entries(hypercalls)) {
      if (TRANSPORT_HYPERCALL.test(name) && name !== 'evtchn_control') own += count;
    }
    const entries = sum(counts['entries'] ?? {});
    const tlb = counts['tlb'] ?? {};
    const events = counts['events'] ?? {};
    const copies = counts['copies'] ?? {};
    values['hypercallsPerMessage'] = own / messages;
    values['entriesPerMessage'] = entries / messages;
    const pvh = parameters.guestTypes.every((type) => type === 'pvh');
    const pv = parameters.guestTypes.every((type) => type === 'pv');
    if (pvh) values['vmexitsPerMessage'] = entries / messages;
    else if (pv) values['vmexitsPerMessage'] = 0;
    values['eventsPerMessage'] = (count(events, 'sent') + count(events, 'virqs')) / messages;
    values['tlbFlushesPerMessage'] = count(tlb, 'flushRequests') / messages;
    values['tlbMissesPerMessage'] = count(tlb, 'misses') / messages;
    values['tlbNsPerMessage'] = (count(tlb, 'refillPs') + count(tlb, 'flushPs')) / 1000 / messages;
    if (bytes > 0) {
      values['copiedBytesPerByte'] =
        (count(copies, 'guestBytes') + count(copies, 'hypervisorBytes')) / bytes;
      values['cpuNsPerByte'] = busyPs(world) / 1000 / bytes;
    }
  }
  values['pagesExposedToPeer'] = world.pagesExposedToPeer;
  values['eventChannelsUsed'] = world.eventChannelsUsed;
  values['xenstoreOperations'] = world.machine.counters.xenstore.operations;
  for (const [name, value] of world.values) values[name] = value;
  return describe(world, values);
}

function describe(
  world: World,
  values: Readonly<Record<string, number>>,
): Record<string, MetricValue> {
  const { scenario } = world;
  const metrics: Record<string, MetricValue> = {};
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isFinite(value)) continue;
    const own = scenario.metrics.find((metric) => metric.name === name);
    const declared = own ?? COMMON_METRICS[name];
    if (declared === undefined) continue;
    metrics[name] = {
      value,
      unit: declared.unit,
      better: declared.better,
      assume: 'exact',
      determinedBy: scenario.protocolDetermined.includes(name) ? 'protocol' : 'schedule',
    };
  }
  return metrics;
}

function percentiles(latencyNs: readonly number[]): Record<string, number> {
  const sorted = Float64Array.from(latencyNs).sort();
  const at = (permille: number): number =>
    sorted[Math.max(0, Math.ceil((sorted.length * permille) / 1000) - 1)] as number;
  return {
    latencyNsP50: at(500),
    latencyNsP90: at(900),
    latencyNsP99: at(990),
    latencyNsP999: at(999),
    latencyNsMax: sorted[sorted.length - 1] as number,
  };
}

function busyPs(world: World): number {
  let busy = 0;
  for (const causes of world.attributionInWindow()) {
    causes.forEach((ps, cause) => {
      if (cause !== IDLE) busy += ps;
    });
  }
  return busy;
}

function count(group: Readonly<Record<string, number>>, name: string): number {
  return group[name] ?? 0;
}

function sum(group: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const value of Object.values(group)) total += value;
  return total;
}
