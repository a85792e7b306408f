/**
 * The results file, as TypeScript sees it. `schema.ts` says the same as JSON Schema and checks what is read from disk.
 * Names are a contract with other people's scripts: add freely, rename nothing without a new SCHEMA_VERSION.
 */

import type { Assumption, Better, DeterminedBy } from '../stats/metric.js';

export type { Assumption, Better, DeterminedBy };

export const SCHEMA_VERSION = 1;

/** Is this measurement sound? Only valid cells carry numbers that may be compared. */
export type VerdictName = 'valid' | 'invalid' | 'unknown' | 'skipped';

export interface MetricValue {
  readonly value: number;
  /** Base unit: "ns", "B/s", "1/s", "1" (a count or ratio), "ns/B". Scaled only when printed. */
  readonly unit: string;
  readonly better: Better;
  readonly assume: Assumption;
  readonly determinedBy?: DeterminedBy;
  /** In the order in which they were taken. */
  readonly samples?: readonly number[];
  readonly interval?: readonly [low: number, high: number];
}

export type ParameterValue = string | number | boolean;

/** Counts by name, one group a family: hypercalls by operation, entries by reason, and so on. */
export type CounterGroup = Readonly<Record<string, number>>;

export interface Counters {
  readonly hypercalls: CounterGroup;
  readonly entries: CounterGroup;
  readonly tlb: CounterGroup;
  readonly grants: CounterGroup;
  readonly events: CounterGroup;
  readonly copies: CounterGroup;
  readonly xenstore: CounterGroup;
  readonly [group: string]: CounterGroup;
}

export interface Cell {
  /** "model/skylake-2017/libvchan/stream/ringSizeBytes=65536,..." */
  readonly id: string;
  readonly testbed: string;
  readonly profile: string;
  readonly transport: string;
  readonly scenario: string;
  readonly scenarioVersion: number;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** What the protocol made of the parameters, e.g. ringSizeBytes after rounding. */
  readonly effective: Readonly<Record<string, ParameterValue>>;
  readonly verdict: VerdictName;
  readonly reason?: string;
  /** What must be known to read the figures: the machine was loaded, say. */
  readonly notes?: readonly string[];
  /** What the protocol did under a fault, or which limit stopped it. */
  readonly outcome?: Readonly<Record<string, ParameterValue>>;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** HDR histograms, base64 of the compressed V2 encoding. */
  readonly histograms?: Readonly<Record<string, string>>;
  readonly counters?: Counters;
  /** pCPU name ("pcpu0 (dom1)") -> cause -> nanoseconds. */
  readonly attributionNs?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly trace?: { readonly events: number; readonly hash: string; readonly unseed: number };
}

export interface HostDescription {
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

/** A profile as it was used: features and prices in full, so that a report can show every source. */
export interface ProfileRecord {
  readonly name: string;
  readonly description: string;
  readonly clockHz: number;
  readonly features: Readonly<Record<string, string | number | boolean>>;
  readonly prices: Readonly<Record<string, PriceRecord>>;
}

export interface PriceRecord {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** "ps", "cycles", "ns", "us", "ps/B". */
  readonly unit: string;
  readonly source: string;
  readonly confidence: 'measured' | 'derived' | 'recalled' | 'estimate';
  /** Causes of attributionNs under which it is charged. */
  readonly causes?: readonly string[];
}

export interface RunDescription {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly command: string;
  readonly version: string;
  readonly commit: string;
  readonly seed: number;
  readonly host: HostDescription;
  readonly suite: string;
  readonly profiles: Readonly<Record<string, ProfileRecord>>;
  /** False where the run was interrupted: the cells are sound, but not all that were planned. */
  readonly complete: boolean;
  readonly parts?: readonly string[];
  /** Under --shard: which part of the plan this is. */
  readonly shard?: ShardRecord;
  /** The options of `run` as they were resolved: what it takes to plan the same cells again. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Sampled wall-clock figures of the harness itself. */
  readonly harness?: Readonly<Record<string, MetricValue>>;
}

/** One part of a plan, and what it takes to put it back among the others. */
export interface ShardRecord {
  /** From 1. */
  readonly index: number;
  readonly of: number;
  /** Cells of the whole plan. */
  readonly plannedCells: number;
  /** Places of this part's cells in the plan, from 0: "0-3,7". */
  readonly positions: string;
  /** Equal for shards of one plan. */
  readonly planHash: string;
}

export interface ResultsFile {
  readonly schemaVersion: number;
  readonly run: RunDescription;
  readonly cells: readonly Cell[];
}

/** First line of a journal, which holds one cell a line after it while the run goes on. */
export interface JournalHeader {
  readonly schemaVersion: number;
  /** As it began: `complete` is false and `finishedAt` equals `startedAt`. */
  readonly run: RunDescription;
  /** The harness itself was not to be measured: so it is not where the run is finished, either. */
  readonly noHarness?: boolean;
}
