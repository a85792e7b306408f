import { GIB, KIB, MIB } from '../../base/units.js';

/** Units as printed, largest first, and how many base units each holds. */
const LADDERS: Readonly<Record<string, readonly (readonly [suffix: string, factor: number])[]>> = {
  ns: [
    ['s', 1e9],
    ['ms', 1e6],
    ['us', 1e3],
    ['ns', 1],
  ],
  'B/s': [
    ['GiB/s', GIB],
    ['MiB/s', MIB],
    ['KiB/s', KIB],
    ['B/s', 1],
  ],
  '1/s': [
    ['M/s', 1e6],
    ['k/s', 1e3],
    ['/s', 1],
  ],
  '1': [['', 1]],
};

const FEWEST_DIGITS = 4;
const MOST_DIGITS = 17;
/** From tenfold on, percentages are hard to read. */
const FOLD = 9;
/** From here on the old value was next to nothing, and the factor says nothing more. */
const MOST_FOLD = 1e6;

/** "12.44 -> 12.63 us": in one unit, with as many digits as it takes to tell them apart. */
export function changeText(before: number, after: number, unit: string): string {
  const [suffix, factor] = scaleOf(Math.max(Math.abs(before), Math.abs(after)), unit);
  let digits = FEWEST_DIGITS;
  while (
    digits < MOST_DIGITS &&
    before !== after &&
    plain(before / factor, digits) === plain(after / factor, digits)
  ) {
    digits++;
  }
  const figures = `${plain(before / factor, digits)} -> ${plain(after / factor, digits)}`;
  return suffix === '' ? figures : `${figures} ${suffix}`;
}

/** "+190 ns", "-2": a difference with its sign. */
export function differenceText(difference: number, unit: string): string {
  const [suffix, factor] = scaleOf(Math.abs(difference), unit);
  const figure = `${difference < 0 ? '-' : '+'}${plain(Math.abs(difference) / factor, 3)}`;
  return suffix === '' ? figure : `${figure} ${suffix}`;
}

/** "+1.53 %", "-50 %", "12-fold": a part with its sign; "" where the old value was 0. */
export function shareText(share: number): string {
  if (!Number.isFinite(share)) return '';
  if (share > MOST_FOLD) return `more than ${plain(MOST_FOLD, 1)}-fold`;
  if (share >= FOLD) return `${plain(1 + share, 3)}-fold`;
  return `${share < 0 ? '-' : '+'}${plain(Math.abs(share) * 100, 3)} %`;
}

/** A figure with its unit, scaled: "12.44 us". */
export function figureText(value: number, unit: string): string {
  const [suffix, factor] = scaleOf(Math.abs(value), unit);
  const figure = plain(value / factor, FEWEST_DIGITS);
  return suffix === '' ? figure : `${figure} ${suffix}`;
}

/** So many significant digits, no exponent where one can do without, no zeros at the end. */
export function plain(value: number, digits: number): string {
  if (value === 0 || Number.isInteger(value)) {
    if (Math.abs(value) < 1e15) return String(value);
  }
  const rounded = Number(value.toPrecision(digits));
  const text = String(rounded);
  return text.includes('e') ? rounded.toExponential() : text;
}

function scaleOf(size: number, unit: string): readonly [suffix: string, factor: number] {
  const ladder = LADDERS[unit];
  if (ladder === undefined) return [unit, 1];
  return ladder.find(([, factor]) => size >= factor) ?? (ladder.at(-1) as [string, number]);
}
