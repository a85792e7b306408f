import { formatBytes } from '../../base/units.js';
import type { AxisSpec } from './chart-spec.js';
import { formatScaled, type Scale, scaleFor } from './quantity.js';

/** Ticks of an axis with their texts, and the range that they span. */
export interface Ticks {
  readonly values: readonly number[];
  readonly labels: readonly string[];
  readonly min: number;
  readonly max: number;
  /** The unit to add to the title of the axis; empty where the labels carry it. */
  readonly suffix: string;
}

/**
 * Ticks for values from min to max: powers of two for bytes, nines for percentiles, 1-2-5 steps for everything else.
 *
 * @param most how many labels there is room for
 */
export function ticksFor(axis: AxisSpec, least: number, greatest: number, most: number): Ticks {
  const [min, max] = [drawable(least), drawable(greatest)];
  if (axis.unit === 'percentile') return percentileTicks(min, max);
  if (axis.unit === 'B')
    return axis.scale === 'log' ? byteTicks(min, max, most) : evenBytes(max, most);
  const scale = scaleFor(
    [axis.scale === 'linear' ? max : Math.sqrt(min) * Math.sqrt(max)],
    axis.unit,
  );
  const ticks =
    axis.scale === 'linear'
      ? linearTicks(max / scale.factor, most)
      : decadeTicks(min, max, scale, most);
  return {
    values: ticks.map((tick) => tick * scale.factor),
    labels: ticks.map((tick) => plain(tick)),
    min: axis.scale === 'linear' ? 0 : min / LOG_MARGIN,
    max:
      axis.scale === 'linear'
        ? Math.max(max, (ticks.at(-1) ?? 0) * scale.factor)
        : max * LOG_MARGIN,
    suffix: scale.suffix,
  };
}

/** No figure of a machine lies beyond these; steps up to them neither overflow nor vanish. */
const SMALLEST = 1e-60;
const LARGEST = 1e60;

/** A figure as it is drawn: a file may hold one that no picture can. */
export function drawable(value: number): number {
  return Math.min(Math.max(value, SMALLEST), LARGEST);
}

/** Room on a log axis beyond the outermost points, so that markers are not cut. */
const LOG_MARGIN = 1.12;

function plain(value: number): string {
  const text = formatScaled(value, { factor: 1, suffix: '' });
  return text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
}

function percentileTicks(min: number, max: number): Ticks {
  const all: readonly (readonly [number, string])[] = [
    [2, '50 %'],
    [10, '90 %'],
    [100, '99 %'],
    [1000, '99.9 %'],
    [10_000, '99.99 %'],
  ];
  const shown = all.filter(([position]) => position >= min * 0.999 && position <= max * 1.001);
  return {
    values: shown.map(([position]) => position),
    labels: shown.map(([, label]) => label),
    min: min / LOG_MARGIN,
    max: max * LOG_MARGIN,
    suffix: '',
  };
}

function byteTicks(min: number, max: number, most: number): Ticks {
  const powers: number[] = [];
  for (let size = 1; size <= max * 1.1; size *= 2) if (size >= min * 0.9) powers.push(size);
  let step = 1;
  while (powers.length / step > most) step *= 2;
  const values = powers.filter((_, i) => i % step === 0);
  return {
    values,
    labels: values.map(formatBytes),
    min: min / LOG_MARGIN,
    max: max * LOG_MARGIN,
    suffix: '',
  };
}

function evenBytes(max: number, most: number): Ticks {
  let step = 1;
  while (max / step > most) step *= 2;
  const values: number[] = [];
  for (let size = 0; size <= max * 1.001; size += step) values.push(size);
  return { values, labels: values.map(formatBytes), min: 0, max: max * 1.04, suffix: '' };
}

/** 0 and steps of 1, 2 or 5 times a power of ten that reach max. */
function linearTicks(max: number, most: number): readonly number[] {
  if (!(max > 0)) return [0];
  const step = stepsOfTen(max / most, max).find((candidate) => max / candidate <= most) ?? max;
  const ticks: number[] = [];
  for (let i = 0; i <= Math.ceil(max / step - 1e-9); i++) ticks.push(i * step);
  return ticks;
}

/** 1, 2 and 5 times powers of ten from below `from` to above `to`, rising. */
function stepsOfTen(from: number, to: number): readonly number[] {
  let power = 1;
  while (power > from) power /= 10;
  while (power * 10 < from) power *= 10;
  const steps: number[] = [];
  for (; power <= to * 10; power *= 10) steps.push(power, power * 2, power * 5);
  return steps;
}

/** Digits at which a log axis may have ticks, from sparse to crowded. */
const DIGITS: readonly (readonly number[])[] = [
  [1],
  [1, 3],
  [1, 2, 5],
  [1, 1.5, 2, 3, 4, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9],
];

/** Ticks of a log axis inside its range: the densest digits of which there is room for all. */
function decadeTicks(min: number, max: number, scale: Scale, most: number): readonly number[] {
  const low = min / scale.factor / LOG_MARGIN;
  const high = (max / scale.factor) * LOG_MARGIN;
  let power = 1;
  while (power > low) power /= 10;
  while (power * 10 < low) power *= 10;
  let chosen: readonly number[] = [];
  for (const digits of DIGITS) {
    const ticks: number[] = [];
    for (let tens = power; tens <= high; tens *= 10) {
      for (const digit of digits) {
        const tick = digit * tens;
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    if (ticks.length > most && chosen.length > 1) break;
    chosen = ticks;
  }
  return chosen;
}
