import type { Watch } from './watch.js';

/** Ends an accept from outside: its listener is closed while it waits for its client. */
export class Closing {
  isAsked = false;
  private watch: Watch | undefined;

  /** What it waits for next is interrupted, too. */
  waitsFor(watch: Watch): void {
    this.watch = watch;
    if (this.isAsked) watch.interrupt();
  }

  ask(): void {
    this.isAsked = true;
    this.watch?.interrupt();
  }
}
