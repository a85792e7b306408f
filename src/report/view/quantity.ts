import { formatBytes, formatSignificant, GIB, KIB, MIB } from '../../base/units.js';
import type { ParameterValue } from '../../results/types.js';

/** A unit as printed, and how many base units it holds. */
export interface Scale {
  readonly factor: number;
  readonly suffix: string;
}

const LADDERS: Readonly<Record<string, readonly Scale[]>> = {
  ns: [
    { factor: 1, suffix: 'ns' },
    { factor: 1e3, suffix: 'us' },
    { factor: 1e6, suffix: 'ms' },
    { factor: 1e9, suffix: 's' },
  ],
  'B/s': [
    { factor: 1, suffix: 'B/s' },
    { factor: KIB, suffix: 'KiB/s' },
    { factor: MIB, suffix: 'MiB/s' },
    { factor: GIB, suffix: 'GiB/s' },
  ],
  '1/s': [
    { factor: 1, suffix: '/s' },
    { factor: 1e3, suffix: 'k/s' },
    { factor: 1e6, suffix: 'M/s' },
    { factor: 1e9, suffix: 'G/s' },
  ],
  B: [
    { factor: 1, suffix: 'B' },
    { factor: KIB, suffix: 'KiB' },
    { factor: MIB, suffix: 'MiB' },
    { factor: GIB, suffix: 'GiB' },
  ],
  '1': [{ factor: 1, suffix: '' }],
};

/**
 * One scale for figures that stand side by side: that of the smallest, unless the largest would then need more than
 * five digits before the point.
 */
export function scaleFor(values: readonly number[], unit: string): Scale {
  const ladder = LADDERS[unit] ?? [{ factor: 1, suffix: unit }];
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size === 0 || !Number.isFinite(size)) continue;
    smallest = Math.min(smallest, size);
    largest = Math.max(largest, size);
  }
  if (largest === 0) smallest = 0;
  let chosen = ladder[0] as Scale;
  for (const scale of ladder) {
    if (smallest >= scale.factor || largest >= scale.factor * 100_000) chosen = scale;
  }
  return chosen;
}

/** The figure alone, in three significant digits of that scale. */
export function formatScaled(value: number, scale: Scale): string {
  return formatSignificant(value / scale.factor);
}

/** "682 MiB/s", "1.25 us", "2.00": figure and unit. */
export function formatQuantity(value: number, unit: string): string {
  const scale = scaleFor([value], unit);
  const figure = formatScaled(value, scale);
  return scale.suffix === '' ? figure : `${figure} ${scale.suffix}`;
}

/** "64 KiB" for parameters that are sizes, the plain value for all others. */
export function formatParameter(key: string, value: ParameterValue | undefined): string {
  if (value === undefined) return '-';
  if (typeof value === 'number' && key.endsWith('Bytes')) return formatBytes(value);
  if (typeof value === 'number' && key.endsWith('Ns')) return formatQuantity(value, 'ns');
  if (typeof value === 'number' && key.endsWith('PerSecond')) return formatQuantity(value, '1/s');
  return String(value);
}

/** "1.43x", "12x": how many times. */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return '-';
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}x`;
}

/** A share of one as "41 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? '<1' : percent.toFixed(0)} %`;
}
