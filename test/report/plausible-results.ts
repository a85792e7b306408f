import { Prng } from '../../src/base/prng.js';
import { cellId } from '../../src/results/cell-id.js';
import type {
  Cell,
  MetricValue,
  ParameterValue,
  ProfileRecord,
  ResultsFile,
} from '../../src/results/types.js';

/**
 * A TEST FIXTURE: figures from made-up formulas in the shape of a results file, to try pages and charts on. Nothing in it
 * was measured or simulated, and nothing of it is shipped.
 */
export interface FixtureOptions {
  readonly profiles?: readonly string[];
  readonly guestTypes?: readonly string[];
  readonly ringSizes?: readonly number[];
  readonly messageSizes?: readonly number[];
  readonly seeds?: number;
  readonly id?: string;
  /** Every cell has digits of its own, so that nothing compresses better than real results would. */
  readonly noise?: boolean;
  /** Multiplies every time: a second run that is slower. */
  readonly slower?: number;
}

const TRANSPORTS = ['v4v', 'libvchan', 'v2v'] as const;
type TransportName = (typeof TRANSPORTS)[number];

/** Invented costs, ns: one message, one notification, one byte, a page walk. */
const COSTS: Readonly<Record<TransportName, readonly [number, number, number, number]>> = {
  v4v: [900, 300, 0.21, 480],
  libvchan: [260, 5200, 0.36, 20],
  v2v: [420, 6100, 0.4, 25],
};

const POWERS = (from: number, to: number): number[] => {
  const sizes: number[] = [];
  for (let size = from; size <= to; size *= 2) sizes.push(size);
  return sizes;
};

export function plausibleResults(options: FixtureOptions = {}): ResultsFile {
  const profiles = options.profiles ?? ['skylake-2017', 'zen4-2023'];
  const cells: Cell[] = [];
  for (const profile of profiles) {
    for (const guestType of options.guestTypes ?? ['pvh']) {
      for (let seed = 1; seed <= (options.seeds ?? 1); seed++) {
        for (const transport of TRANSPORTS) {
          cells.push(...cellsOf({ profile, guestType, seed, transport }, options));
        }
      }
    }
  }
  return {
    schemaVersion: 1,
    run: {
      id: options.id ?? '20260131-120000-fixture',
      startedAt: '2026-01-31T12:00:00Z',
      finishedAt: '2026-01-31T12:00:19Z',
      command: 'interdom run --suite full',
      version: '0.1.0',
      commit: '0123abcd4567',
      seed: 1,
      host: {
        node: '20.20.2',
        platform: 'linux',
        arch: 'x64',
        cpu: 'Fixture CPU',
        cores: 2,
        memoryBytes: 8_589_934_592,
      },
      suite: 'full',
      profiles: Object.fromEntries(profiles.map((name) => [name, fixtureProfile(name)])),
      complete: true,
    },
    cells,
  };
}

interface Who {
  readonly profile: string;
  readonly guestType: string;
  readonly seed: number;
  readonly transport: TransportName;
}

function cellsOf(who: Who, options: FixtureOptions): Cell[] {
  const cells: Cell[] = [];
  const rings = options.ringSizes ?? POWERS(4096, 1_048_576);
  const sizes = options.messageSizes ?? [64, 1024, 4096, 16_384, 65_536];
  for (const ringSizeBytes of rings) {
    for (const messageSizeBytes of sizes) {
      cells.push(moving(who, 'stream', { ringSizeBytes, messageSizeBytes }, options));
    }
    cells.push(moving(who, 'buffer-size', { ringSizeBytes, messageSizeBytes: 65_536 }, options));
    cells.push(moving(who, 'message-rate', { ringSizeBytes, messageSizeBytes: 256 }, options));
  }
  for (const messageSizeBytes of sizes) {
    for (const scenario of ['ping-pong', 'paced'] as const) {
      cells.push(moving(who, scenario, { ringSizeBytes: 65_536, messageSizeBytes }, options));
    }
  }
  for (const senders of [1, 2, 4, 16, 64, 256, 1024]) {
    const parameters = { ringSizeBytes: 4096, messageSizeBytes: 1024, senders };
    cells.push(moving(who, 'fan-in', parameters, options));
  }
  for (const grantMode of ['persistent', 'per-transfer', 'copy']) {
    for (const messageSizeBytes of sizes) {
      const parameters = { ringSizeBytes: 65_536, messageSizeBytes, grantMode };
      cells.push(moving(who, 'grant-mode', parameters, options));
    }
  }
  cells.push(moving(who, 'setup', { ringSizeBytes: 65_536, messageSizeBytes: 64 }, options));
  return cells;
}

