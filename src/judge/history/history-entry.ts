import { hostClass } from '../../results/provenance.js';
import type { Better, MetricValue, ResultsFile } from '../../results/types.js';

/**
 * A run as the history keeps it: one line of JSON in a file that only grows. Figures of valid cells,
 * without samples and counters.
 */
export interface HistoryEntry {
  readonly historyVersion: 1;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly commit: string;
  readonly version: string;
  readonly hostClass: string;
  /** Unit and better side of each metric. */
  readonly metrics: Readonly<Record<string, MetricKind>>;
  /** Cell -> metric -> figure. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, HistoryFigure>>>>;
}

export interface MetricKind {
  readonly unit: string;
  readonly better: Better;
}

/** A value alone is exact. */
export type HistoryFigure = number | { readonly sampled: number };

/** The figures that stand for a cell: what it achieves, and what that costs. */
export const MAIN_METRICS: readonly string[] = [
  'bytesPerSecond',
  'messagesPerSecond',
  'latencyNsP50',
  'latencyNsP99',
  'setupNs',
  'teardownNs',
  'recoveryNs',
  'cpuNsPerByte',
  'entriesPerMessage',
  'hypercallsPerMessage',
  'tlbFlushesPerMessage',
];

/** Under which the harness's own speed stands among the cells. */
export const HARNESS_CELL = 'harness';

/** @param metrics names that are kept; undefined: all */
export function historyEntry(
  results: ResultsFile,
  metrics: readonly string[] | undefined,
): HistoryEntry {
  const { run } = results;
  const cells: Record<string, Record<string, HistoryFigure>> = {};
  const kinds: Record<string, MetricKind> = {};
  for (const cell of results.cells) {
    if (cell.verdict !== 'valid') continue;
    const kept = figures(cell.metrics, metrics, kinds);
    if (Object.keys(kept).length > 0) cells[cell.id] = kept;
  }
  if (run.harness !== undefined) cells[HARNESS_CELL] = figures(run.harness, undefined, kinds);
  return {
    historyVersion: 1,
    runId: run.id,
    startedAt: run.startedAt,
    commit: run.commit,
    version: run.version,
    hostClass: hostClass(run.host),
    metrics: kinds,
    cells,
  };
}

function figures(
  metrics: Readonly<Record<string, MetricValue>>,
  wanted: readonly string[] | undefined,
  kinds: Record<string, MetricKind>,
): Record<string, HistoryFigure> {
  const kept: Record<string, HistoryFigure> = {};
  for (const [name, { value, assume, unit, better }] of Object.entries(metrics)) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    kinds[name] ??= { unit, better };
    kept[name] = assume === 'exact' ? value : { sampled: value };
  }
  return kept;
}
