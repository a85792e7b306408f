import {
  formatBytes,
  formatBytesPerSecond,
  formatNs,
  formatPerSecond,
  formatSignificant,
} from '../../base/units.js';
import type { Cell, ParameterValue } from '../../results/types.js';

/** A figure and its base unit. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
}

/**
 * A metric of a cell, or one that is made of its attribution: `share:CAUSE+CAUSE` is the part of
 * all busy CPU time that those causes have, `nsPerByte:CAUSE` their time for each byte of payload.
 * Undefined where the cell is not valid or does not have it.
 */
export function figureOf(cell: Cell, metric: string): Figure | undefined {
  if (cell.verdict !== 'valid') return undefined;
  const colon = metric.indexOf(':');
  if (colon < 0) {
    const found = Object.hasOwn(cell.metrics, metric) ? cell.metrics[metric] : undefined;
    return found === undefined ? undefined : { value: found.value, unit: found.unit };
  }
  const causes = metric.slice(colon + 1).split('+');
  const time = causeTimes(cell, causes);
  if (time === undefined || time.busy === 0) return undefined;
  if (metric.startsWith('share:')) return { value: time.ofCauses / time.busy, unit: 'share' };
  const bytes =
    Number(cell.parameters['messages'] ?? 0) * Number(cell.parameters['messageSizeBytes'] ?? 0);
  return bytes > 0 ? { value: time.ofCauses / bytes, unit: 'ns/B' } : undefined;
}

function causeTimes(
  cell: Cell,
  causes: readonly string[],
): { busy: number; ofCauses: number } | undefined {
  if (cell.attributionNs === undefined) return undefined;
  let busy = 0;
  let ofCauses = 0;
  for (const times of Object.values(cell.attributionNs)) {
    for (const [cause, ns] of Object.entries(times)) {
      if (cause === 'idle') continue;
      busy += ns;
      if (causes.includes(cause)) ofCauses += ns;
    }
  }
  return { busy, ofCauses };
}

/** "529 MiB/s", "12.4 us", "2.00", "26 %". */
export function figureText({ value, unit }: Figure): string {
  switch (unit) {
    case 'ns':
      return formatNs(value);
    case 'B/s':
      return formatBytesPerSecond(value);
    case 'GB/s':
      return `${formatSignificant(value / 1e9)} GB/s`;
    case '1/s':
      return formatPerSecond(value);
    case 'share':
      return `${formatSignificant(value * 100)} %`;
    case '1':
      return Number.isInteger(value) ? String(value) : formatSignificant(value);
    case 'x':
      return ratioText(value);
    default:
      return `${formatSignificant(value)} ${unit}`;
  }
}

/** "0.47x", "12.4x", "256x". */
export function ratioText(ratio: number): string {
  // Rounded first: 0.9998 is 1.00x, not 1.000x.
  return Number.isFinite(ratio)
    ? `${formatSignificant(Number(ratio.toPrecision(3)))}x`
    : 'infinitely more';
}

/** "64 KiB" for sizes, the plain value for all else. */
export function parameterText(name: string, value: ParameterValue): string {
  if (typeof value !== 'number') return String(value);
  if (name.endsWith('Bytes')) return formatBytes(value);
  return Number.isInteger(value) ? String(value) : formatSignificant(value);
}
