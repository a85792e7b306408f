import { canonicalJson } from '../../base/canonical-json.js';
import type { Terminal } from '../terminal.js';
import type { Job } from './job.js';

/**
 * Cells on standard output while they are carried out, a line each after a line about the run: what
 * is printed has the form of a journal. The order is that of the plan, whoever finishes first.
 */
export class CellStream {
  private printed = 0;
  private last: Promise<void>;

  constructor(
    private readonly terminal: Terminal,
    private readonly job: Job,
  ) {
    this.last = terminal.print(`${canonicalJson(job.header)}\n`);
    // Whatever goes wrong is told by `finish`.
    this.last.catch(() => {});
    this.advance();
  }

  /** Prints the cells that are next and done. */
  advance(): void {
    for (;;) {
      const next = this.job.plan[this.printed];
      const cell = next === undefined ? undefined : this.job.done.get(next.id);
      if (cell === undefined) return;
      this.printed++;
      this.print(canonicalJson(cell));
    }
  }

  /** Prints what is done and still waits for cells before it, which will not come. Throws UserError. */
  async finish(): Promise<void> {
    for (const planned of this.job.plan.slice(this.printed)) {
      const cell = this.job.done.get(planned.id);
      if (cell !== undefined) this.print(canonicalJson(cell));
    }
    await this.last;
  }

  private print(line: string): void {
    this.last = this.last.then(() => this.terminal.print(`${line}\n`));
    this.last.catch(() => {});
  }
}
