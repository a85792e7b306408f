import { parseCellId } from '../../results/cell-id.js';
import { hostClass } from '../../results/provenance.js';
import type {
  Cell,
  CounterGroup,
  MetricValue,
  ProfileRecord,
  ResultsFile,
} from '../../results/types.js';
import type { Pattern } from './pattern.js';

/** A cell as the gate sees it: every cell of a results file is one; a baseline keeps less. */
export interface GateCell
  extends Pick<
    Cell,
    | 'id'
    | 'testbed'
    | 'profile'
    | 'transport'
    | 'scenario'
    | 'scenarioVersion'
    | 'effective'
    | 'verdict'
    | 'metrics'
  > {
  readonly reason?: string;
  readonly outcome?: NonNullable<Cell['outcome']>;
  readonly counters?: Readonly<Record<string, CounterGroup>>;
  readonly attributionNs?: NonNullable<Cell['attributionNs']>;
}

/** What decides a cell's virtual time besides the program. */
export interface GateProfile {
  readonly clockHz: number;
  readonly features: ProfileRecord['features'];
  readonly prices: Readonly<Record<string, GatePrice>>;
}

export interface GatePrice {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** "ps", "cycles", "ns", "us", "ms", "ps/B", "ns/B". */
  readonly unit: string;
  /** Causes of the attribution under which it is charged; a baseline does not keep them. */
  readonly causes?: readonly string[];
}

/** One of the two things that are compared: a reference, or a run. */
export interface Side {
  /** Path or id, for messages. */
  readonly name: string;
  readonly cells: ReadonlyMap<string, GateCell>;
  readonly profiles: Readonly<Record<string, GateProfile>>;
  /** Of what was sampled by the wall clock; undefined where nothing was. */
  readonly hostClass: string | undefined;
  /** False: interrupted. */
  readonly complete: boolean;
}

/** The pseudo-cell under which the harness's own speed is judged. */
export const HARNESS = 'harness';

/** @param withHarness the harness's own speed is judged as well */
export function sideOfResults(name: string, results: ResultsFile, withHarness: boolean): Side {
  const { run } = results;
  const cells = new Map<string, GateCell>();
  for (const cell of results.cells) cells.set(cell.id, cell);
  if (withHarness && run.harness !== undefined) cells.set(HARNESS, harnessCell(run.harness));
  const profiles: Record<string, GateProfile> = {};
  for (const [key, profile] of Object.entries(run.profiles)) profiles[key] = gateProfile(profile);
  return { name, cells, profiles, hostClass: hostClass(run.host), complete: run.complete };
}

export function gateProfile({ clockHz, features, prices }: ProfileRecord): GateProfile {
  const kept: Record<string, GatePrice> = {};
  for (const [name, { value, low, high, unit, causes }] of Object.entries(prices)) {
    kept[name] = { value, low, high, unit, ...(causes === undefined ? {} : { causes }) };
  }
  return { clockHz, features, prices: kept };
}

export function harnessCell(metrics: Readonly<Record<string, MetricValue>>): GateCell {
  return {
    id: HARNESS,
    testbed: HARNESS,
    profile: '-',
    transport: '-',
    scenario: HARNESS,
    scenarioVersion: 1,
    effective: {},
    verdict: 'valid',
    metrics,
  };
}

/** Only the figures that a pattern means. */
export function selected(side: Side, pattern: Pattern): Side {
  const cells = new Map<string, GateCell>();
  for (const cell of side.cells.values()) {
    if (!pattern.matchesCell(cell.id)) continue;
    if (pattern.wholeCell) cells.set(cell.id, cell);
    else {
      const metrics = Object.fromEntries(
        Object.entries(cell.metrics).filter(([name]) => pattern.matchesMetric(name)),
      );
      const { outcome: _, ...rest } = cell;
      if (cell.verdict !== 'valid' || Object.keys(metrics).length > 0) {
        cells.set(cell.id, { ...rest, effective: {}, metrics });
      }
    }
  }
  return { ...side, cells };
}

/** A parameter out of the id of a cell, as text. */
export function parameterOf(cell: GateCell, name: string): string | undefined {
  return cell.id === HARNESS ? undefined : parseCellId(cell.id).parameters.get(name);
}

/**
 * Messages delivered, by which counts are divided: what the figures a message were divided by, or
 * the parameter where they do not tell.
 */
export function messagesOf(cell: GateCell): number | undefined {
  const each = cell.metrics['entriesPerMessage']?.value ?? 0;
  let entries = 0;
  for (const count of Object.values(cell.counters?.['entries'] ?? {})) entries += count;
  if (each > 0 && entries > 0) return Math.round(entries / each);
  const asked = Number(parameterOf(cell, 'messages'));
  return asked > 0 ? asked : undefined;
}

/** Time of all physical CPUs by cause, in nanoseconds, in the whole cell. */
export function timeByCause(cell: GateCell): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const causes of Object.values(cell.attributionNs ?? {})) {
    for (const [cause, ns] of Object.entries(causes)) sums.set(cause, (sums.get(cause) ?? 0) + ns);
  }
  return sums;
}
