import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** What of this machine may spoil wall-clock measurements: a sentence each, for results. */
export function environmentWarnings(threads: number): readonly string[] {
  const warnings: string[] = [];
  const cores = availableParallelism();
  if (cores < threads) {
    warnings.push(
      `oversubscribed: ${threads} domains on ${cores} CPU${cores === 1 ? '' : 's'}; a domain waits while another runs`,
    );
  }
  const load = loadavg()[0] as number;
  if (load > LOAD_PER_CORE * cores) {
    warnings.push(
      `other load: ${load.toFixed(1)} runnable threads on ${cores} CPUs, the mean of a minute`,
    );
  }
  const governor = read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor');
  if (governor !== undefined && governor !== 'performance') {
    warnings.push(`the frequency governor is "${governor}", not "performance"`);
  }
  if (
    read('/sys/devices/system/cpu/intel_pstate/no_turbo') === '0' ||
    read('/sys/devices/system/cpu/cpufreq/boost') === '1'
  ) {
    warnings.push('turbo is on: the clock depends on heat and on what other cores do');
  }
  const flags = / hypervisor( |$)/m.test(read('/proc/cpuinfo') ?? '');
  if (flags) warnings.push('virtualised: this machine is itself a guest, and may lose its CPUs');
  if (new Set(cpus().map(({ model }) => model)).size > 1) {
    warnings.push('CPUs of several kinds: figures depend on which one a thread gets');
  }
  return warnings;
}

/** More runnable than this a core, and threads take turns. */
const LOAD_PER_CORE = 0.25;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