function moving(
  who: Who,
  scenario: string,
  own: Readonly<Record<string, ParameterValue>>,
  options: FixtureOptions,
): Cell {
  const parameters = {
    ...own,
    messages: 1000,
    guestType: who.guestType,
    placement: 'own',
    ...(scenario === 'grant-mode' ? {} : { grantMode: 'persistent' }),
    seed: who.seed,
  };
  const ring = Number(own['ringSizeBytes']);
  const key = {
    testbed: 'model',
    profile: who.profile,
    transport: who.transport,
    scenario,
    parameters,
  };
  const effective = who.transport === 'v4v' ? ring - 64 : ring;
  const base = {
    id: cellId(key),
    ...key,
    scenarioVersion: 1,
    effective: { ringSizeBytes: effective },
  };
  const reason = refusal(who.transport, scenario, own, effective);
  if (reason !== undefined) return { ...base, verdict: 'skipped', reason, metrics: {} };
  const stuck =
    who.transport === 'v2v' && scenario === 'paced' && own['messageSizeBytes'] === 16_384;
  if (stuck) {
    return { ...base, verdict: 'invalid', reason: 'messages out of order at 812', metrics: {} };
  }
  return { ...base, verdict: 'valid', ...figures(who, scenario, own, effective, options) };
}

function refusal(
  transport: TransportName,
  scenario: string,
  own: Readonly<Record<string, ParameterValue>>,
  ring: number,
): string | undefined {
  if (transport === 'v2v' && ring > 65_536) return 'v2v rings end at 64 KiB (16 pages)';
  const message = Number(own['messageSizeBytes']);
  if (scenario === 'message-rate' && message > ring - 96) return 'a message does not fit the ring';
  if (scenario === 'grant-mode') {
    if (transport === 'v4v' && own['grantMode'] !== 'copy') return 'v4v uses no grants';
    if (transport === 'libvchan' && own['grantMode'] === 'per-transfer')
      return 'libvchan maps once';
  }
  if (scenario === 'fan-in' && transport !== 'v4v' && Number(own['senders']) > 500) {
    return 'the limit of 1023 event channels a domain is reached';
  }
  return undefined;
}

function figures(
  who: Who,
  scenario: string,
  own: Readonly<Record<string, ParameterValue>>,
  ring: number,
  options: FixtureOptions,
): Pick<Cell, 'metrics' | 'counters' | 'attributionNs'> {
  const messages = 1000;
  const message = Number(own['messageSizeBytes']);
  const draw = new Prng(who.seed * 7919 + message + ring);
  const [call, notify, perByte, walk] = COSTS[who.transport];
  const speed = (who.profile === 'zen4-2023' ? 0.7 : 1) * (who.guestType === 'pv' ? 1.25 : 1);
  const noise = options.noise === true ? 0.9 + 0.2 * noiseOf(who, own) : 1;
  const slow =
    speed * noise * (options.slower ?? 1) * (1 + (who.seed - 1) * 0.004 * draw.fraction());
  const chunk = Math.min(message, ring);
  const notifies =
    who.transport === 'v4v' ? 1 + (2 * message) / ring : Math.min(2, (3 * message) / ring);
  const entriesEach = scenario === 'ping-pong' ? 2.1 : notifies;
  const perTransfer =
    own['grantMode'] === 'per-transfer' ? 2300 : own['grantMode'] === 'copy' ? 700 : 0;
  const cliff = ring > 262_144 ? 1.5 : 1;
  const parts: Record<string, number> = {
    copy: message * perByte * slow * cliff + 40,
    'guest-user': 60 * slow,
    'guest-kernel': (110 + perTransfer / 4) * slow,
    'hypervisor-entry': entriesEach * 320 * slow,
    'hypervisor-work': (call * 0.5 + perTransfer) * slow,
    'page-walk': walk * slow,
    tlb: (30 + (perTransfer > 0 ? 400 : 0)) * slow,
    'cache-line': 108 * slow,
    'event-delivery': notify * Math.min(1, entriesEach) * 0.2 * slow,
    'context-switch': scenario === 'ping-pong' ? 900 * slow : 12,
  };
  const busyNs = Object.values(parts).reduce((a, b) => a + b, 0);
  const elapsedNs =
    busyNs * (scenario === 'ping-pong' ? 1.9 : 0.62) * (message / chunk > 1 ? 1.15 : 1);
  const attribution = (share: number): Record<string, number> =>
    Object.fromEntries([
      ...Object.entries(parts).map(([cause, ns]) => [cause, ns * messages * share]),
      ['idle', Math.max(0, elapsedNs * messages - busyNs * messages * share)],
    ]);
  const entries = {
    hypercall: Math.round(messages * entriesEach * 0.5),
    hlt: Math.round(messages * entriesEach * 0.2),
    'external-interrupt': Math.round(messages * entriesEach * 0.3),
    timer: 3,
  };
  const entryCount = Object.values(entries).reduce((a, b) => a + b, 0);
  const misses = Math.round(messages * noise * (1.5 + message / 4096));
  const flushes = own['grantMode'] === 'per-transfer' ? Math.ceil(message / 4096) * messages : 0;
  const p50 = elapsedNs * 2;
  return {
    metrics: {
      bytesPerSecond: exact((message / elapsedNs) * 1e9, 'B/s', 'higher'),
      messagesPerSecond: exact(1e9 / elapsedNs, '1/s', 'higher'),
      ...(['ping-pong', 'paced'].includes(scenario)
        ? {
            latencyNsP50: exact(Math.round(p50), 'ns', 'lower'),
            latencyNsP90: exact(Math.round(p50 * 1.04), 'ns', 'lower'),
            latencyNsP99: exact(Math.round(p50 * 1.3), 'ns', 'lower'),
            latencyNsP999: exact(
              Math.round(p50 * (who.transport === 'v4v' ? 1.6 : 3)),
              'ns',
              'lower',
            ),
            latencyNsMax: exact(Math.round(p50 * 4), 'ns', 'lower'),
          }
        : {}),
      ...(scenario === 'setup'
        ? {
            setupNs: exact(
              { v4v: 9000, libvchan: 790_000, v2v: 2_400_000 }[who.transport],
              'ns',
              'lower',
            ),
          }
        : {}),
      entriesPerMessage: exact(entryCount / messages, '1', 'lower', 'schedule'),
      hypercallsPerMessage: exact(entries.hypercall / messages, '1', 'lower', 'protocol'),
      tlbFlushesPerMessage: exact(flushes / messages, '1', 'lower', 'protocol'),
      tlbMissesPerMessage: exact(misses / messages, '1', 'lower', 'schedule'),
      tlbNsPerMessage: exact((misses * 28) / messages + (flushes * 300) / messages, 'ns', 'lower'),
      cpuNsPerByte: exact(busyNs / message, 'ns/B', 'lower'),
      pagesExposedToPeer: exact(
        who.transport === 'v4v' ? 0 : 1 + ring / 4096,
        '1',
        'lower',
        'protocol',
      ),
    },
    counters: {
      hypercalls:
        who.transport === 'v4v'
          ? { argo_sendv: messages, argo_notify: 120 }
          : { evtchn_send: entries.hypercall },
      entries,
      tlb: {
        flushRequests: flushes,
        asidFlushes: flushes * 2,
        shootdownIpis: flushes,
        cr3Writes: 0,
        invlpg: 0,
        entriesDropped: flushes * 90,
        misses,
        refillPs: misses * 28_000,
      },
      grants: { mapped: who.transport === 'v4v' ? 0 : ring / 4096 + 1, unmapped: 0, copied: 0 },
      events: { sent: entries.hypercall, delivered: entries.hypercall, coalesced: 0 },
      copies: {
        guestBytes: message * messages,
        hypervisorBytes: who.transport === 'v4v' ? message * messages : 0,
      },
      xenstore: { operations: who.transport === 'v4v' ? 0 : 11 },
    },
    attributionNs: { 'pcpu0 (dom1)': attribution(0.55), 'pcpu1 (dom2)': attribution(0.45) },
  };
}

