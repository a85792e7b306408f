import type { Cell } from '../../results/types.js';
import type { Invocation } from '../command.js';
import { carryOutJob } from './carry-out-job.js';
import type { CellStream } from './cell-stream.js';
import type { Interruption } from './interruption.js';
import type { Job } from './job.js';
import { ProgressLine } from './progress-line.js';

/** A power loss may cost the cells of so long. */
const SYNC_MS = 1000;

/** What goes on around the measuring. */
export interface Surroundings {
  /** Cells at a time. */
  readonly jobs: number;
  /** Where cells are printed as they are done; then they are carried out in order. */
  readonly stream: CellStream | undefined;
  readonly interruption: Interruption;
  readonly invocation: Invocation;
}

/** Carries out what is to be done of a job, keeps each cell at once, and shows how far it is. */
export async function measureJob(job: Job, surroundings: Surroundings): Promise<void> {
  const { jobs, stream, interruption, invocation } = surroundings;
  const { options, terminal } = invocation;
  const enabled = terminal.canAnimate && !terminal.quiet && !options.flag('no-progress');
  const progress = new ProgressLine(terminal, job.todo, job.done.size, enabled);
  const keep = keeper(job);
  try {
    const manner = { jobs, inOrder: stream !== undefined };
    await carryOutJob(job, manner, {
      signal: interruption.signal,
      onStart: (planned) => progress.started(planned),
      onProgress: (text) => {
        if (enabled) progress.says(text);
        else if (!options.flag('no-progress')) terminal.note(`interdom: ${text}`);
      },
      onCell: (cell, planned) => {
        keep(cell);
        stream?.advance();
        progress.finished(planned);
        if (terminal.readerIsGone && job.destination.resultsPath === undefined) interruption.stop();
      },
    });
  } finally {
    progress.clear();
  }
  const noHarness = job.header.noHarness === true || options.flag('no-harness');
  if (job.done.size === job.plan.length && !noHarness) {
    job.harness = await harnessOf(invocation);
  }
}

/** The harness's own speed. That it cannot be had is no reason to lose what was measured. */
async function harnessOf({ terminal }: Invocation): Promise<Job['harness']> {
  try {
    return (await import('./harness-metrics.js')).harnessMetrics();
  } catch (error) {
    terminal.complain(`interdom: the harness itself could not be measured: ${String(error)}`);
    return undefined;
  }
}

/** Puts cells into the journal, and the journal onto the disk every now and then. */
function keeper(job: Job): (cell: Cell) => void {
  let syncedMs = performance.now();
  return (cell) => {
    job.done.set(cell.id, cell);
    job.journal?.append(cell);
    if (performance.now() - syncedMs < SYNC_MS) return;
    job.journal?.sync();
    syncedMs = performance.now();
  };
}
