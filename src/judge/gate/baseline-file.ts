import { canonicalJson } from '../../base/canonical-json.js';
import { parseCellId } from '../../results/cell-id.js';
import type {
  CounterGroup,
  MetricValue,
  ParameterValue,
  VerdictName,
} from '../../results/types.js';
import type { Better } from '../../stats/metric.js';
import { methodOf } from './compare-figure.js';
import {
  type GateCell,
  type GatePrice,
  type GateProfile,
  HARNESS,
  harnessCell,
  type Side,
  timeByCause,
} from './side.js';

/**
 * The committed reference of the gate: of one testbed and one profile, small, and written so that a
 * difference shows which figure of which cell moved. What a report needs besides (histograms,
 * sources of prices, traces) is left out.
 */

export const BASELINE_VERSION = 1;

export interface Baseline {
  readonly baselineVersion: number;
  readonly testbed: string;
  readonly profile: string;
  readonly suite: string;
  readonly clockHz: number;
  readonly features: GateProfile['features'];
  readonly prices: Readonly<Record<string, GatePrice>>;
  /** Unit and better side of each metric, so that cells need hold values alone. */
  readonly metrics: Readonly<Record<string, MetricKind>>;
  readonly cells: readonly BaselineCell[];
  /** Where cells have samples of the wall clock: the kind of host that took them. */
  readonly hostClass?: string;
  /** The harness's own speed on one kind of host. */
  readonly harness?: BaselineHarness;
}

export interface MetricKind {
  readonly unit: string;
  readonly better: Better;
}

export interface BaselineHarness {
  readonly hostClass: string;
  readonly metrics: Readonly<Record<string, MetricValue>>;
}

export interface BaselineCell {
  readonly id: string;
  readonly scenarioVersion: number;
  readonly verdict: VerdictName;
  readonly reason?: string;
  readonly outcome?: Readonly<Record<string, ParameterValue>>;
  readonly effective?: Readonly<Record<string, ParameterValue>>;
  /** The value alone where it is exact and of the usual kind, else all of it. */
  readonly metrics?: Readonly<Record<string, number | MetricValue>>;
  /** Without zeros. */
  readonly counters?: Readonly<Record<string, CounterGroup>>;
  /** Time of all physical CPUs by cause. */
  readonly timeNs?: Readonly<Record<string, number>>;
}

/** Name of the file in which a baseline is kept. */
export function baselineFileName({
  testbed,
  profile,
}: Pick<Baseline, 'testbed' | 'profile'>): string {
  const safe = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, '-');
  return `${safe(testbed)}-${safe(profile)}.json`;
}

/**
 * The baselines of a side, one a testbed and profile, in the order of the cells.
 * @param suite for the reader
 */
export function baselinesOf(side: Side, suite: string): readonly Baseline[] {
  const groups = new Map<string, GateCell[]>();
  for (const cell of side.cells.values()) {
    if (cell.id === HARNESS) continue;
    const key = JSON.stringify([cell.testbed, cell.profile]);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(cell);
  }
  const harness = side.cells.get(HARNESS);
  return [...groups.values()].map((cells) => {
    const { testbed, profile } = cells[0] as GateCell;
    const metrics = metricKinds(cells);
    return {
      baselineVersion: BASELINE_VERSION,
      testbed,
      profile,
      suite,
      ...keptProfile(side.profiles[profile]),
      metrics,
      cells: cells.map((cell) => baselineCell(cell, metrics)),
      ...(side.hostClass === undefined || !cells.some(hasSamples)
        ? {}
        : { hostClass: side.hostClass }),
      ...(harness === undefined || side.hostClass === undefined
        ? {}
        : { harness: { hostClass: side.hostClass, metrics: harness.metrics } }),
    };
  });
}

/** A profile as a baseline keeps it: where prices are charged is a matter of the program. */
function keptProfile(profile: GateProfile | undefined): GateProfile {
  if (profile === undefined) return { clockHz: 0, features: {}, prices: {} };
  const prices = Object.fromEntries(
    Object.entries(profile.prices).map(([name, { causes: _, ...price }]) => [name, price]),
  );
  return { ...profile, prices };
}

/** Several baselines as one reference. @param name path, for messages */
export function sideOfBaselines(
  name: string,
  baselines: readonly Baseline[],
  withHarness: boolean,
): Side {
  const cells = new Map<string, GateCell>();
  const profiles: Record<string, GateProfile> = {};
  const hosts = new Set<string>();
  for (const baseline of baselines) {
    const { clockHz, features, prices, harness } = baseline;
    profiles[baseline.profile] = { clockHz, features, prices };
    for (const cell of baseline.cells) cells.set(cell.id, gateCell(cell, baseline.metrics));
    if (baseline.hostClass !== undefined) hosts.add(baseline.hostClass);
    if (withHarness && harness !== undefined) {
      hosts.add(harness.hostClass);
      cells.set(HARNESS, harnessCell(harness.metrics));
    }
  }
  // Several: no host is of that class, and so nothing is compared that was sampled.
  const hostClass = hosts.size === 0 ? undefined : [...hosts].join('; ');
  return { name, cells, profiles, hostClass, complete: true };
}

