import { createSharedMemory } from '../wasm-mover.js';
import { COPY_WIDTHS, createCopiers } from './copy-widths.js';
import { bestTenth, COLD_REPEATS, type Figure, figureOf } from './figure.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const REPEATS = 15;
const SAMPLES = 30;
/** A sample takes about so long: short, so that others rarely fall into it. */
const SAMPLE_NS = 40_000;
const WARM_UP_NS = 3_000_000;
/** More is not taken for it: where the caches are larger, DRAM cannot be reached. */
const LARGEST_SPAN = 192 * MIB;

/** Sizes of this host's caches, as far as they are known. */
export interface CacheSizes {
  readonly l1Bytes: number;
  readonly l2Bytes: number;
  readonly l3Bytes: number;
}

interface Level {
  readonly price: string;
  readonly where: string;
  /** Bytes at each end. */
  readonly span: number;
}

/** Picoseconds a byte by the level at which both ends lie; levels that cannot be told apart here are left out. */
export function copyPrices(nowNs: () => number, caches: CacheSizes): readonly Figure[] {
  const all: readonly Level[] = [
    { price: 'copyL1', where: 'L1', span: caches.l1Bytes / 3 },
    { price: 'copyL2', where: 'L2', span: caches.l2Bytes / 3 },
    { price: 'copyL3', where: 'L3', span: Math.max(2 * caches.l2Bytes, caches.l3Bytes / 8) },
    { price: 'copyDram', where: 'DRAM', span: 2 * caches.l3Bytes },
  ];
  const levels = all
    .map((level) => ({ ...level, span: Math.floor(level.span / 4096) * 4096 }))
    .filter(({ span }) => span >= 4096 && span <= LARGEST_SPAN);
  const largest = Math.max(...levels.map(({ span }) => span));
  const memory = createSharedMemory(2 * largest);
  new Uint8Array(memory.buffer).fill(1);
  const { copy } = createCopiers(memory);
  return levels.map(({ price, where, span }) => {
    const block = Math.min(span, 256 * KIB);
    let at = 0;
    const once = (): void => {
      copy(span + at, at, block);
      at = at + 2 * block <= span ? at + block : 0;
    };
    const repeats = repeated(nowNs, once).map((ns) => (ns * 1000) / block);
    return figureOf(
      price,
      'ps/B',
      `memory.copy, both ends in ${where}: ${span / KIB} KiB each, ${block / KIB} KiB at a time`,
      repeats,
    );
  });
}

/** The fixed part of a short copy: a call, and what it takes to begin. */
export function copySetup(nowNs: () => number): Figure {
  const memory = createSharedMemory(64 * KIB);
  const { copy } = createCopiers(memory);
  const repeats = repeated(nowNs, () => copy(4096, 0, 16));
  return figureOf('copySetup', 'ns', 'one memory.copy of 16 bytes', repeats);
}

/** Gigabytes a second, by size of a copy, and by the width of its loads and stores. Nobody's price: for people. */
export function copyTable(nowNs: () => number): Readonly<Record<string, number>> {
  const memory = createSharedMemory(4 * MIB);
  const copiers = createCopiers(memory);
  const table: Record<string, number> = {};
  for (let size = 64; size <= MIB; size *= 4) {
    for (const width of COPY_WIDTHS) {
      const copy = copiers[width];
      const ns = bestTenth(samples(nowNs, () => copy(2 * MIB, 0, size)));
      table[`${width} ${size}`] = Number((size / ns).toPrecision(4));
    }
  }
  return table;
}

function repeated(nowNs: () => number, once: () => void): number[] {
  const all = Array.from({ length: COLD_REPEATS + REPEATS }, () => bestTenth(samples(nowNs, once)));
  return all.slice(COLD_REPEATS);
}

/** Nanoseconds of one call, in samples of as many calls as fill the time of a sample. */
function samples(nowNs: () => number, once: () => void): Float64Array {
  // The compiler's work is not the machine's.
  const warmUntil = nowNs() + WARM_UP_NS;
  while (nowNs() < warmUntil) once();
  let calls = 1;
  for (;;) {
    const ns = timed(nowNs, once, calls);
    if (ns >= SAMPLE_NS / 2 || calls > 1e6) break;
    calls = Math.max(2 * calls, Math.floor((calls * SAMPLE_NS) / Math.max(ns, 100) / 2));
  }
  return Float64Array.from({ length: SAMPLES }, () => timed(nowNs, once, calls) / calls);
}

function timed(nowNs: () => number, once: () => void, calls: number): number {
  const from = nowNs();
  for (let i = 0; i < calls; i++) once();
  return nowNs() - from;
}
