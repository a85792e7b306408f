import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { allowedCpus, cpusForThreads, keepThisThreadOn, pinThisThread } from '../cpu-affinity.js';
import { environmentWarnings } from '../environment.js';
import { type CacheSizes, copyPrices, copySetup, copyTable } from './copy-speed.js';
import type { Figure, Missing } from './figure.js';
import { systemCall, trappingInstruction } from './one-thread.js';
import { Partner } from './partner.js';
import { openSystemMemory } from './system-memory.js';
import { claimedWrite, lineTransfer, shootdown, tlbRefill, wakeUp } from './two-threads.js';

/** What was measured of this host, and what could not be. */
export interface Calibration {
  readonly figures: readonly Figure[];
  readonly missing: readonly Missing[];
  readonly caches: CacheSizes;
  /** GB/s by width and size of a copy. */
  readonly copyTable: Readonly<Record<string, number>>;
  /** Every wake-up that was timed, in order: often of two kinds. */
  readonly wakeUpsNs: readonly number[];
  readonly warnings: readonly string[];
}

const USUAL_CACHES: CacheSizes = { l1Bytes: 32 << 10, l2Bytes: 1 << 20, l3Bytes: 32 << 20 };

/** Measures this host, in some twenty seconds. @param onProgress told what goes on */
export async function calibrateHost(onProgress: (text: string) => void): Promise<Calibration> {
  const figures: Figure[] = [];
  const missing: Missing[] = [];
  const cores = availableParallelism();
  const warnings = environmentWarnings(2);
  const caches = cacheSizes();
  const take = (name: string, figure: Figure | Missing | undefined, reason: string): void => {
    if (figure === undefined) missing.push({ name, reason });
    else if ('reason' in figure) missing.push(figure);
    else figures.push(figure);
  };
  // On one core the two threads would never meet: what is measured between them is measured between cores.
  const before = allowedCpus();
  const [own, others] = cpusForThreads(2) ?? [];
  if (own !== undefined) await pinThisThread(own);
  const partner = new Partner(others);
  let wakeUpsNs: readonly number[] = [];
  try {
    await partner.ready();
    const now = (): number => partner.nowNs();
    onProgress('copying');
    figures.push(...copyPrices(now, caches), copySetup(now));
    for (const price of ['copyL1', 'copyL2', 'copyL3', 'copyDram']) {
      if (figures.every(({ name }) => name !== price)) {
        missing.push({ name: price, reason: 'the caches are too large, or too alike, to tell it' });
      }
    }
    if (cores < 2) {
      for (const name of ['cacheLine', 'claimedWrite', 'wakeUp'])
        missing.push({ name, reason: 'there is one CPU' });
    } else {
      onProgress('cache lines and wake-ups');
      figures.push(lineTransfer(partner), claimedWrite(partner));
      const woken = wakeUp(partner);
      figures.push(woken.figure);
      wakeUpsNs = woken.allNs;
    }
    onProgress('translations, system calls and exits');
    const system = await openSystemMemory();
    if ('missing' in system) {
      for (const name of ['shootdownFirst', 'tlbRefill', 'syscall', 'vmexit']) {
        missing.push({ name, reason: system.missing });
      }
    } else {
      const noisy = 'the repeats did not agree: other load, or the host took the CPUs away';
      take('shootdownFirst', shootdown(partner, system), noisy);
      take('tlbRefill', tlbRefill(partner, system), noisy);
      take('syscall', systemCall(now, system), noisy);
      take('vmexit', trappingInstruction(now, system), noisy);
    }
    onProgress('copies by size and width');
    return { figures, missing, caches, copyTable: copyTable(now), wakeUpsNs, warnings };
  } finally {
    await partner.end();
    // Threads that are started later would stay on the same CPU.
    if (own !== undefined) await keepThisThreadOn(before);
  }
}

/** Of CPU 0, as Linux tells them. */
function cacheSizes(): CacheSizes {
  const found: Record<string, number> = {};
  for (let index = 0; index < 8; index++) {
    try {
      const of = (file: string): string =>
        readFileSync(`/sys/devices/system/cpu/cpu0/cache/index${index}/${file}`, 'utf8').trim();
      if (of('type') === 'Instruction') continue;
      const [, number, unit] = /^(\d+)([KM]?)$/.exec(of('size')) ?? [];
      const scale = unit === 'M' ? 1 << 20 : unit === 'K' ? 1 << 10 : 1;
      found[`l${of('level')}Bytes`] = Number(number) * scale;
    } catch {
      break;
    }
  }
  return { ...USUAL_CACHES, ...found };
}
