import { UserError } from '../base/errors.js';
import type { Better } from '../results/types.js';
import { countersPerMessage, cpuTimePerMessage } from './view/breakdown.js';
import { causeLabel, counterLabel, metricLabel, own } from './view/labels.js';
import { messagesOf, metricOf, type ReportCell } from './view/report-data.js';

/** A figure that can be compared: a metric, a counter a message, or CPU time of a cause a message. */
export interface MetricReader {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly better: Better;
  /** Undefined where the cell has no such figure or is not valid. */
  readonly read: (cell: ReportCell) => number | undefined;
}

/**
 * The reader of a name: "bytesPerSecond"; "entries.hlt" or any other group and counter, a message; "cpu.copy", nanoseconds
 * a message. Throws UserError where no cell has it.
 */
export function metricReader(name: string, cells: readonly ReportCell[]): MetricReader {
  const wanted = simplify(name);
  const metrics = new Map<string, ReportCell['metrics'][string]>();
  for (const cell of cells) {
    for (const [key, metric] of Object.entries(cell.metrics)) {
      if (!metrics.has(key)) metrics.set(key, metric);
    }
  }
  const known = [...metrics.keys()].find((key) => simplify(key) === wanted);
  if (known !== undefined) {
    const { unit, better } = metrics.get(known) as ReportCell['metrics'][string];
    const read = (cell: ReportCell): number | undefined => metricOf(cell, known);
    return { name: known, label: metricLabel(known), unit, better, read };
  }
  const dot = name.indexOf('.');
  const reader = dot > 0 ? countReader(name.slice(0, dot), name.slice(dot + 1)) : undefined;
  if (reader !== undefined && cells.some((cell) => reader.read(cell) !== undefined)) return reader;
  throw new UserError(`no cell has a metric "${name}"`, {
    where: '--metric',
    remedy: `there are: ${[...metrics.keys()].sort().join(', ')}; also counters (entries.hlt) and CPU time (cpu.copy), a message`,
  });
}

function countReader(group: string, name: string): MetricReader {
  if (group === 'cpu') {
    return {
      name: `cpu.${name}`,
      label: `CPU time, ${causeLabel(name)}, a message`,
      unit: 'ns',
      better: 'lower',
      read: (cell) => {
        if (cell.verdict !== 'valid') return undefined;
        const time = cpuTimePerMessage(cell);
        return time && (name === 'idle' ? time.idleNs : own(time.busy, name));
      },
    };
  }
  return {
    name: `${group}.${name}`,
    label: `${group}: ${counterLabel(name)} a message`,
    unit: '1',
    better: 'lower',
    read: (cell) => {
      if (cell.verdict !== 'valid' || messagesOf(cell) === undefined) return undefined;
      const counts = cell.counters === undefined ? undefined : own(cell.counters, group);
      if (counts === undefined || !Object.hasOwn(counts, name)) return undefined;
      return own(countersPerMessage(cell, group) ?? {}, name) ?? 0;
    },
  };
}

/** "latency-ns-p50", "latencyNsP50" and "latencynsp50" are one name. */
export function simplify(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9.]/g, '');
}