/** A fraction that only this cell has. */
function noiseOf(who: Who, own: Readonly<Record<string, ParameterValue>>): number {
  let hash = 0;
  for (const char of JSON.stringify([who, own])) hash = Math.imul(hash, 31) + char.charCodeAt(0);
  return new Prng(hash).fraction();
}

function exact(
  value: number,
  unit: string,
  better: MetricValue['better'],
  determinedBy?: MetricValue['determinedBy'],
): MetricValue {
  return {
    value,
    unit,
    better,
    assume: 'exact',
    ...(determinedBy === undefined ? {} : { determinedBy }),
  };
}

function fixtureProfile(name: string): ProfileRecord {
  const price = (confidence: 'measured' | 'estimate', value: number, unit = 'ns') => ({
    value,
    low: value * 0.8,
    high: value * 1.3,
    unit,
    source: 'invented for tests',
    confidence,
  });
  return {
    name,
    description: `${name}, invented for tests`,
    clockHz: 2.1e9,
    features: { nestedPaging: 'ept', virtualApic: true, lazyFpu: false, tlbEntries: 1536 },
    prices: {
      vmexit: { ...price('measured', 676, 'cycles'), causes: ['hypervisor-entry'] },
      hypercall: { ...price('estimate', 524, 'cycles'), causes: ['hypervisor-entry'] },
      copyL1: { ...price('estimate', 19, 'ps/B'), causes: ['copy'] },
      copyDram: { ...price('measured', 166, 'ps/B'), causes: ['copy'] },
      pageWalk: { ...price('estimate', 18), causes: ['page-walk'] },
      tlbRefill: { ...price('estimate', 28), causes: ['tlb'] },
      cacheLine: { ...price('measured', 54), causes: ['cache-line'] },
      inject: { ...price('estimate', 120), causes: ['event-delivery'] },
      ipi: { ...price('measured', 600), causes: ['event-delivery'] },
      vcpuSwitch: { ...price('estimate', 3000), causes: ['context-switch'] },
      argoSendv: { ...price('estimate', 300), causes: ['hypervisor-work'] },
      evtchnSend: { ...price('measured', 200), causes: ['hypervisor-work'] },
      libraryCall: { ...price('measured', 40), causes: ['guest-user'] },
    },
  };
}