export function hasSamples({ metrics }: GateCell): boolean {
  return Object.values(metrics).some((metric) => methodOf(metric) === 'sampled');
}

/** The text of a baseline in pieces: a line a figure, so that a difference names it. */
export function* baselineText(baseline: Baseline): Generator<string> {
  const { baselineVersion, testbed, profile, suite, clockHz, features, prices, metrics } = baseline;
  yield `{\n"baselineVersion": ${baselineVersion},\n`;
  for (const [name, value] of Object.entries({ testbed, profile, suite, clockHz })) {
    yield `"${name}": ${JSON.stringify(value)},\n`;
  }
  for (const [name, record] of Object.entries({ features, prices, metrics })) {
    yield `"${name}": ${lines(record, ' ')},\n`;
  }
  if (baseline.hostClass !== undefined) {
    yield `"hostClass": ${JSON.stringify(baseline.hostClass)},\n`;
  }
  if (baseline.harness !== undefined) yield `"harness": ${canonicalJson(baseline.harness, 1)},\n`;
  yield '"cells": [';
  let separator = '\n';
  for (const cell of baseline.cells) {
    yield `${separator}${cellText(cell)}`;
    separator = ',\n';
  }
  yield baseline.cells.length === 0 ? ']\n}\n' : '\n]\n}\n';
}

function cellText(cell: BaselineCell): string {
  const { id, metrics, counters, timeNs, ...rest } = cell;
  const parts = [`{"id": ${JSON.stringify(id)}`];
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) parts.push(`"${name}": ${canonicalJson(value)}`);
  }
  if (metrics !== undefined) parts.push(`"metrics": ${lines(metrics, '  ')}`);
  if (counters !== undefined) parts.push(`"counters": ${lines(counters, '  ')}`);
  if (timeNs !== undefined) parts.push(`"timeNs": ${lines(timeNs, '  ')}`);
  return `${parts.join(',\n ')}}`;
}

/** An object with a line a member, in order. */
function lines(record: Readonly<Record<string, unknown>>, indent: string): string {
  const members = Object.keys(record)
    .sort()
    .map((key) => `${indent}${JSON.stringify(key)}: ${canonicalJson(record[key])}`);
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}}`;
}

function metricKinds(cells: readonly GateCell[]): Record<string, MetricKind> {
  const kinds: Record<string, MetricKind> = {};
  for (const { metrics } of cells) {
    for (const [name, { unit, better }] of Object.entries(metrics)) {
      kinds[name] ??= { unit, better };
    }
  }
  return kinds;
}

function baselineCell(cell: GateCell, kinds: Readonly<Record<string, MetricKind>>): BaselineCell {
  const { id, scenarioVersion, verdict, reason, outcome, effective, counters } = cell;
  const timeNs = withoutZeros(Object.fromEntries(timeByCause(cell)));
  const metrics: Record<string, number | MetricValue> = {};
  for (const [name, metric] of Object.entries(cell.metrics)) {
    const kind = kinds[name];
    const usual =
      metric.assume === 'exact' &&
      metric.interval === undefined &&
      metric.unit === kind?.unit &&
      metric.better === kind.better;
    metrics[name] = usual ? metric.value : metric;
  }
  return {
    id,
    scenarioVersion,
    verdict,
    ...(reason === undefined ? {} : { reason }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(Object.keys(effective).length === 0 ? {} : { effective }),
    ...(Object.keys(metrics).length === 0 ? {} : { metrics }),
    ...(counters === undefined ? {} : { counters: keptCounters(counters) }),
    ...(Object.keys(timeNs).length === 0 ? {} : { timeNs }),
  };
}

function keptCounters(
  counters: Readonly<Record<string, CounterGroup>>,
): Record<string, CounterGroup> {
  const kept: Record<string, CounterGroup> = {};
  for (const [group, counts] of Object.entries(counters)) {
    const some = withoutZeros(counts);
    if (Object.keys(some).length > 0) kept[group] = some;
  }
  return kept;
}

function withoutZeros(counts: CounterGroup): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function gateCell(cell: BaselineCell, kinds: Readonly<Record<string, MetricKind>>): GateCell {
  const { timeNs, counters, reason, outcome } = cell;
  const { testbed, profile, transport, scenario } = parseCellId(cell.id);
  const metrics: Record<string, MetricValue> = {};
  for (const [name, value] of Object.entries(cell.metrics ?? {})) {
    const { unit, better } = kinds[name] ?? { unit: '1', better: 'none' };
    metrics[name] = typeof value === 'number' ? { value, unit, better, assume: 'exact' } : value;
  }
  return {
    id: cell.id,
    testbed,
    profile,
    transport,
    scenario,
    scenarioVersion: cell.scenarioVersion,
    effective: cell.effective ?? {},
    verdict: cell.verdict,
    metrics,
    ...(reason === undefined ? {} : { reason }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(counters === undefined ? {} : { counters }),
    ...(timeNs === undefined ? {} : { attributionNs: { all: timeNs } }),
  };
}
