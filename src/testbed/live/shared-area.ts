import { PAGE_SIZE } from '../../xen/memory.js';
import { createSharedMemory } from './wasm-mover.js';

/** What the threads of one live machine share with whoever starts them: all but the frames. */
export interface ControlArea {
  /** The hypervisor's table. */
  readonly words: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** Threads: one for each guest. */
  readonly threads: number;
}

/** What the threads of one live machine share: the frames, the hypervisor's table, and words of control. */
export interface SharedArea extends ControlArea {
  readonly frames: WebAssembly.Memory;
}

/** The hypervisor's table: of what a machine has however little memory, and of what there is for each frame: its grant, mostly. */
const WORDS_BYTES = 1 << 20;
const WORDS_BYTES_A_FRAME = 16;
/** Words of control: those of all, those of each thread (a cache line each), those of gates. */
export const STOP = 0;
export const ARRIVED = 16;
export const GENERATION = 17;
/** Fingerprint of the first thread's machine: the others must have built the same. */
export const FINGERPRINT = 18;
/** Number of the run at whose end nobody has anything left to do. */
export const RUN_AT_REST = 19;
/** Bytes of the journal. */
export const JOURNAL_END = 20;
const FIRST_THREAD = 32;
const THREAD_WORDS = 32;
/** Of a thread: a number that changes with each wake-up, and whether it sleeps on it. */
export const WAKE = 0;
export const SLEEPING = 1;
/** Its last step: kind of the trace, and the two numbers that belong to the kind. */
export const LAST_STEP = 16;
/** Steps so far: tells one that works from one that hangs. */
export const STEPS = LAST_STEP + 3;
export const STEP_WORDS = 4;
/** Its wake-up number when it last had nothing left to do, or BUSY; and whether its domain has been stopped for good. */
export const RESTS_AT = 24;
export const GONE = 25;
/** After how many more steps that others could see its domain stands still, to be ended there; 0: it goes on. */
export const STEPS_LEFT = 26;
export const BUSY = -1;
const GATE_WORDS = 2;
const MOST_GATES = 64;
const MOST_THREADS = 40;
const FIRST_GATE = FIRST_THREAD + MOST_THREADS * THREAD_WORDS;
const CONTROL_WORDS = FIRST_GATE + MOST_GATES * GATE_WORDS;

export function createSharedArea(frameBytes: number, threads: number): SharedArea {
  return { ...createControlArea(threads, frameBytes), frames: createSharedMemory(frameBytes) };
}

/** @param frameBytes memory of the machine: so that this runs out before its table */
export function createControlArea(threads: number, frameBytes = 0): ControlArea {
  const frames = Math.ceil(frameBytes / PAGE_SIZE);
  return {
    words: new SharedArrayBuffer(WORDS_BYTES + frames * WORDS_BYTES_A_FRAME),
    control: new SharedArrayBuffer(4 * CONTROL_WORDS),
    threads,
  };
}

/** First word of control of a thread, from 0. */
export function threadWord(thread: number): number {
  return FIRST_THREAD + thread * THREAD_WORDS;
}

/** First word of a gate: whether it is open, and with which number. */
export function gateWord(gate: number): number {
  if (gate >= MOST_GATES) throw new Error(`a live machine has ${MOST_GATES} gates at most`);
  return FIRST_GATE + gate * GATE_WORDS;
}

/** All gates are shut again. Nobody may be waiting. */
export function shutGates(control: Int32Array): void {
  for (let word = FIRST_GATE; word < CONTROL_WORDS; word++) Atomics.store(control, word, 0);
}

/** Ends whatever the threads are waiting for: they give up. */
export function stopThreads(area: ControlArea): void {
  const control = new Int32Array(area.control);
  Atomics.store(control, STOP, 1);
  Atomics.add(control, GENERATION, 1);
  Atomics.notify(control, GENERATION);
  for (let thread = 0; thread < area.threads; thread++) {
    const wake = threadWord(thread) + WAKE;
    Atomics.add(control, wake, 1);
    Atomics.notify(control, wake);
  }
}
