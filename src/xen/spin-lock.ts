import type { HypervisorWords } from './hypervisor-words.js';
import type { Platform } from './platform.js';

const FREE = 0;
const WRITTEN = -1;

/**
 * A reader/writer spin lock of Xen's in the hypervisor's table: for machines whose domains really run at the same time.
 * In the model a lock is a span of virtual time instead, since nobody can come between two steps.
 */
export class SpinLock {
  private readonly words: HypervisorWords;
  private readonly word: number;
  private isWritten = false;

  constructor(private readonly platform: Platform) {
    this.words = platform.words;
    this.word = this.words.allocate(1);
  }

  lockForReading(): void {
    for (let turn = 0; ; turn++) {
      const readers = this.words.load(this.word);
      if (readers !== WRITTEN) {
        if (this.words.compareExchange(this.word, readers, readers + 1) === readers) return;
      }
      this.platform.relax(turn);
    }
  }

  lockForWriting(): void {
    for (let turn = 0; this.words.compareExchange(this.word, FREE, WRITTEN) !== FREE; turn++) {
      this.platform.relax(turn);
    }
    this.isWritten = true;
  }

  /** Lets go of it, however it is held by this vCPU. */
  unlock(): void {
    if (this.isWritten) {
      this.isWritten = false;
      this.words.store(this.word, FREE);
      return;
    }
    for (;;) {
      const readers = this.words.load(this.word);
      if (this.words.compareExchange(this.word, readers, readers - 1) === readers) return;
    }
  }

  /** The lock's own end. */
  discard(): void {
    this.words.release(this.word, 1);
  }
}
