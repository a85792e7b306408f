import { EXIT, type ExitCode } from '../exit-codes.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Turns the first Ctrl-C (or a polite kill) into an AbortSignal. The second one is not caught, and
 * ends the program at once.
 */
export class Interruption {
  private readonly controller = new AbortController();
  private caught: (typeof SIGNALS)[number] | undefined;
  private readonly onSignal: (name: NodeJS.Signals) => void;

  /** @param onFirst called with the first signal */
  constructor(onFirst: () => void) {
    this.onSignal = (name) => {
      this.caught = name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
      this.dispose();
      onFirst();
      this.controller.abort();
    };
    for (const name of SIGNALS) process.on(name, this.onSignal);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The exit code of an interrupted run; undefined where nothing interrupted it. */
  get exitCode(): ExitCode | undefined {
    if (this.caught === undefined) return undefined;
    return this.caught === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
  }

  /** Ends the run for another reason than a signal. */
  stop(): void {
    this.controller.abort();
  }

  /** Signals end the program again. */
  dispose(): void {
    for (const name of SIGNALS) process.off(name, this.onSignal);
  }
}
