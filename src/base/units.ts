import { UserError } from './errors.js';

export const KIB = 1024;
export const MIB = 1024 * 1024;
export const GIB = 1024 * 1024 * 1024;

/** Picoseconds in a nanosecond, a microsecond, a millisecond and a second. */
export const PS_PER_NS = 1000;
export const PS_PER_US = 1_000_000;
export const PS_PER_MS = 1_000_000_000;
export const PS_PER_S = 1_000_000_000_000;

const SIZE = /^(\d+)(b|k|kb|kib|m|mb|mib|g|gb|gib)?$/i;

/** Reads "4096", "4k", "1m" or "16MiB" as bytes; letters are binary multiples. Throws UserError. */
export function parseSize(text: string, where = 'size'): number {
  const match = SIZE.exec(text.trim());
  if (match === null) {
    throw new UserError(`"${text}" is not a size`, {
      where,
      remedy: 'give bytes (4096) or a binary multiple (4k, 64k, 1m)',
    });
  }
  const letter = (match[2] ?? 'b')[0]?.toLowerCase();
  const factor = letter === 'k' ? KIB : letter === 'm' ? MIB : letter === 'g' ? GIB : 1;
  const bytes = Number(match[1]) * factor;
  if (!Number.isSafeInteger(bytes)) throw new UserError(`"${text}" is too large`, { where });
  return bytes;
}

/** 65536 as "64 KiB", 65472 as "65472 B", 1536 as "1.5 KiB": exact, or in bytes. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const) {
    if (bytes >= size && (bytes / size) * 100 === Math.floor((bytes / size) * 100)) {
      return `${bytes / size} ${unit}`;
    }
  }
  return `${bytes} B`;
}

/** Three significant digits, with no exponent where nobody needs one: 0.123, 1.23, 12.3, 123, 1230. */
export function formatSignificant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e15) return value.toExponential(2);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.1) return value.toFixed(3);
  if (size >= 0.001) return value.toFixed(4);
  return value.toExponential(2);
}

/** A duration in nanoseconds in the unit that suits it: "850 ns", "1.25 us", "3.40 ms", "2.00 s". */
export function formatNs(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1000) return `${formatSignificant(ns)} ns`;
  if (size < 1e6) return `${formatSignificant(ns / 1e3)} us`;
  if (size < 1e9) return `${formatSignificant(ns / 1e6)} ms`;
  return `${formatSignificant(ns / 1e9)} s`;
}

/** Bytes a second in binary multiples: "682 MiB/s". */
export function formatBytesPerSecond(rate: number): string {
  if (rate < KIB) return `${formatSignificant(rate)} B/s`;
  if (rate < MIB) return `${formatSignificant(rate / KIB)} KiB/s`;
  if (rate < GIB) return `${formatSignificant(rate / MIB)} MiB/s`;
  return `${formatSignificant(rate / GIB)} GiB/s`;
}

/** A plain rate in decimal multiples: "1.20 M/s". */
export function formatPerSecond(rate: number): string {
  if (rate < 1e3) return `${formatSignificant(rate)} /s`;
  if (rate < 1e6) return `${formatSignificant(rate / 1e3)} k/s`;
  if (rate < 1e9) return `${formatSignificant(rate / 1e6)} M/s`;
  return `${formatSignificant(rate / 1e9)} G/s`;
}

/** "1 run", "2 runs". */
export function countText(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
