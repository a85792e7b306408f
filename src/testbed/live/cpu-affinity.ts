import { readFileSync } from 'node:fs';

/** Bytes of a cpu_set_t: 1024 CPUs. */
const SET_BYTES = 128;

/**
 * A CPU for each of so many threads, on cores of their own where there are enough; undefined where this process may not
 * use as many CPUs, or does not know which.
 */
export function cpusForThreads(threads: number): readonly number[] | undefined {
  const allowed = allowedCpus();
  const chosen: number[] = [];
  const taken = new Set<number>();
  for (const cpu of allowed) {
    if (chosen.length === threads || taken.has(cpu)) continue;
    chosen.push(cpu);
    const core = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
    for (const sibling of list(read(core))) taken.add(sibling);
  }
  const shared = allowed.filter((cpu) => !chosen.includes(cpu));
  const all = [...chosen, ...shared].slice(0, threads);
  return all.length === threads ? all : undefined;
}

/** CPUs on which this process may run now; none where the system does not say. */
export function allowedCpus(): readonly number[] {
  return list(/^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status'))?.[1] ?? '');
}

/** Keeps the calling thread on one CPU. Returns whether that was possible: it takes koffi, an optional dependency. */
export async function pinThisThread(cpu: number): Promise<boolean> {
  return await keepThisThreadOn([cpu]);
}

/** Keeps the calling thread, and those that it starts from now on, on some CPUs. Returns whether that was possible. */
export async function keepThisThreadOn(cpus: readonly number[]): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    const { default: koffi } = await import('koffi');
    const set = new Uint8Array(SET_BYTES);
    for (const cpu of cpus) set[cpu >> 3] = (set[cpu >> 3] as number) | (1 << (cpu & 7));
    const pin = koffi
      .load('libc.so.6')
      .func('int sched_setaffinity(int thread, size_t bytes, void *set)');
    return pin(0, SET_BYTES, set) === 0;
  } catch {
    return false;
  }
}

/** "0-2,5" as numbers. */
function list(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
