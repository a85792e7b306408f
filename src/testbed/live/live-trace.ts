import { Trace } from '../../sim/trace.js';
import { LAST_STEP, STEPS } from './shared-area.js';

/** Keeps the last step of a thread where others can read it, for when it hangs. Hashes nothing: no two runs are equal. */
export class LiveTrace extends Trace {
  private control: Int32Array | undefined;
  private word = 0;

  /** @param word first word of the thread */
  share(control: Int32Array, word: number): void {
    this.control = control;
    this.word = word;
  }

  override add(kind: number, _timePs: number, domid: number, a: number, b: number): void {
    const { control, word } = this;
    if (control === undefined) return;
    control[word + LAST_STEP] = kind;
    control[word + LAST_STEP + 1] = domid;
    control[word + LAST_STEP + 2] = a;
    control[word + LAST_STEP + 3] = b;
    control[word + STEPS] = ((control[word + STEPS] as number) + 1) | 0;
  }
}
