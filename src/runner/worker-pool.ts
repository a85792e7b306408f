import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { Execution } from './execute.js';
import type { PlannedCell } from './request.js';
import { invalidCell } from './unmeasured-cell.js';
import { type FromWorker, userErrorOf } from './worker-protocol.js';

/** How to start a worker, and how many. */
export interface PoolOptions {
  /** The module that serves cells, see `serveCells`. */
  readonly script: URL;
  /** What every worker is given: must be cloneable. */
  readonly workerData: unknown;
  /** At least 1. */
  readonly jobs: number;
  /** `largest`: expensive cells first, so that none is left over at the end; `plan`: as planned. */
  readonly order: 'largest' | 'plan';
  readonly resourceLimits?: ResourceLimits;
}

/**
 * Carries out cells in worker threads. A worker that dies takes its cell with it, which becomes
 * `invalid` and says why; another worker goes on with the rest. Throws what the user must know
 * (UserError), what `onCell` throws, and the error of a worker that cannot even start.
 */
export async function executeInWorkers(
  cells: readonly PlannedCell[],
  options: PoolOptions,
  execution: Execution,
): Promise<void> {
  if (cells.length === 0 || execution.signal.aborted) return;
  const queue = [...cells];
  if (options.order === 'largest') queue.sort((a, b) => b.cost - a.cost);
  await new Pool(queue.reverse(), options, execution).run();
}

class Pool {
  private readonly workers = new Set<Worker>();
  private readonly finished: Promise<void>;
  private finish!: () => void;
  private failWith!: (error: unknown) => void;
  private ended = false;

  /** @param queue the next cell is the last */
  constructor(
    private readonly queue: PlannedCell[],
    private readonly options: PoolOptions,
    private readonly execution: Execution,
  ) {
    this.finished = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.failWith = reject;
    });
  }

  async run(): Promise<void> {
    const { signal } = this.execution;
    const abort = (): void => this.finish();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const workers = Math.min(this.options.jobs, this.queue.length);
      for (let i = 0; i < workers; i++) this.startWorker();
      await this.finished;
    } finally {
      this.ended = true;
      signal.removeEventListener('abort', abort);
      await Promise.all([...this.workers].map((worker) => worker.terminate()));
    }
  }

  private startWorker(): void {
    const { script, workerData, resourceLimits } = this.options;
    const worker = new Worker(script, {
      workerData,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.workers.add(worker);
    let isReady = false;
    let current: PlannedCell | undefined;
    let cause: unknown;
    worker.on('message', (message: FromWorker) => {
      this.guarded(() => {
        if ('fault' in message) throw userErrorOf(message.fault);
        isReady = true;
        if (current !== undefined) this.settle(current, message);
        current = this.next(worker);
      });
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (code) => {
      this.workers.delete(worker);
      this.guarded(() => {
        if (!isReady) throw cause ?? new Error(`a worker ended with code ${code} before it began`);
        if (current !== undefined) {
          this.execution.onCell(invalidCell(current, deathOf(cause, code)), current);
        }
        if (this.queue.length > 0) this.startWorker();
        else if (this.workers.size === 0) this.finish();
      });
    });
  }

  private settle(planned: PlannedCell, message: FromWorker): void {
    if ('cell' in message) this.execution.onCell(message.cell, planned);
    else if ('crash' in message) {
      this.execution.onCell(invalidCell(planned, message.crash.message), planned);
    }
  }

  /** Gives a worker its next cell, or lets it go. */
  private next(worker: Worker): PlannedCell | undefined {
    const planned = this.queue.pop();
    if (planned === undefined) {
      void worker.terminate();
      return undefined;
    }
    this.execution.onStart?.(planned);
    worker.postMessage({ planned });
    return planned;
  }

  /** Runs a step unless all is over; what it throws ends the run. */
  private guarded(step: () => void): void {
    if (this.ended) return;
    try {
      step();
    } catch (error) {
      this.ended = true;
      this.failWith(error);
    }
  }
}

function deathOf(cause: unknown, code: number): string {
  if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return 'its worker ran out of memory: fewer or smaller messages, or a larger heap (NODE_OPTIONS=--max-old-space-size=8192)';
  }
  if (cause instanceof Error) return `its worker died: ${cause.name}: ${cause.message}`;
  return `its worker ended with code ${code}`;
}
