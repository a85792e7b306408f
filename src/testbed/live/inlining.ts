import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode. By itself V8 stops at 920, and calls the rest. */
const ENOUGH = 2000;

/**
 * Lets V8 compile a call of a driver's fast path as a whole. It holds for all threads of the process: to be called before
 * those that are measured start.
 */
export function inlineFastPaths(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${ENOUGH}`);
}
