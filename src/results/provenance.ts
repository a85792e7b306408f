import { canonicalJson } from '../base/canonical-json.js';
import { invariant } from '../base/errors.js';
import { RunningHash } from '../base/running-hash.js';
import { shellWord } from '../base/shell-word.js';
import type {
  HostDescription,
  JournalHeader,
  MetricValue,
  ProfileRecord,
  RunDescription,
} from './types.js';
import { SCHEMA_VERSION } from './types.js';

/**
 * Where a run's figures come from. Pure: the command line reads clock, host and repository, and
 * hands them in.
 */

/** What the operating system says of the host, as it says it. */
export interface HostFacts {
  /** process.versions.node */
  readonly nodeVersion: string;
  readonly platform: string;
  readonly arch: string;
  /** Model name of each logical CPU; empty where the system does not say. */
  readonly cpuModels: readonly string[];
  readonly memoryBytes: number;
}

export interface RunFacts {
  /** Wall clock at the start: milliseconds since 1970, UTC. */
  readonly startedAtMs: number;
  /** As typed, program name first, e.g. ["interdom", "run", "stream"]. */
  readonly command: readonly string[];
  readonly version: string;
  /** Empty where interdom does not run from its repository. */
  readonly commit: string;
  readonly seed: number;
  readonly suite: string;
  readonly host: HostFacts;
  readonly profiles: Readonly<Record<string, ProfileRecord>>;
  /** The options of `run` as they were resolved. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The run as it begins: not complete, and finished when it started. */
export function beginRun(facts: RunFacts): RunDescription {
  const startedAt = isoTime(facts.startedAtMs);
  const begun = {
    startedAt,
    finishedAt: startedAt,
    command: facts.command.map(shellWord).join(' '),
    version: facts.version,
    commit: facts.commit,
    seed: facts.seed,
    host: describeHost(facts.host),
    suite: facts.suite,
    profiles: facts.profiles,
    complete: false,
    ...(facts.options === undefined ? {} : { options: facts.options }),
  };
  return { id: runId(begun), ...begun };
}

/** The run as it ends. @param complete false where it was interrupted or a part of it failed */
export function endRun(
  run: RunDescription,
  finishedAtMs: number,
  complete: boolean,
  harness?: Readonly<Record<string, MetricValue>>,
): RunDescription {
  return {
    ...run,
    finishedAt: isoTime(finishedAtMs),
    complete,
    ...(harness === undefined ? {} : { harness }),
  };
}

/** @param noHarness the harness itself is not to be measured */
export function journalHeader(run: RunDescription, noHarness = false): JournalHeader {
  return { schemaVersion: SCHEMA_VERSION, run, ...(noHarness ? { noHarness } : {}) };
}

/**
 * "20260131T120000Z-quick-1a2b3c4d": sorts by time, fits into a file name, and differs wherever two
 * runs that began in the same second differ in command, seed, host, version or profiles.
 */
export function runId(run: Omit<RunDescription, 'id'>): string {
  const { startedAt, command, version, commit, seed, host, suite, profiles } = run;
  const hash = new RunningHash();
  const text = canonicalJson({ startedAt, command, version, commit, seed, host, suite, profiles });
  for (let i = 0; i < text.length; i++) hash.add(text.charCodeAt(i));
  const second = startedAt.slice(0, 19).replace(/[-:]/g, '');
  const safeSuite = suite.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 40) || 'run';
  return `${second}Z-${safeSuite}-${hash.digest().slice(0, 8)}`;
}

export function describeHost(facts: HostFacts): HostDescription {
  const model = (facts.cpuModels[0] ?? '').replace(/\s+/g, ' ').trim();
  return {
    node: facts.nodeVersion,
    platform: facts.platform,
    arch: facts.arch,
    cpu: model === '' ? 'unknown' : model,
    cores: facts.cpuModels.length,
    memoryBytes: facts.memoryBytes,
  };
}

/**
 * What two hosts must share before their wall-clock figures may be compared: CPU model and number,
 * system, and major version of Node. Memory does not count: it differs between equal machines of a
 * cloud.
 */
export function hostClass(host: HostDescription): string {
  const major = host.node.replace(/^v/, '').split('.')[0] ?? '';
  return `${host.cpu} x${host.cores}, ${host.platform}/${host.arch}, node ${major}`;
}

function isoTime(milliseconds: number): string {
  invariant(
    Number.isFinite(milliseconds) && Math.abs(milliseconds) <= LATEST_MS,
    'the clock says no time',
    { milliseconds },
  );
  return new Date(milliseconds).toISOString();
}

/** The end of the year 9999, beyond which ISO 8601 needs more digits. */
const LATEST_MS = 253_402_300_799_999;
