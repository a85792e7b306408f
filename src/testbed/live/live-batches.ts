import { cpus } from 'node:os';
import type { Profile } from '../../profiles/profile.js';
import { profileRecord } from '../../profiles/record.js';
import type { Cell, ProfileRecord } from '../../results/types.js';
import type { Scenario } from '../../scenario/contract.js';
import type { TransportDriver } from '../../transport/contract.js';
import { type CellNames, identifyCell } from '../cell-identity.js';
import type { BatchTestbed, BatchWatcher, CellTaker } from '../contract.js';
import { cpusForThreads } from './cpu-affinity.js';
import { environmentWarnings } from './environment.js';
import { liveCounters, liveHistograms, liveMetrics, seriesNotes } from './live-metrics.js';
import { LivePair } from './live-pair.js';
import { BARE_MACHINE } from './planning.js';
import { type Contestant, type Effort, sampleTogether } from './sampling.js';

/** What the testbed is made of: below the command line nobody knows transports and scenarios by name. */
export interface LiveParts {
  /** Script of a domain's thread. */
  readonly script: URL;
  readonly transports: readonly TransportDriver[];
  readonly scenarios: readonly Scenario[];
  /** The profiles whose prices are injected; for the bare machine one that says what happens, and nothing of it is paid. */
  readonly profiles: readonly Profile[];
  readonly inject: 'profile' | 'none';
  readonly effort: Effort;
  /** So long may one round take before its threads are taken to hang. */
  readonly patienceMs: number;
}

/** Domains of a live cell that run at the same time. */
const THREADS = 2;
/** Shared memory beside buffers and rings. Only what is touched becomes real. */
const FRAME_BYTES = 32 << 20;
/** Room for so many rings, and so many buffers of programs: each end has half of it. */
const RINGS = 16;
const BUFFERS = 6;
/** No scenario has larger buffers. */
const LARGEST_BUFFER = 256 << 20;

interface Numbered {
  readonly names: CellNames;
  readonly index: number;
}

/** The testbed `live`: the transports on this machine's memory and threads, measured by the wall clock. */
export class LiveBatches implements BatchTestbed {
  private warnings: readonly string[] = [];

  constructor(private readonly parts: LiveParts) {}

  async prepare(_watcher: BatchWatcher): Promise<Readonly<Record<string, ProfileRecord>>> {
    this.warnings = environmentWarnings(THREADS);
    const { inject, profiles } = this.parts;
    if (inject === 'none') return { [BARE_MACHINE]: bareMachine() };
    return Object.fromEntries(profiles.map((profile) => [profile.name, profileRecord(profile)]));
  }

  async run(cells: readonly CellNames[], watcher: BatchWatcher & CellTaker): Promise<void> {
    for (const group of comparable(cells)) {
      if (watcher.signal.aborted) return;
      await this.measureTogether(group, watcher);
    }
  }

