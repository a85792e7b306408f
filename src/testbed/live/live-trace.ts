import { Trace } from '../../sim/trace.js';
import { LAST_STEP, STEP_WORDS, STEPS } from './shared-area.js';

const STEP_COUNT = STEPS - LAST_STEP;

/** Keeps the last step of a thread where others can read it, for when it hangs. Hashes nothing: no two runs are equal. */
export class LiveTrace extends Trace {
  private words: Int32Array | undefined;

  /** @param word first word of the thread */
  share(control: Int32Array, word: number): void {
    this.words = control.subarray(word + LAST_STEP, word + LAST_STEP + STEP_WORDS);
  }

  override add(kind: number, _timePs: number, _domid: number, a: number, b: number): void {
    const { words } = this;
    if (words === undefined) return;
    words[0] = kind;
    words[1] = a;
    words[2] = b;
    words[STEP_COUNT] = (words[STEP_COUNT] as number) + 1;
  }
}
