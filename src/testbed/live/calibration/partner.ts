import { Worker } from 'node:worker_threads';
import { createSharedMemory } from '../wasm-mover.js';

/** Words that the partner thread and the one that measures share. */
export const COMMAND = 0;
export const BEAT = 16;
export const TURN = 32;
export const WAKE = 48;
export const WOKEN = 64;
const WORDS = 80;
/** Bytes of the ring that both copy, and how many at a time. */
export const RING_BYTES = 65_536;
export const PIECE_BYTES = 4096;

/** What the partner is to do. */
export const REST = 0;
/** Runs, and counts up as long as it runs. */
export const RUN = 1;
/** Answers each turn by the next. */
export const PING = 2;
/** Sleeps until it is woken, and says when that was. */
export const SLEEP = 3;

/** Answers each turn by the next, having copied the whole ring to memory of its own. */
export const READ = 4;

/** What the partner is given. */
export interface PartnerData {
  readonly control: SharedArrayBuffer;
  /** Moments in nanoseconds that it tells. */
  readonly times: SharedArrayBuffer;
  /** The ring, and behind it a piece for each of the two threads, the partner's last. */
  readonly frames: WebAssembly.Memory;
  readonly clockBaseNs: string;
  readonly cpu: number | undefined;
}

/** A second thread, for what takes two: lines that move, wake-ups, shootdowns. */
export class Partner {
  readonly control = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  readonly times = new Float64Array(new SharedArrayBuffer(8));
  readonly frames = createSharedMemory(RING_BYTES + 2 * PIECE_BYTES);
  private readonly base = process.hrtime.bigint();
  private readonly worker: Worker;

  /** @param cpu on which it stays; undefined: wherever the system puts it */
  constructor(cpu: number | undefined) {
    const workerData: PartnerData = {
      control: this.control.buffer as SharedArrayBuffer,
      times: this.times.buffer as SharedArrayBuffer,
      frames: this.frames,
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
