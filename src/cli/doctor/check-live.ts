import { availableParallelism } from 'node:os';
import { openSystemMemory } from '../../testbed/live/calibration/system-memory.js';
import { environmentWarnings } from '../../testbed/live/environment.js';
import type { Finding } from './checks.js';

/** Threads of a live cell. */
const THREADS = 2;

/** What the testbed live and `calibrate` find on this machine. */
export async function checkLive(): Promise<readonly Finding[]> {
  const cores = availableParallelism();
  const warnings = environmentWarnings(THREADS);
  const system = await openSystemMemory();
  return [
    {
      what: 'testbed live',
      state: cores >= THREADS ? 'ok' : 'missing',
      detail: [`${cores} CPUs for ${THREADS} domains`, ...warnings].join('; '),
    },
    {
      what: 'calibrate',
      state: 'missing' in system ? 'missing' : 'ok',
      detail:
        'missing' in system
          ? `without TLB, system call and exit: ${system.missing}`
          : 'koffi calls into the system: TLB, system call and exit can be measured',
    },
  ];
}
