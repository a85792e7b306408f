import { readFileSync } from 'node:fs';
import { bestTenth, type Figure, figureOf, type Missing } from './figure.js';
import type { SystemMemory } from './system-memory.js';

const REPEATS = 15;
const CALLS = 500;
const TRAPS = 20;
/** Without a hypervisor CPUID takes at most so long; with one it traps, and takes far longer. */
const LONGEST_CPUID_NS = 250;

/** A system call of this kernel: the cheapest, less a call through the same interface that enters nothing. */
export function systemCall(nowNs: () => number, system: SystemMemory): Figure | undefined {
  const cost = (call: () => void): number =>
    bestTenth(Float64Array.from({ length: 40 }, () => timed(nowNs, call, CALLS)));
  const repeats = Array.from(
    { length: REPEATS },
    () => cost(system.systemCall) - cost(system.plainCall),
  );
  if (repeats.some((ns) => ns <= 0)) return undefined;
  return figureOf(
    'syscall',
    'ns',
    'getppid, less a call of abs through the same interface',
    repeats,
  );
}

/** An exit into the hypervisor under which this machine runs: CPUID traps in every virtual machine. */
export function trappingInstruction(nowNs: () => number, { trap }: SystemMemory): Figure | Missing {
  const name = 'vmexit';
  if (trap === undefined) return { name, reason: 'no instruction that traps is known here' };
  if (!isVirtual()) {
    return { name, reason: 'this machine is no guest: nothing traps (a usable KVM is not tried)' };
  }
  const repeats = Array.from({ length: REPEATS }, () =>
    bestTenth(
      Float64Array.from({ length: 40 }, () => {
        const from = nowNs();
        trap(TRAPS);
        return (nowNs() - from) / TRAPS;
      }),
    ),
  );
  if (Math.min(...repeats) < LONGEST_CPUID_NS) {
    return { name, reason: 'CPUID is too quick to have trapped' };
  }
  return figureOf(name, 'ns', 'CPUID of a guest, with what its hypervisor does for it', repeats);
}

function isVirtual(): boolean {
  try {
    return / hypervisor( |$)/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

function timed(nowNs: () => number, call: () => void, calls: number): number {
  const from = nowNs();
  for (let i = 0; i < calls; i++) call();
  return (nowNs() - from) / calls;
}
