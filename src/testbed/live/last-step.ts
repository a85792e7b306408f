import { TRACE_KINDS } from '../../sim/trace.js';
import { type ControlArea, LAST_STEP, STEPS, threadWord } from './shared-area.js';

/** Steps of a thread so far. */
export function stepsOf(area: ControlArea, thread: number): number {
  return Atomics.load(new Int32Array(area.control), threadWord(thread) + STEPS);
}

/** "publish 4096 0": kind of a thread's last step and the numbers that belong to it. */
export function describeLastStep(area: ControlArea, thread: number): string {
  const control = new Int32Array(area.control);
  const word = threadWord(thread) + LAST_STEP;
  if (stepsOf(area, thread) === 0) return 'the set-up';
  const kind = TRACE_KINDS[control[word] as number] ?? 'unknown';
  return `${kind} ${control[word + 1]} ${control[word + 2]}`;
}