  /** Measures cells that differ in their transport only, turn by turn. */
  private async measureTogether(
    group: readonly Numbered[],
    { signal, onCell, onProgress }: BatchWatcher & CellTaker,
  ): Promise<void> {
    const contestants: (Contestant & Numbered)[] = [];
    const first = group[0] as Numbered;
    const { scenario, parameters } = first.names;
    const work = `${scenario} of ${parameters.messageSizeBytes} B: ${group.map(({ names }) => names.transport).join(', ')}`;
    const stop = (): void => {
      for (const { pair } of contestants) void pair.end();
    };
    signal.addEventListener('abort', stop);
    try {
      for (const numbered of group) {
        if (signal.aborted) return;
        try {
          contestants.push({ ...numbered, ...(await this.contestant(numbered.names)) });
        } catch (error) {
          onCell(this.failed(numbered.names, error), numbered.index);
        }
      }
      const failures = await sampleTogether(contestants, this.parts.effort, signal, (text) =>
        onProgress(`${work}: ${text}`),
      );
      if (signal.aborted) return;
      for (const contestant of contestants) {
        const failure = failures.get(contestant.name);
        const cell =
          failure === undefined
            ? this.measured(contestant)
            : this.failed(contestant.names, failure);
        onCell(cell, contestant.index);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await Promise.all(contestants.map(({ pair }) => pair.end()));
    }
  }

  private async contestant(names: CellNames): Promise<Contestant> {
    const { parts } = this;
    const bare = parts.inject === 'none' ? parts.profiles[0] : undefined;
    const profile = bare ?? parts.profiles.find(({ name }) => name === names.profile);
    if (profile === undefined) throw new Error(`there is no profile ${names.profile}`);
    const { parameters, transportOptions, transport, scenario } = names;
    const { ringSizeBytes, messageSizeBytes, messages, settings } = parameters;
    const buffer = Math.max(
      messageSizeBytes,
      Number(settings['workingSetBytes'] ?? 0),
      Math.min(LARGEST_BUFFER, Number(settings['transferBytes'] ?? 0)),
    );
    const pair = await LivePair.start(
      parts.script,
      {
        clockBaseNs: String(process.hrtime.bigint()),
        cpus: cpusForThreads(THREADS),
        manner: { inject: parts.inject, unmapsPages: parameters.grantMode === 'per-transfer' },
        profile,
        transport,
        scenario,
        parameters,
        transportOptions,
      },
      FRAME_BYTES + RINGS * ringSizeBytes + BUFFERS * buffer,
      parts.patienceMs,
    );
    return {
      name: `${transport} ${JSON.stringify(transportOptions)}`,
      pair,
      messages,
      samples: { spin: [], block: [] },
    };
  }

  private measured({ names, samples, pair }: Contestant & Numbered): Cell {
    const notes = [
      ...this.warnings,
      ...(pair.isPinned
        ? []
        : ['threads could not be kept on CPUs of their own: both may have run on one']),
      ...seriesNotes(samples, names.parameters.seed),
      this.parts.inject === 'none'
        ? 'no injected costs: the bare machine'
        : `privileged operations were paid as delays, by the prices of ${names.profile}`,
    ];
    return {
      ...this.frame(names),
      verdict: 'valid',
      notes,
      metrics: liveMetrics(samples),
      histograms: liveHistograms(samples),
      counters: liveCounters(samples),
    };
  }

  private failed(names: CellNames, error: unknown): Cell {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...this.frame(names),
      verdict: 'invalid',
      reason,
      notes: this.warnings,
    };
  }

  private frame(names: CellNames): Omit<Cell, 'verdict'> {
    const { parts } = this;
    const size = parts.transports
      .find(({ name }) => name === names.transport)
      ?.ringSize(names.parameters.ringSizeBytes);
    const version = parts.scenarios.find(({ name }) => name === names.scenario)?.version ?? 0;
    return {
      ...identifyCell(names),
      scenarioVersion: version,
      effective: size !== undefined && 'bytes' in size ? { ringSizeBytes: size.bytes } : {},
      metrics: {},
    };
  }
}

/** This machine as a profile: it has no prices, only its clock. */
function bareMachine(): ProfileRecord {
  const [cpu] = cpus();
  return {
    name: BARE_MACHINE,
    description: `the machine that measures (${cpu?.model ?? 'unknown CPU'}), with no injected costs`,
    clockHz: Math.max(1, (cpu?.speed ?? 0) * 1e6),
    features: {},
    prices: {},
  };
}

/** Cells that differ in transport only, together; groups and cells in the order in which they came. */
function comparable(cells: readonly CellNames[]): readonly (readonly Numbered[])[] {
  const groups = new Map<string, Numbered[]>();
  cells.forEach((names, index) => {
    const { profile, scenario, parameters } = names;
    const key = JSON.stringify([profile, scenario, parameters]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ names, index }]);
    else group.push({ names, index });
  });
  return [...groups.values()];
}
