import type { Cell, ParameterValue, RunDescription } from '../../results/types.js';
import { own } from './labels.js';

/** Percentile (0 to 100) and value, rising. */
export type Distribution = readonly (readonly [percentile: number, value: number])[];

/** A cell as reports see it: which run it is from, and its histograms as percentile curves. */
export interface ReportCell extends Omit<Cell, 'histograms' | 'trace'> {
  /** Index into ReportData.runs. */
  readonly run: number;
  readonly distributions?: Readonly<Record<string, Distribution>>;
}

/** What every page, chart and table is made of. Also what the HTML page carries, so it must stay plain data. */
export interface ReportData {
  readonly runs: readonly RunDescription[];
  readonly cells: readonly ReportCell[];
}

/**
 * The value of a dimension: a field of the cell itself ("transport"), a parameter ("messageSizeBytes"), or what the
 * protocol made of one ("effective.ringSizeBytes").
 */
export function dimensionValue(cell: ReportCell, key: string): ParameterValue | undefined {
  switch (key) {
    case 'run':
      return cell.run;
    case 'testbed':
    case 'profile':
    case 'transport':
    case 'scenario':
    case 'verdict':
      return cell[key];
    default:
      return key.startsWith('effective.')
        ? own(cell.effective, key.slice('effective.'.length))
        : own(cell.parameters, key);
  }
}

/** Bytes of ring the protocol really has, or was asked for where it does not say. */
export function effectiveRingBytes(cell: ReportCell): number | undefined {
  const value = own(cell.effective, 'ringSizeBytes') ?? own(cell.parameters, 'ringSizeBytes');
  return typeof value === 'number' ? value : undefined;
}

/** The value of a metric in a valid cell. Cells that are not valid have no numbers to compare. */
export function metricOf(cell: ReportCell, metric: string): number | undefined {
  return cell.verdict === 'valid' ? own(cell.metrics, metric)?.value : undefined;
}

/** The sum of a counter group, or undefined where the cell has none. */
export function counterSum(cell: ReportCell, group: string): number | undefined {
  const counts = cell.counters === undefined ? undefined : own(cell.counters, group);
  if (counts === undefined) return undefined;
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}

const PER_MESSAGE: readonly (readonly [metric: string, group: string])[] = [
  ['entriesPerMessage', 'entries'],
];

/**
 * Messages delivered, by which counters and CPU time are divided. As the counters themselves say, where they do (real Xen);
 * else taken from a figure a message and the counter behind it where both are there, because that is the very number the
 * metrics were divided by; else from the parameters.
 */
export function messagesOf(cell: ReportCell): number | undefined {
  const counted = cell.counters?.copies?.['messages'];
  if (counted !== undefined && counted > 0) return counted;
  for (const [metric, group] of PER_MESSAGE) {
    const each = own(cell.metrics, metric)?.value;
    const total = counterSum(cell, group);
    if (each === undefined || total === undefined || !(each > 0)) continue;
    const messages = Math.round(total / each);
    if (messages > 0 && Number.isFinite(messages)) return messages;
  }
  const stated = own(cell.effective, 'messages') ?? own(cell.parameters, 'messages');
  if (typeof stated === 'number' && stated > 0) return stated;
  const bytes = own(cell.parameters, 'transferBytes');
  const size = own(cell.parameters, 'messageSizeBytes');
  if (typeof bytes === 'number' && typeof size === 'number' && size > 0) return bytes / size;
  return undefined;
}
