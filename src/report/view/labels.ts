/**
 * Words for the names in a results file. A name that is not listed is shown as it stands, so an unknown scenario,
 * metric or counter still gets its row and its chart.
 */

interface WorkloadText {
  readonly title: string;
  /** What the first metric says, in words a reader knows. */
  readonly question: string;
  /** What a message of it is, where it is none. */
  readonly message?: string;
}

const WORKLOADS: Readonly<Record<string, WorkloadText>> = {
  'buffer-size': { title: 'Equal buffers', question: 'bytes a second at the same buffer size' },
  stream: { title: 'Bulk stream', question: 'bytes a second of a byte stream' },
  'message-rate': { title: 'Message rate', question: 'whole messages a second' },
  'ping-pong': { title: 'Round trip', question: 'median round trip, one in flight' },
  paced: { title: 'Paced load', question: '99th percentile, timed from the intended send' },
  bidirectional: { title: 'Both directions', question: 'bytes a second, both ways at once' },
  'fan-in': { title: 'Many to one', question: 'many senders to one receiver' },
  setup: {
    title: 'Connection set-up',
    question: 'time until the first byte may go',
    message: 'connection',
  },
  'grant-mode': { title: 'Grant modes', question: 'granted once, for each transfer, or copied' },
  'copy-locality': { title: 'Copy locality', question: 'copy rate against caches' },
  'bare-grants': { title: 'Grant operations', question: 'payload by grant operations alone' },
  'http-transfer': {
    title: 'HTTP transfer',
    question: 'a file fetched through a socket proxy',
    message: 'request',
  },
  'unmodified-program': {
    title: 'Unmodified programs',
    question: 'real programs over a transport',
    message: 'request',
  },
  'one-to-many': { title: 'One to many', question: 'one server, many clients' },
  'noisy-neighbour': { title: 'Noisy neighbour', question: 'latency beside somebody noisy' },
  'channel-depletion': { title: 'Channel depletion', question: 'connections until a limit' },
  'setup-storm': { title: 'Set-up storm', question: 'many set-ups at once', message: 'connection' },
  'broker-outage': { title: 'Broker outage', question: 'a service of dom0 dies' },
  'symmetric-crash': { title: 'Symmetric crash', question: 'who is left a zombie' },
  'destroy-order': { title: 'Order of destruction', question: 'what stays behind' },
  'untold-survivor': { title: 'Untold survivor', question: 'when the survivor learns of it' },
  reconnect: { title: 'Reconnection', question: 'time until data flows again' },
  isolation: { title: 'Isolation', question: 'pages that another domain can reach' },
  'hostile-peer': { title: 'Hostile peer', question: 'what a hostile peer achieves' },
  'suspend-resume': { title: 'Suspend and resume', question: 'what outlives a suspension' },
  'crash-point': { title: 'Crash at any step', question: 'what a crash at each step leaves' },
};

const METRICS: Readonly<Record<string, string>> = {
  bytesPerSecond: 'Throughput',
  messagesPerSecond: 'Messages a second',
  latencyNsP50: 'Latency p50',
  latencyNsP90: 'Latency p90',
  latencyNsP99: 'Latency p99',
  latencyNsP999: 'Latency p99.9',
  latencyNsMax: 'Latency max',
  setupNs: 'Set-up',
  hypercallsPerMessage: 'Hypercalls a message',
  vmexitsPerMessage: 'VMEXITs a message',
  entriesPerMessage: 'Hypervisor entries a message',
  eventsPerMessage: 'Events a message',
  tlbFlushesPerMessage: 'TLB flushes a message',
  tlbMissesPerMessage: 'TLB misses a message',
  tlbNsPerMessage: 'TLB cost a message',
  copiedBytesPerByte: 'Bytes copied a byte',
  cpuNsPerByte: 'CPU time a byte',
  pagesExposedToPeer: 'Pages exposed to the peer',
  eventChannelsUsed: 'Event channels',
  xenstoreOperations: 'Xenstore operations',
  entriesWithTimePerMessage: 'Hypervisor entries a message, timers included',
  pathLengthInstructions: 'Instructions a message, emulated',
  recoveryNs: 'Recovery',
  connections: 'Connections',
  fairness: 'Fairness',
  teardownNs: 'Teardown',
  xenstoreOperationsPerConnection: 'Xenstore operations a connection',
  grantsPerConnection: 'Grants a connection',
};

