import { createMover, createSharedMemory } from '../wasm-mover.js';
import { bestTenth, type Figure, figureOf, SMALL_DIFFERENCE } from './figure.js';
import {
  BEAT,
  type Partner,
  PIECE_BYTES,
  PING,
  READ,
  REST,
  RING_BYTES,
  RUN,
  SLEEP,
  TURN,
  WAKE,
  WOKEN,
} from './partner.js';
import type { SystemMemory } from './system-memory.js';

const REPEATS = 15;
const PAGE = 4096;
/** A partner that shares its CPU with others runs only now and then. */
const ATTEMPTS = 3000;

/** A cache line moves from one core to the other: half a round trip of a word that both spin on. */
export function lineTransfer(partner: Partner): Figure {
  const { control } = partner;
  const rounds = 100;
  partner.set(PING);
  const sample = (): number => {
    const from = partner.nowNs();
    for (let i = 0; i < rounds; i++) {
      const turn = Atomics.load(control, TURN) + 1;
      Atomics.store(control, TURN, turn);
      while (Atomics.load(control, TURN) === turn);
    }
    return (partner.nowNs() - from) / rounds / 2;
  };
  const repeats = repeated(100, sample);
  partner.set(REST);
  return figureOf('cacheLine', 'ns', 'a word goes from one core to the other, one way', repeats);
}

/** Copying into a ring that the other core has read since it was last written: each of its lines must be claimed back. */
export function claimedWrite(partner: Partner): Figure {
  const { control } = partner;
  const mover = createMover(partner.frames);
  partner.set(READ);
  const sample = (): number => {
    const from = partner.nowNs();
    for (let at = 0; at < RING_BYTES; at += PIECE_BYTES) mover.copy(at, RING_BYTES, PIECE_BYTES);
    const ns = partner.nowNs() - from;
    const turn = Atomics.load(control, TURN) + 1;
    Atomics.store(control, TURN, turn);
    while (Atomics.load(control, TURN) === turn);
    return (1000 * ns) / RING_BYTES;
  };
  const repeats = repeated(100, sample);
  partner.set(REST);
  const meaning = 'memory.copy from L1 into 64 KiB that another core has read since';
  return figureOf('claimedWrite', 'ps/B', meaning, repeats);
}

/** From the call that wakes a sleeping thread until it runs: Atomics.notify to Atomics.wait. */
export function wakeUp(partner: Partner): { readonly figure: Figure; readonly allNs: number[] } {
  const { control, times } = partner;
  const allNs: number[] = [];
  const before = Atomics.load(control, BEAT);
  partner.set(SLEEP);
  // It beats when it has read the word on which it will sleep: from then on no wake-up is lost.
  while (Atomics.load(control, BEAT) === before);
  const sample = (): number => {
    const beat = Atomics.load(control, BEAT);
    const woken = Atomics.load(control, WOKEN);
    const from = partner.nowNs();
    Atomics.add(control, WAKE, 1);
    Atomics.notify(control, WAKE);
    while (Atomics.load(control, WOKEN) === woken);
    const ns = (times[0] as number) - from;
    while (Atomics.load(control, BEAT) === beat);
    pauseNs(partner, 60_000);
    allNs.push(ns);
    return ns;
  };
  sample();
  const repeats = Array.from({ length: REPEATS }, () => {
    const samples = Float64Array.from({ length: 40 }, sample).sort();
    // Of two kinds of wake-up the usual one: the median.
    return samples[samples.length >> 1] as number;
  });
  Atomics.store(control, 0, REST);
  partner.set(REST);
  const meaning = 'a thread sleeps in Atomics.wait, and runs after Atomics.notify: the median';
  return { figure: figureOf('wakeUp', 'ns', meaning, repeats), allNs };
}

/**
 * Taking the right to write a page from a process of which another thread runs: Linux has that CPU drop the translation,
 * and waits for it. A sample counts only where the partner ran before and behind the call; what the same call takes while
 * the partner sleeps is subtracted.
 */
export function shootdown(partner: Partner, system: SystemMemory): Figure | undefined {
  const { control } = partner;
  const memory = createSharedMemory(PAGE);
  const page = new Uint8Array(memory.buffer, 0, PAGE);
  const protect = (): number => {
    page[0] = 1;
    const from = partner.nowNs();
    system.protect(page);
    const ns = partner.nowNs() - from;
    system.unprotect(page);
    return ns;
  };
  const alone = Array.from({ length: REPEATS }, () => {
    const samples = Float64Array.from({ length: 60 }, protect);
    return bestTenth(samples);
  });
  partner.set(RUN);
  const together = Array.from({ length: REPEATS }, () => {
    const samples: number[] = [];
    for (let i = 0; i < ATTEMPTS && samples.length < 40; i++) {
      const before = Atomics.load(control, BEAT);
      pauseNs(partner, 1000);
      const ran = Atomics.load(control, BEAT) !== before;
      const ns = protect();
      const behind = Atomics.load(control, BEAT);
      pauseNs(partner, 1000);
      if (ran && Atomics.load(control, BEAT) !== behind) samples.push(ns);
    }
    return samples.length < 10 ? Number.NaN : bestTenth(samples);
  });
  partner.set(REST);
  const least = Math.min(...alone);
  const repeats = together.filter(Number.isFinite).map((ns) => ns - least);
  if (repeats.length < REPEATS / 2 || repeats.some((ns) => ns <= 0)) return undefined;
  return figureOf(
    'shootdownFirst',
    'ns',
    `mprotect of a page while another thread of the process runs, less ${least.toFixed(0)} ns for the call alone`,
    repeats,
  );
}

/** Reading a page whose translation was just dropped, against reading it again: page tables in cache, lines too. */
export function tlbRefill(partner: Partner, system: SystemMemory): Figure | undefined {
  const pages = 256;
  const memory = createSharedMemory(pages * PAGE);
  const bytes = new Uint8Array(memory.buffer, 0, pages * PAGE);
  const words = new Int32Array(memory.buffer, 0, bytes.length / 4);
  const step = PAGE / 4;
  // Each page says where to go next, so that no two walks can overlap.
  const link = (): void => {
    for (let page = 0; page < pages; page++) words[page * step] = ((page * 7 + 7) % pages) * step;
  };
  link();
  let end = 1;
  const walk = (): number => {
    const from = partner.nowNs();
    let at = 0;
    for (let i = 0; i < pages; i++) at = words[at] as number;
    end = at;
    return (partner.nowNs() - from) / pages;
  };
  const repeats = Array.from({ length: REPEATS }, () => {
    const dropped: number[] = [];
    const kept: number[] = [];
    for (let i = 0; i < 40; i++) {
      system.protect(bytes);
      dropped.push(walk());
      kept.push(walk());
      system.unprotect(bytes);
      // Written again, so that the next time there is something to take away.
      link();
    }
    return bestTenth(dropped) - bestTenth(kept);
  });
  if (end !== 0 || repeats.some((ns) => ns <= 0)) return undefined;
  return figureOf(
    'tlbRefill',
    'ns',
    'reading a page whose translation was dropped',
    repeats,
    SMALL_DIFFERENCE,
  );
}

function repeated(samples: number, sample: () => number): number[] {
  sample();
  return Array.from({ length: REPEATS }, () =>
    bestTenth(Float64Array.from({ length: samples }, sample)),
  );
}

function pauseNs(partner: Partner, ns: number): void {
  const from = partner.nowNs();
  while (partner.nowNs() - from < ns);
}
