import type { Invocation } from '../command.js';

const REDRAW_MS = 100;

/** One line on a terminal that says how many steps are done. Between steps, signals are heard. */
export class StepLine {
  private readonly enabled: boolean;
  private drawnMs = Number.NEGATIVE_INFINITY;
  private shown = false;

  constructor(private readonly invocation: Invocation) {
    const { options, terminal } = invocation;
    this.enabled = terminal.canAnimate && !terminal.quiet && !options.flag('no-progress');
  }

  /** So many of all are done. Throws the signal's reason where it was sent. */
  async done(count: number, all: number, what: string, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    const nowMs = performance.now();
    if (!this.enabled || (count < all && nowMs - this.drawnMs < REDRAW_MS)) return;
    this.drawnMs = nowMs;
    this.shown = true;
    this.invocation.terminal.animate(`\r${count}/${all} ${what}\x1b[K`);
  }

  /** Takes the line away again. */
  clear(): void {
    if (this.shown) this.invocation.terminal.animate('\r\x1b[K');
    this.shown = false;
  }
}