const DIMENSIONS: Readonly<Record<string, string>> = {
  run: 'Run',
  testbed: 'Testbed',
  profile: 'Profile',
  transport: 'Transport',
  scenario: 'Scenario',
  verdict: 'Verdict',
  ringSizeBytes: 'Ring size',
  messageSizeBytes: 'Message size',
  messages: 'Messages',
  guestType: 'Guest type',
  grantMode: 'Grant mode',
  placement: 'Placement',
  seed: 'Seed',
  senders: 'Senders',
  transferBytes: 'Bytes transferred',
  workingSetBytes: 'Working set',
  copyBits: 'Copy width in bits',
  messagesPerSecond: 'Offered load',
  limits: 'Limits',
  clients: 'Clients',
  jitter: 'Jitter',
  parallel: 'Set-ups at once',
  noise: 'Noise',
  receiverDelayNs: 'Delay of the receiver',
};

const CAUSES: Readonly<Record<string, string>> = {
  copy: 'copying',
  'hypervisor-entry': 'hypervisor entry',
  'hypervisor-work': 'hypervisor work',
  'page-walk': 'page walk',
  tlb: 'TLB',
  'cache-line': 'cache-line transfer',
  lock: 'lock',
  'event-delivery': 'event delivery',
  'context-switch': 'context switch',
  'guest-user': 'guest user',
  'guest-kernel': 'guest kernel',
  teardown: 'teardown',
  toolstack: 'toolstack',
  idle: 'idle',
};

const COUNTERS: Readonly<Record<string, string>> = {
  flushRequests: 'flush requests',
  asidFlushes: 'ASID flushes',
  shootdownIpis: 'shootdown IPIs',
  cr3Writes: 'CR3 writes',
  invlpg: 'INVLPG',
  entriesDropped: 'entries dropped',
  misses: 'misses',
  hlt: 'HLT',
  eoi: 'EOI',
  nm: '#NM',
  'external-interrupt': 'external interrupt',
  'pv-syscall': 'PV syscall',
  'pv-trap': 'PV trap',
  localFlushes: 'local flushes',
};

/** The member of a record that is its own, whatever its name: never an inherited function. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

export const workloadTitle = (scenario: string): string =>
  own(WORKLOADS, scenario)?.title ?? scenario;
export const workloadQuestion = (scenario: string): string =>
  own(WORKLOADS, scenario)?.question ?? '';
/** "message", or what stands for one: costs are told by it. */
export const messageWord = (scenario: string): string =>
  own(WORKLOADS, scenario)?.message ?? 'message';
export const metricLabel = (name: string): string => own(METRICS, name) ?? name;
export const dimensionLabel = (key: string): string => own(DIMENSIONS, key) ?? key;
/** The same within a sentence; a name that is not listed keeps its capitals. */
export const dimensionWord = (key: string): string => own(DIMENSIONS, key)?.toLowerCase() ?? key;
export const causeLabel = (cause: string): string => own(CAUSES, cause) ?? cause;
export const counterLabel = (name: string): string => own(COUNTERS, name) ?? name;

/** Scenarios in the order in which a reader meets them; unknown ones come last, by name. */
export function workloadOrder(a: string, b: string): number {
  const names = Object.keys(WORKLOADS);
  const place = (name: string): number => {
    const index = names.indexOf(name);
    return index < 0 ? names.length : index;
  };
  return place(a) - place(b) || compareText(a, b);
}

/** Order by code unit: the same on every machine, unlike localeCompare. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The items that are there. */
export function present<T>(items: readonly (T | undefined)[]): readonly T[] {
  return items.filter((item) => item !== undefined);
}
