import { Lockstep } from '../../src/testbed/live/installation/lockstep.js';
import type { ConformanceResult } from '../../src/transport/conformance.js';
import type { CheckTask } from './check-worker.js';

const SCRIPT = new URL('./check-worker.js', import.meta.url);
/** From one trial to the next some milliseconds pass, or a second that is slept; on a busy machine many. */
const PATIENCE_MS = 300_000;

/** Holds a transport to a check, each of its domains on a thread. */
export async function checkOnThreads(
  transport: string,
  check: string,
  options: Partial<Pick<CheckTask, 'seed' | 'sabotage' | 'mostSettings'>> = {},
): Promise<ConformanceResult> {
  const task: CheckTask = {
    clockBaseNs: String(process.hrtime.bigint()),
    transport,
    check,
    seed: 1,
    sabotage: 'none',
    mostSettings: Number.POSITIVE_INFINITY,
    ...options,
  };
  return (await new Lockstep(SCRIPT, task, PATIENCE_MS).run()) as ConformanceResult;
}
