import { Worker } from 'node:worker_threads';

/** Words that the partner thread and the one that measures share. */
export const COMMAND = 0;
export const BEAT = 16;
export const TURN = 32;
export const WAKE = 48;
export const WOKEN = 64;
const WORDS = 80;

/** What the partner is to do. */
export const REST = 0;
/** Runs, and counts up as long as it runs. */
export const RUN = 1;
/** Answers each turn by the next. */
export const PING = 2;
/** Sleeps until it is woken, and says when that was. */
export const SLEEP = 3;

/** What the partner is given. */
export interface PartnerData {
  readonly control: SharedArrayBuffer;
  /** Moments in nanoseconds that it tells. */
  readonly times: SharedArrayBuffer;
  readonly clockBaseNs: string;
  readonly cpu: number | undefined;
}

/** A second thread, for what takes two: lines that move, wake-ups, shootdowns. */
export class Partner {
  readonly control = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  readonly times = new Float64Array(new SharedArrayBuffer(8));
  private readonly base = process.hrtime.bigint();
  private readonly worker: Worker;

  /** @param cpu on which it stays; undefined: wherever the system puts it */
  constructor(cpu: number | undefined) {
    const workerData: PartnerData = {
      control: this.control.buffer as SharedArrayBuffer,
      times: this.times.buffer as SharedArrayBuffer,
      clockBaseNs: String(this.base),
      cpu,
    };
    this.worker = new Worker(new URL('./partner-worker.js', import.meta.url), { workerData });
  }

  /** Starts it, and waits until it runs. */
  async ready(): Promise<void> {
    await new Promise((resolve, reject) => {
      this.worker.once('message', resolve);
      this.worker.once('error', reject);
    });
  }

  nowNs(): number {
    return Number(process.hrtime.bigint() - this.base);
  }

  /** Gives it something else to do. */
  set(command: number): void {
    Atomics.store(this.control, COMMAND, command);
    for (const word of [COMMAND, WAKE]) {
      if (word === WAKE) Atomics.add(this.control, WAKE, 1);
      Atomics.notify(this.control, word);
    }
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
