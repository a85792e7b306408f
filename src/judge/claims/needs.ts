import type { Saying, Where } from './claim.js';
import { type OutcomeWord, TROUBLE } from './outcome-words.js';

/** Something that somebody wants from a transport, and the figure that tells who has it. */
export interface Need {
  readonly id: string;
  readonly need: string;
  readonly scenarios: readonly string[];
  readonly where?: Where;
  /** A figure in which one leads ... */
  readonly metric?: string;
  readonly better?: 'lower' | 'higher';
  /** ... or the outcomes that one does not want; or the one field that says that all is well. */
  readonly unwanted?: readonly OutcomeWord[];
  readonly wanted?: Saying;
  /** What measures it, where it is not simply the scenarios. */
  readonly run?: string;
}

/** What the figures are called in a sentence. */
export const METRIC_WORDS: Readonly<Record<string, string>> = {
  bytesPerSecond: 'throughput',
  messagesPerSecond: 'messages a second',
  latencyNsP50: 'round trip',
  latencyNsP99: '99th percentile',
  cpuNsPerByte: 'CPU time a byte',
  setupNs: 'set-up time',
  eventChannelsUsed: 'event channels',
  pagesExposedToPeer: 'pages open to the peer',
  connections: 'connections',
  recoveryNs: 'time until data flows again',
  zombieNs: 'time as a zombie',
  statesCorrupted: 'hostile states that corrupt data',
};

/** The rows of "who should use which", in the order of the table. */
export const NEEDS: readonly Need[] = [
  {
    id: 'bulk',
    need: 'bulk streams, writes of 16 KiB and more',
    scenarios: ['buffer-size', 'stream'],
    where: { messageSizeBytes: [16_384, 65_536, 1_048_576] },
    metric: 'bytesPerSecond',
    better: 'higher',
  },
  {
    id: 'small-writes',
    need: 'streams of small writes, below 4 KiB',
    scenarios: ['buffer-size', 'stream'],
    where: { messageSizeBytes: [64, 256, 512, 1024, 2048] },
    metric: 'bytesPerSecond',
    better: 'higher',
  },
  {
    id: 'message-rate',
    need: 'many messages one way',
    scenarios: ['message-rate'],
    metric: 'messagesPerSecond',
    better: 'higher',
  },
  {
    id: 'round-trips',
    need: 'requests and answers, one at a time',
    scenarios: ['ping-pong'],
    metric: 'latencyNsP50',
    better: 'lower',
  },
  {
    id: 'paced',
    need: 'messages now and then, prompt delivery',
    scenarios: ['paced'],
    metric: 'latencyNsP99',
    better: 'lower',
  },
  {
    id: 'cpu',
    need: 'little CPU time for bulk data',
    scenarios: ['stream', 'buffer-size'],
    metric: 'cpuNsPerByte',
    better: 'lower',
  },
  {
    id: 'many-clients-speed',
    need: 'throughput from many senders',
    scenarios: ['fan-in', 'one-to-many'],
    metric: 'bytesPerSecond',
    better: 'higher',
  },
  {
    id: 'many-clients-resources',
    need: 'many clients, few event channels',
    scenarios: ['fan-in'],
    metric: 'eventChannelsUsed',
    better: 'lower',
  },
  {
    id: 'many-clients-limits',
    need: "many clients at Xen's own limits",
    scenarios: ['fan-in'],
    where: { limits: ['default'] },
    metric: 'connections',
    better: 'higher',
    run: 'interdom run fan-in --set limits=default --set senders=1200',
  },
  {
    id: 'short-connections',
    need: 'connections that come and go',
    scenarios: ['setup'],
    metric: 'setupNs',
    better: 'lower',
  },
  {
    id: 'memory',
    need: 'no memory open to the peer',
    scenarios: ['buffer-size', 'stream', 'message-rate', 'setup'],
    metric: 'pagesExposedToPeer',
    better: 'lower',
  },
  {
    id: 'hostile',
    need: 'a peer that one does not trust',
    scenarios: ['hostile-peer'],
    metric: 'statesCorrupted',
    better: 'lower',
  },
  {
    id: 'death',
    need: 'domains that go when they are destroyed',
    scenarios: ['destroy-order', 'symmetric-crash'],
    metric: 'zombieNs',
    better: 'lower',
  },
  {
    id: 'told',
    need: "to be told of the peer's death",
    scenarios: ['untold-survivor'],
    wanted: { field: 'told', values: ['yes'] },
  },
  {
    id: 'dom0-services',
    need: 'to connect while dom0 services are down',
    scenarios: ['broker-outage'],
    wanted: { field: 'newConnection', values: ['made', 'made before'] },
  },
  {
    id: 'restart',
    need: 'peers that restart',
    scenarios: ['reconnect'],
    metric: 'recoveryNs',
    better: 'lower',
  },
  {
    id: 'suspend',
    need: 'to go on, or be told, after a suspend',
    scenarios: ['suspend-resume'],
    unwanted: TROUBLE,
  },
  {
    id: 'many-clients-tail',
    need: 'many clients, a short tail',
    scenarios: ['one-to-many'],
    metric: 'latencyNsP99',
    better: 'lower',
  },
  {
    id: 'many-connections',
    need: 'many connections between two domains',
    scenarios: ['channel-depletion'],
    where: { scarce: ['as delivered'] },
    metric: 'connections',
    better: 'higher',
  },
  {
    id: 'setups-at-once',
    need: 'many set-ups at once',
    scenarios: ['setup-storm'],
    metric: 'connections',
    better: 'higher',
  },
  {
    id: 'dom0',
    need: 'to talk with dom0',
    scenarios: ['dom0-peer'],
    metric: 'latencyNsP50',
    better: 'lower',
  },
  {
    id: 'neighbours',
    need: 'to be left alone by noisy neighbours',
    scenarios: ['noisy-neighbour'],
    where: {
      noise: ['hog', 'flood', 'destroy', 'large-send', 'large-send-beside', 'large-send-destroy'],
    },
    metric: 'latencyNsP99',
    better: 'lower',
  },
];

/** What no cell tells, and who chooses must know. */
export const KNOWN_BESIDES: readonly string[] = [
  'libvchan needs nothing from Xen but grants and event channels, and comes with it. V4V needs a Xen with Argo, which distributions leave out of their packages, and for many senders to one ring mac-permissive.',
  'The kernel drivers of V4V and its socket library are not in Linux; libvchan runs in user space.',
];
